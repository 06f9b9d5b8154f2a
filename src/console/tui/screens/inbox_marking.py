"""What is marked in the inbox, and acts on all of it: previewed, then done one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.content import Content

from console.domain.bulk import BulkAct, BulkResult
from console.domain.conversation import Priority
from console.domain.inbox import InboxRow
from console.ids import ConversationId, UserId
from console.text import SafeText
from console.tui.commands import BY_ACTION, Command
from console.tui.feed import Question
from console.tui.present.picking import Option
from console.tui.present.row import wakes
from console.tui.present.undoing import bulk_consequence, bulk_outcome, bulk_progress, bulk_question, bulk_verb
from console.tui.screens.inbox_reading import InboxReading
from console.tui.widgets.key_bar import KeyBar
from console.tui.widgets.virtual_list import VirtualList
from console.tui.working import start

if TYPE_CHECKING:
    from console.tui.modals.choice import Answer
    from console.tui.modals.labels import Relabel

TOGETHER = 5
SLOW = 0.2
_ACTS = frozenset({"resolve", "snooze", "assign", "label", "priority"})


class InboxMarking(InboxReading):
    """A list whose rows can be marked; resolve, snooze, assign, label and priority act on the marks."""

    def __init__(self) -> None:
        super().__init__()
        self._progress = Content("")

    @property
    def marked(self) -> tuple[ConversationId, ...]:
        """The marked conversations, unless the operator is in the one beside the list."""
        return () if self.pane_has_focus() else cast("tuple[ConversationId, ...]", self.rows.marks.keys)

    def action_mark(self) -> None:
        """Mark the row, or not any more."""
        if (key := self.rows.current_key) is not None:
            self.rows.marks.turn(key)

    def action_mark_range(self) -> None:
        """Mark from the last mark to here."""
        self.rows.mark_range()

    def action_mark_all(self) -> None:
        """Mark all rows that are read so far, and say how many that are."""
        self.rows.mark_all()
        count = len(self.rows.marks)
        more = "; the list goes on below" if self.rows.more else ""
        self.console_app.say(f"marked {count}: all that is read so far{more}" if count else "nothing to mark")

    @on(VirtualList.Marked)
    def _marks_changed(self) -> None:
        self.show_tabs()
        self.refresh_bindings()

    def ask(self, question: Question) -> None:
        """What was marked is out of sight now: it is marked no more."""
        if question != self.question:
            self.rows.marks.clear()
        super().ask(question)

    def allowed(self, action: str) -> bool | None:
        """With marks, the acts are about them."""
        if action in {"mark", "mark_range", "mark_all"}:
            return not self.pane_has_focus() and not self.too_small and bool(self.rows.rows)
        if action in _ACTS and self.is_mounted and self.marked and not self.too_small:
            return self.console_app.actor.role >= BY_ACTION[action].minimum or None
        return super().allowed(action)

    def footer_words(self, command: Command) -> str:
        """How many an act is about; what is marked is what esc takes back first."""
        if command.action == "back" and self.is_mounted and self.marked and not self.pane_has_focus():
            return "unmark all"
        if command.action in _ACTS and (marked := self.marked):
            return f"{command.short} {len(marked)}"
        return super().footer_words(command)

    def footer_lead(self) -> Content:
        """How far an act on many is."""
        return self._progress or super().footer_lead()

    def action_resolve(self) -> None:
        """All that is marked, or the one."""
        if marked := self.marked:
            self._begin(BulkAct.RESOLVE, marked, "", seen=self._seen(marked))
        else:
            super().action_resolve()

    def action_snooze(self) -> None:
        """All that is marked, or the one."""
        from console.tui.modals.questions import until_when

        if not (marked := self.marked):
            super().action_snooze()
            return
        now, seen = self.console_app.now(), self._seen(marked)

        def chosen(answer: Answer[datetime | None] | None) -> None:
            if answer is not None:
                self._begin(BulkAct.SNOOZE, marked, wakes(answer.value, now), until=answer.value, seen=seen)

        self.app.push_screen(until_when(_these(marked), now), chosen)

    def action_assign(self) -> None:
        """All that is marked, or the one."""
        from console.tui.modals.questions import to_whom

        if not (marked := self.marked):
            super().action_assign()
            return

        def chosen(option: Option[UserId | None] | None) -> None:
            if option is not None:
                self._begin(BulkAct.ASSIGN, marked, f"to {option.name}", to=option.value)

        app = self.console_app
        app.push_screen(to_whom(app.services, app.actor, _these(marked)), chosen)

    def action_label(self) -> None:
        """All that is marked, or the one."""
        from console.tui.modals.questions import which_labels

        if not (marked := self.marked):
            super().action_label()
            return

        def chosen(relabel: Relabel | None) -> None:
            if relabel is not None and (relabel.add or relabel.remove):
                words = " ".join([*(f"+{each}" for each in relabel.add), *(f"-{each}" for each in relabel.remove)])
                self._begin(BulkAct.LABEL, marked, words, add=relabel.add, remove=relabel.remove)

        app = self.console_app
        common = set.intersection(*(set(row.labels) for row in self._rows_of(marked)))
        app.push_screen(which_labels(app.services, app.actor, _these(marked), common), chosen)

    def action_priority(self) -> None:
        """All that is marked, or the one."""
        from console.tui.modals.questions import how_soon

        if not (marked := self.marked):
            super().action_priority()
            return

        def chosen(answer: Answer[Priority] | None) -> None:
            if answer is not None:
                self._begin(BulkAct.PRIORITY, marked, answer.words, priority=answer.value)

        self.app.push_screen(how_soon(_these(marked), Priority.NORMAL), chosen)

    def _rows_of(self, ids: Sequence[ConversationId]) -> list[InboxRow]:
        return [row for id in ids if (row := self.rows.get(id)) is not None]

    def _seen(self, ids: Sequence[ConversationId]) -> dict[ConversationId, int]:
        """What the operator knows of each: a newer message of a visitor leaves it as it is."""
        return {row.id: row.last_visitor_seq for row in self._rows_of(ids)}

    def _begin(self, act: BulkAct, ids: Sequence[ConversationId], words: str, **what: Any) -> None:
        start(self, "act", partial(self._many, **what), act, ids, words)

    async def _many(self, act: BulkAct, ids: Sequence[ConversationId], words: str, **what: Any) -> None:
        from console.tui.modals.confirm import Confirm

        app = self.console_app
        preview = await app.services.bulk.preview(app.actor, act, ids)
        if not preview.possible:
            app.say(bulk_outcome(act, BulkResult((), preview.left)), "warning")
            return
        why = bulk_consequence(preview, self._name_of, words)
        if not await app.push_screen_wait(Confirm(bulk_question(act, preview), why, bulk_verb(act))):
            return
        since = app.now()
        result = await self._apply(act, preview.possible, **what)
        whole = BulkResult(result.done, (*preview.left, *result.left))
        app.say(bulk_outcome(act, whole), "warning" if result.left else "information")
        if act in {BulkAct.RESOLVE, BulkAct.SNOOZE}:
            await self._can_be_undone(bulk_outcome(act, BulkResult(result.done, ())), since, result.done)
        for id in result.done:
            if id in self.rows.marks:
                self.rows.marks.turn(id)
        self.after(*result.done)

    async def _apply(self, act: BulkAct, ids: Sequence[ConversationId], **what: Any) -> BulkResult:
        """A few at a time, so that what is said of the rest is true."""
        app, began, whole = self.console_app, monotonic(), BulkResult((), ())
        try:
            for at in range(0, len(ids), TOGETHER):
                part = await app.services.bulk.apply(app.actor, act, ids[at : at + TOGETHER], **what)
                whole = BulkResult(whole.done + part.done, whole.left + part.left)
                if monotonic() - began > SLOW:
                    self._show_progress(bulk_progress(act, len(whole.done) + len(whole.left), len(ids)))
        finally:
            self._show_progress(Content(""))
        return whole

    def _show_progress(self, progress: Content) -> None:
        self._progress = progress
        if self.is_mounted:
            self.query_one(KeyBar).update_keys()

    async def _can_be_undone(self, words: str, since: datetime, ids: Sequence[ConversationId]) -> None:
        app = self.console_app
        rows = await app.services.inbox.rows(app.actor, ids) if ids else ()
        app.undo.did(words, since, [(row.id, row.epoch) for row in rows])

    def _name_of(self, id: ConversationId) -> SafeText:
        row = self.rows.get(id)
        return row.visitor_name if row else SafeText("one that is gone")


def _these(ids: Sequence[ConversationId]) -> str:
    return "this one" if len(ids) == 1 else f"these {len(ids)}"
