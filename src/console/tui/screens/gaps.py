"""The gaps: what was asked in vain, answered once by an admin."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast

from textual import on
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from console.clock import ago
from console.domain.actor import Role
from console.domain.gap import AskedAgain, Gap, GapDetail, GapStatus
from console.domain.held import HOLD_SECONDS
from console.ids import GapId
from console.text import SafeText, one_line
from console.tui.commands import BY_ACTION, Command, Scope, bindings
from console.tui.events import CountsChanged
from console.tui.gap_answer import edit_answer
from console.tui.modals.confirm import Confirm
from console.tui.modals.picker import Picker
from console.tui.present.gaps import again_line, empty_gaps, gap_lines, gap_row
from console.tui.present.picking import Option
from console.tui.present.tone import joined, toned
from console.tui.publishing import publish_draft
from console.tui.screens.acting import ActingScreen
from console.tui.screens.base import STYLES
from console.tui.screens.listing import ListScreen
from console.tui.widgets.key_bar import KeyBar
from console.tui.widgets.top_bar import OneLine
from console.tui.working import also, start

OPEN, DRAFTED, APPROVED, DISMISSED = "open", "drafted", "approved", "dismissed"
_PENDING = {GapStatus.OPEN, GapStatus.DRAFTED}


@dataclass(frozen=True, slots=True)
class _Decided:
    """My last decision, by the time of its key: it can be undone for a while."""

    gap: Gap
    word: str
    since: datetime

    @property
    def until(self) -> datetime:
        return self.since + timedelta(seconds=HOLD_SECONDS)


class GapsScreen(ListScreen[Gap]):
    """Everybody reads it, members write drafts, admins decide."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.GAPS)
    CSS_PATH: ClassVar[CSSPathType | None] = [STYLES / "listing.tcss", STYLES / "gaps.tcss"]
    kinds: ClassVar[frozenset[str]] = frozenset({"gap", "curated"})
    what: ClassVar[str] = "the gaps"
    tabs: ClassVar[tuple[str, ...]] = (OPEN, DRAFTED, APPROVED, DISMISSED)

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[GapStatus, int] = {}
        self._deciding: dict[GapId, datetime] = {}
        self._decided: _Decided | None = None
        self._again: tuple[AskedAgain, Gap] | None = None

    def body(self) -> ComposeResult:
        """The list, and a line for what came of an approval."""
        yield from super().body()
        yield OneLine(id="again")

    def on_mount(self) -> None:
        """Nothing was approved yet."""
        self._show_again()

    async def read_rows(self, tab: str) -> Sequence[Gap]:
        """Those of a tab; what waits for a decision is in the first, drafted or not."""
        app = self.console_app
        self._counts = await app.services.gaps.counts(app.actor)
        if tab == OPEN:
            return await app.services.gaps.queue(app.actor)
        return await app.services.gaps.list(app.actor, GapStatus(tab), limit=500)

    async def read_detail(self, row: Gap) -> GapDetail:
        """What was said, what is near, where it was asked."""
        app = self.console_app
        return await app.services.gaps.show(app.actor, row.id)

    def row_key(self, row: Gap) -> Hashable:
        """Its id."""
        return row.id

    def row_lines(self, row: Gap, width: int) -> Sequence[Content]:
        """Two lines."""
        return gap_row(row, width, self.console_app.now())

    def row_text(self, row: Gap) -> str:
        """The question, and the draft."""
        return f"{row.question} {row.draft} {row.agent_slug}"

    def empty(self, tab: str) -> Content:
        """Why there is nothing, and the next key."""
        return empty_gaps(tab)

    def detail_lines(self, row: Gap, detail: Any, width: int) -> Content:
        """The gap in full."""
        return gap_lines(row, cast("GapDetail | None", detail), width, self.console_app.now())

    def tab_count(self, tab: str) -> int | None:
        """How many gaps a tab has."""
        if not self._counts:
            return None
        return sum(self._counts[each] for each in (_PENDING if tab == OPEN else {GapStatus(tab)}))

    def allowed(self, action: str) -> bool | None:
        """What fits the gap under the cursor; what only admins may do is grey for others."""
        if action == "list_open" and self.is_mounted:
            return self.current is not None
        command = BY_ACTION.get(action)
        if command is None or command.scope is not Scope.GAPS or not self.is_mounted:
            return super().allowed(action)
        if self.too_small or not self._fits(action):
            return False
        return super().allowed(action)

    def needs(self, command: Command) -> Role:
        """What visitors are told already is for admins to change."""
        if command.action == "gap_edit" and self.current is not None and self.current.status is GapStatus.APPROVED:
            return Role.ADMIN
        return super().needs(command)

    def _fits(self, action: str) -> bool:
        gap = self.current
        if action == "gap_undo":
            done = self._decided
            return done is not None and done.until > self.console_app.now() and not self._overtaken(done)
        if action == "gap_publish":
            return self._again is not None or (gap is not None and gap.status is GapStatus.APPROVED)
        if gap is None:
            return False
        if action == "gap_approve":
            return gap.status is GapStatus.DRAFTED
        if action == "gap_edit":
            return gap.status in _PENDING or gap.status is GapStatus.APPROVED
        return gap.status in _PENDING

    def footer_words(self, command: Command) -> str:
        """Enter opens the gap, and in it a conversation."""
        return "conversations" if command.id == "list.open" and self._inside else command.short

    def footer_lead(self) -> Content:
        """What can be undone, and for how long."""
        done, now = self._decided, self.console_app.now()
        if not self.is_mounted or done is None or done.until <= now:
            return Content("")
        left = -int(-(done.until - now).total_seconds() // 1)
        return joined(toned(done.word, "fine"), toned(f"{min(left, HOLD_SECONDS)} s", "quiet"), gap=" ")

    def tick(self) -> None:
        """The seconds in which it can be undone pass."""
        super().tick()
        if self._decided is not None:
            self.query_one(KeyBar).update_keys()
            if self._decided.until <= self.console_app.now():
                self._decided = None
                self.refresh_bindings()

    @property
    def _inside(self) -> bool:
        return self.opened or self.pane.has_focus

    def action_list_open(self) -> None:
        """The gap in full; from there, one of its conversations."""
        if not self._inside:
            super().action_list_open()
        elif isinstance(self.detail, GapDetail) and self.detail_is_of_the_row:
            start(self, "act", self._go_to_talk, self.detail)

    async def _go_to_talk(self, detail: GapDetail) -> None:
        now = self.console_app.now()

        async def read() -> list[Option[Any]]:
            return [
                Option(one.conversation_id, one_line(f"{one.visitor_name}: {one.question}"),
                       SafeText(ago(one.created_at, now)))
                for one in detail.occurrences
            ]  # fmt: skip

        if len(detail.occurrences) == 1:
            id = detail.occurrences[0].conversation_id
        elif (chosen := await self.app.push_screen_wait(Picker("Which conversation?", read))) is not None:
            id = chosen.value
        else:
            return
        also(self.app, "talk", _open_conversation, self.console_app, id)

    def action_gap_edit(self) -> None:
        """Write its answer."""
        if (gap := self.current) is not None:
            start(self, "act", self._edit, gap)

    async def _edit(self, gap: Gap) -> None:
        said = await edit_answer(self.console_app, gap)
        if said:
            self.console_app.say(said)
        self._changed()

    def action_gap_approve(self) -> None:
        """Make its draft a curated answer, then ask again."""
        if (gap := self.current) is not None and gap.id not in self._deciding:
            # Beside what runs already: the next gap may be approved before the server has answered for this one.
            self._deciding[gap.id] = self.console_app.now()
            also(self, "decide", self._approve, gap, self._deciding[gap.id])

    async def _approve(self, gap: Gap, since: datetime) -> None:
        app = self.console_app
        try:
            approved = await app.services.review.approve(app.actor, gap.id)
            self._decide(approved.gap, "approved", since)
            again = await app.services.review.ask_again(app.actor, gap.id)
            if self._decided is not None and self._decided.gap.id == gap.id:  # it was not undone meanwhile
                self._again = (again, approved.gap)
        finally:
            self._deciding.pop(gap.id, None)
            self._changed()

    def action_gap_dismiss(self) -> None:
        """It is none, once that is sure."""
        if (gap := self.current) is not None:
            start(self, "act", self._dismiss, gap)

    async def _dismiss(self, gap: Gap) -> None:
        app = self.console_app
        why = "It never returns: who asks it again goes to a person as before, and is only counted."
        if not await app.push_screen_wait(Confirm(f"Dismiss “{gap.question}”?", why, "dismiss it")):
            return
        self._deciding[gap.id] = since = app.now()
        try:
            self._decide(await app.services.review.dismiss(app.actor, gap.id), "dismissed", since)
        finally:
            self._deciding.pop(gap.id, None)
            self._changed()

    def action_gap_undo(self) -> None:
        """Take back the last decision."""
        if self._decided is not None and not self._overtaken(self._decided):
            start(self, "act", self._undo, self._decided)

    async def _undo(self, done: _Decided) -> None:
        app = self.console_app
        self._decided = None
        try:
            await app.services.review.undo(app.actor, done.gap.id)
            if self._again is not None and self._again[1].id == done.gap.id:
                self._again = None
            app.say(f"no longer {done.word}: {done.gap.question}")
        finally:
            self._changed()

    def action_gap_merge(self) -> None:
        """It means the same as another."""
        if (gap := self.current) is not None:
            start(self, "act", self._merge, gap)

    async def _merge(self, gap: Gap) -> None:
        app = self.console_app

        async def read() -> list[Option[Gap]]:
            alike = {one.id: one.similarity for one in (await app.services.gaps.show(app.actor, gap.id)).similar}
            queue = await app.services.gaps.queue(app.actor)
            others = [one for one in queue if one.id != gap.id and one.agent_id == gap.agent_id]
            ranked = sorted(others, key=lambda one: -alike.get(one.id, 0.0))
            return [Option(one, one.question, SafeText(_alike(alike.get(one.id), one))) for one in ranked]

        question = f"“{one_line(gap.question, 50)}” is the same as …"
        chosen = await app.push_screen_wait(Picker(question, read, empty="this agent has no other gap"))
        if chosen is None:
            return
        try:
            into = await app.services.review.merge(app.actor, gap.id, chosen.value.id)
            way = "; s splits it off again" if self._follow(gap, into) else ""
            app.say(f"merged into “{into.question}”, asked {into.occurrences:,} times{way}")
        finally:
            self._changed()

    def _follow(self, gap: Gap, into: Gap) -> bool:
        """Put the cursor on the gap merged into, unless it left the merged one, or the list has no such row."""
        return self.rows.current_key == self.row_key(gap) and self.rows.move_to(self.row_key(into))

    def action_gap_split(self) -> None:
        """One of its questions is something else."""
        if (gap := self.current) is not None:
            start(self, "act", self._split, gap)

    async def _split(self, gap: Gap) -> None:
        app = self.console_app

        async def read() -> list[Option[SafeText]]:
            detail = await app.services.gaps.show(app.actor, gap.id)
            return [Option(question, question) for question in detail.questions if question != gap.question]

        picker = Picker("Which question becomes a gap of its own?", read, empty="it was asked in these words alone")
        chosen = await app.push_screen_wait(picker)
        if chosen is None:
            return
        try:
            apart = await app.services.review.split(app.actor, gap.id, [chosen.value])
            app.say(f"“{apart.question}” is a gap of its own; m merges it again")
        finally:
            self._changed()

    def action_gap_publish(self) -> None:
        """Let visitors meet what was approved."""
        gap = self._again[1] if self._again else self.current
        if gap is not None:
            start(self, "act", self._publish, gap)

    async def _publish(self, gap: Gap) -> None:
        if await publish_draft(self.console_app, gap.agent_id) is not None:
            self._again = None
        self._changed()

    def _decide(self, gap: Gap, word: str, since: datetime) -> None:
        if self._decided is None or self._decided.since < since:
            self._decided = _Decided(gap, word, since)
            self._again = None

    def _overtaken(self, done: _Decided) -> bool:
        """Whether another gap was decided since, and the server has not answered yet: undo is for that one."""
        return any(since > done.since and id != done.gap.id for id, since in self._deciding.items())

    def _changed(self) -> None:
        self._show_again()
        self.console_app.changed_here()
        self.query_one(KeyBar).update_keys()
        self.refresh_bindings()
        self.reread()
        self.reread_detail()

    def _show_again(self) -> None:
        line = self.query_one("#again", OneLine)
        line.display = self._again is not None
        if self._again is not None:
            again, gap = self._again
            line.show(again_line(again, gap.agent_slug))

    @on(CountsChanged)
    def _counted(self) -> None:
        self.show_tabs()


def _alike(similarity: float | None, gap: Gap) -> str:
    many = f"{gap.occurrences:,}x"
    return f"{similarity:.2f} alike  {many}" if similarity else many


async def _open_conversation(app: Any, id: Any) -> None:
    from console.tui.areas import AREAS

    await app.switch_mode(AREAS[0].id)
    if isinstance(screen := app.screen, ActingScreen):
        # The terminal may have another size than when the inbox was last seen.
        screen.call_after_refresh(screen.go_on, id, None)
