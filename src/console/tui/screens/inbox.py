"""The inbox: what needs a person first, and the conversation beside it when there is room."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, cast
from uuid import UUID

from textual import events, on
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.timer import Timer

from console.domain.inbox import InboxFilter, InboxRow
from console.ids import ConversationId
from console.tui.commands import Scope, bindings
from console.tui.feed import Question
from console.tui.present.bar import TABS, tab_at, tab_line
from console.tui.present.facts import fact_lines
from console.tui.present.notices import loading
from console.tui.present.row import AGE_AT, AGE_WIDTH, row_lines, row_time, short_age
from console.tui.present.tone import joined, sides, toned
from console.tui.screens.base import STYLES
from console.tui.screens.inbox_marking import InboxMarking
from console.tui.subject import Subject, of_row
from console.tui.widgets.composer import Composer
from console.tui.widgets.conversation_pane import ConversationPane
from console.tui.widgets.facts import Facts
from console.tui.widgets.ground import Pane, Panes
from console.tui.widgets.top_bar import OneLine
from console.tui.widgets.transcript import Transcript
from console.tui.widgets.virtual_list import VirtualList
from console.tui.widgets.words import FilterBox

REST = 0.12
WALK_SECONDS, AGES_SECONDS = 1.0, 10.0
"""Ages wait while the cursor walks, that long after its last step, but not for ever: the key comes first."""


class InboxScreen(InboxMarking):
    """A list of any length, read by pages; changes patch rows in place and never move the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Scope.INBOX)]
    CSS_PATH: ClassVar[CSSPathType | None] = [STYLES / "inbox.tcss", STYLES / "conversation.tcss"]
    AUTO_FOCUS = "#list"

    def __init__(self) -> None:
        super().__init__()
        self._rest: Timer | None = None
        self._ages: dict[ConversationId, str] = {}
        self._walked = self._aged = datetime.fromtimestamp(0, UTC)
        self._was_in_pane = self._was_writing = False

    def body(self) -> ComposeResult:
        """Tabs, filter, list, and the pane beside it."""
        yield OneLine(id="tabs")
        yield FilterBox("name, subject, last words, label: who: status: priority:", id="filter")
        with Panes(id="panes"):
            with Pane(id="left"):
                yield VirtualList[InboxRow](lambda row: row.id, self._draw_row, id="list")
                yield OneLine(id="news")
            yield ConversationPane(id="pane")
            yield Facts(id="facts")

    @property
    def subject(self) -> Subject | None:
        """What is shown beside the list when it is the row of the cursor or has the focus, else that row."""
        row = self.rows.current
        shown = self.pane.subject if self.wide else None
        if shown is not None and ((row is not None and shown.id == row.id) or self.pane_has_focus()):
            return shown
        return of_row(row) if row else None

    def on_mount(self) -> None:
        """Read the first page."""
        self.query_one("#news").display = False
        self.rows.message = loading("the inbox")
        self.show_tabs()
        self.take_in()

    def on_resize(self) -> None:
        """A pane that has no room any more goes on as a screen of its own."""
        self.show_tabs()
        self.call_after_refresh(self._fit)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember where the operator was: what is hidden loses the focus before anybody can ask."""
        if self.wide:
            self._was_in_pane = self.pane in event.widget.ancestors_with_self
            self._was_writing = isinstance(event.widget, Composer)
        if event.widget is self.rows:
            self.console_app.whereabouts.go(None)
            self._preview_soon()

    def _fit(self) -> None:
        if not self.wide and self._was_in_pane and self.pane.target is not None:
            self._was_in_pane = False
            self.rows.focus()
            self.go_on(self.pane.target, self.pane.box.kind if self._was_writing else None)
        elif self.wide and self.pane.target is None:
            self._preview()
        self.show_facts()

    def on_screen_resume(self) -> None:
        """The row that was opened has changed, with or without a live link."""
        if isinstance(key := self.rows.current_key, UUID):
            self.changes.add(frozenset({key}))

    def show_tabs(self) -> None:
        """Draw the tabs, their counts and the filter's chip."""
        if not self.size.width:
            return
        tabs = tab_line(self.console_app.counts, self.question.filter.value, self.size.width)
        chip = toned(f"/{self.question.text}", "mine") if self.question.text else toned("/ filter", "quiet")
        count = len(self.rows.marks)
        marked = toned(f"{count:,} marked", "mine") if count else Content("")
        right = joined(marked, chip.truncate(30, ellipsis=True))
        self.query_one("#tabs", OneLine).show(sides(tabs, right, self.size.width - 1))

    def counted(self) -> None:
        """The tabs have other counts."""
        self.show_tabs()

    def tick(self) -> None:
        """Ages move on."""
        super().tick()
        self._tick_ages()
        if self.wide:
            self.pane.tick()
            self.show_facts()

    def _tick_ages(self) -> None:
        now = self.console_app.now()
        walked, aged = (abs((now - then).total_seconds()) for then in (self._walked, self._aged))
        if walked < WALK_SECONDS and aged < AGES_SECONDS:
            return
        self._aged, ages = now, {row.id: short_age(row_time(row), now) for row in self.rows.visible_rows()}
        for id, age in ages.items():
            if self._ages.get(id) != age:
                self.rows.redraw_cells(id, AGE_AT, AGE_WIDTH)
        self._ages = ages

    @on(VirtualList.Moved)
    def _moved(self) -> None:
        self._walked = self.console_app.now()
        self.settle_news()
        self.refresh_bindings()
        self._preview_soon()

    def _preview_soon(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, self._preview)

    def _preview(self) -> None:
        key = cast("ConversationId | None", self.rows.current_key)
        if not self.wide or self.pane_has_focus():
            return
        if key is None:
            self.pane.clear()
        elif key != self.pane.target:
            self.pane.open(key)

    @on(ConversationPane.Shown)
    def show_facts(self) -> None:
        """Draw the third pane again, where there is one."""
        thread, app = self.pane.thread, self.console_app
        if self.has_class("-broad"):
            facts = fact_lines(thread.conversation, app.actor, app.now()) if thread else Content("")
            self.query_one(Facts).show(facts)

    @on(VirtualList.Opened)
    def _opened(self, event: VirtualList.Opened) -> None:
        self.go_on(cast("ConversationId", event.key), None)

    def action_open(self) -> None:
        """Open the row, or go on writing in the conversation beside the list."""
        if self.pane_has_focus():
            if (subject := self.subject) and subject.mine:
                self.go_on(subject.id, "reply")
        elif (key := self.rows.current_key) is not None:
            self.go_on(cast("ConversationId", key), None)

    def go_on(self, id: ConversationId, wants: str | None) -> None:
        """Beside the list when there is room, else on a screen of its own."""
        if not self.rows.move_to(id):
            self.look_for(id)
        if not self.wide:
            from console.tui.screens.conversation import ConversationScreen

            self.app.push_screen(ConversationScreen(id, wants))
            return
        self.query_one(Transcript).focus()
        self.pane.open(id, wants=wants, be_read=True)

    def action_next_tab(self) -> None:
        """Next tab."""
        self._tab(1)

    def action_previous_tab(self) -> None:
        """The tab before."""
        self._tab(-1)

    def _tab(self, step: int) -> None:
        at = (TABS.index(self.question.filter.value) + step) % len(TABS)
        self._turn_to(TABS[at])

    def _turn_to(self, tab: str) -> None:
        """The operator is in the list now: what is shown beside it follows the cursor."""
        self.rows.focus()
        self.ask(Question(InboxFilter(tab), self.question.text))

    @on(events.Click, "#tabs")
    def _tab_clicked(self, event: events.Click) -> None:
        name = tab_at(self.console_app.counts, self.question.filter.value, self.size.width, event.x)
        if name is not None:
            self._turn_to(name)

    def action_filter(self) -> None:
        """Ask for words."""
        self.query_one(FilterBox).ask()

    @on(FilterBox.Rested)
    def _look_for(self, event: FilterBox.Rested) -> None:
        self.ask(Question(self.question.filter, event.words))

    @on(FilterBox.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.rows.focus()

    def action_refresh_all(self) -> None:
        """Read everything again, and take in what is new."""
        self.console_app.changed_here()
        self.take_in()
        self.pane.reread(whole=True)

    def action_back(self) -> None:
        """From the conversation to the list; then what is marked is marked no more; from the filter to all rows."""
        box = self.query_one(FilterBox)
        if self.pane_has_focus():
            self.rows.focus()
        elif self.rows.marks.keys and not box.has_focus:
            self.rows.marks.clear()
        elif box.display or self.question.text:
            box.drop()
            self.rows.focus()
            self.ask(Question(self.question.filter))

    def allowed(self, action: str) -> bool | None:
        """Back only where there is something to go back from."""
        if action == "back":
            there = self.pane_has_focus() or bool(self.question.text) or bool(self.rows.marks.keys)
            return there or self.query_one(FilterBox).has_focus
        return super().allowed(action)

    def _draw_row(self, row: InboxRow, width: int) -> tuple[Content, Content]:
        return row_lines(row, width, self.console_app.now())
