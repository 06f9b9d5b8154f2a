"""The inbox: what needs a person first, and the conversation beside it when there is room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, cast
from uuid import UUID

from textual import events, on
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from console.domain.inbox import Cursor, InboxFilter, InboxRow
from console.ids import ConversationId
from console.tui import feed
from console.tui.commands import Scope, bindings
from console.tui.feed import Question, Rows
from console.tui.present.bar import TABS, tab_at, tab_line
from console.tui.present.facts import fact_lines
from console.tui.present.notices import empty_inbox, loading, news_line
from console.tui.present.row import row_lines, row_time, short_age
from console.tui.present.tone import sides, toned
from console.tui.screens.acting import ActingScreen
from console.tui.screens.base import STYLES
from console.tui.subject import Subject, of_row
from console.tui.widgets.composer import Composer
from console.tui.widgets.conversation_pane import ConversationPane
from console.tui.widgets.top_bar import OneLine
from console.tui.widgets.transcript import Transcript
from console.tui.widgets.virtual_list import VirtualList
from console.tui.widgets.words import Words
from console.tui.working import also, start

REST = 0.12
TYPING = 0.15


class InboxScreen(ActingScreen):
    """A list of any length, read by pages; changes patch rows in place and never move the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Scope.INBOX)]
    CSS_PATH: ClassVar[CSSPathType | None] = [STYLES / "inbox.tcss", STYLES / "conversation.tcss"]
    AUTO_FOCUS = "#list"

    @dataclass
    class PageRead(Message):
        """Rows came; `whole` when they replace the list."""

        rows: Rows
        whole: bool

    @dataclass
    class RowsRead(Message):
        """Some rows as they are now; `first` is the top of the list as it would be."""

        question: Question
        rows: tuple[InboxRow, ...]

    def __init__(self) -> None:
        super().__init__()
        self.question = Question()
        self.news: set[ConversationId] = set()
        self._next: Cursor | None = None
        self._rest: Timer | None = None
        self._typing: Timer | None = None
        self._goal: ConversationId | None = None
        self._ages: dict[ConversationId, str] = {}
        self._was_in_pane = self._was_writing = False

    def body(self) -> ComposeResult:
        """Tabs, filter, list, and the pane beside it."""
        yield OneLine(id="tabs")
        yield Words("words to look for", id="filter")
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield VirtualList[InboxRow](lambda row: row.id, self._draw_row, id="list")
                yield OneLine(id="news")
            yield ConversationPane(id="pane")
            yield Static(id="facts", markup=False)

    @property
    def rows(self) -> VirtualList[InboxRow]:
        """The list."""
        return cast("VirtualList[InboxRow]", self.query_one("#list", VirtualList))

    @property
    def wide(self) -> bool:
        """Whether there is room for two panes."""
        return self.has_class("-wide") or self.has_class("-broad")

    @property
    def subject(self) -> Subject | None:
        """What is shown beside the list when it is the row of the cursor, else that row."""
        row = self.rows.current
        shown = self.pane.subject if self.wide else None
        if shown is not None and (row is None or shown.id == row.id or self._pane_has_focus()):
            return shown
        return of_row(row) if row else None

    def on_mount(self) -> None:
        """Read the first page."""
        self.query_one("#filter").display = False
        self.query_one("#news").display = False
        self.rows.message = loading("the inbox")
        self.show_tabs()
        self.take_in()

    def on_resize(self) -> None:
        """A pane that has no room any more goes on as a screen of its own."""
        super().on_resize()
        self.show_tabs()
        self.call_after_refresh(self._fit)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember where the operator was: what is hidden loses the focus before anybody can ask."""
        if self.wide:
            self._was_in_pane = self.pane in event.widget.ancestors_with_self
            self._was_writing = isinstance(event.widget, Composer)

    def _fit(self) -> None:
        if not self.wide and self._was_in_pane and self.pane.target is not None:
            self._was_in_pane = False
            self.rows.focus()
            self.go_on(self.pane.target, self.pane.box.kind if self._was_writing else None)
        elif self.wide and self.pane.target is None:
            self._preview()

    def show_tabs(self) -> None:
        """Draw the tabs, their counts and the filter's chip."""
        if not self.size.width:
            return
        tabs = tab_line(self.console_app.counts, self.question.filter.value, self.size.width)
        chip = toned(f"/{self.question.text}", "mine") if self.question.text else toned("/ filter", "quiet")
        self.query_one("#tabs", OneLine).show(sides(tabs, chip.truncate(30, ellipsis=True), self.size.width - 1))

    def counted(self) -> None:
        """The tabs have other counts."""
        self.show_tabs()

    def tick(self) -> None:
        """Ages move on."""
        super().tick()
        now = self.console_app.now()
        ages = {row.id: short_age(row_time(row), now) for row in self.rows.visible_rows()}
        for id, age in ages.items():
            if self._ages.get(id, age) != age:
                self.rows.redraw_row(id)
        self._ages = ages
        if self.wide:
            self.pane.tick()

    def take_in(self) -> None:
        """Read the list again from its top, as far as it is open."""
        start(self, "page", self._read_again, self.question, self.rows.cursor + 1)

    def read_changed(self, ids: frozenset[UUID] | None) -> None:
        """Read the changed rows again, in their places; None: those in sight, and the top for what is new."""
        if ids is None:
            also(self, "rows", self._read_seen, self.question)
        else:
            wanted = [ConversationId(id) for id in ids]
            also(self, "rows", self._read_rows, self.question, wanted)
        if self.wide and self.pane.target is not None and (ids is None or self.pane.target in ids):
            self.pane.reread()

    async def _read_again(self, question: Question, count: int) -> None:
        app = self.console_app
        until = (
            cast("ConversationId | None", self._goal or self.rows.current_key) if question == self.question else None
        )
        rows = await feed.read_again(app.services.inbox, app.actor, question, until, count)
        self.post_message(self.PageRead(rows, whole=True))
        app.online()

    async def _read_more(self, question: Question, after: Cursor) -> None:
        app = self.console_app
        rows = await feed.read_page(app.services.inbox, app.actor, question, after)
        self.post_message(self.PageRead(rows, whole=False))

    async def _read_rows(self, question: Question, ids: list[ConversationId]) -> None:
        app = self.console_app
        for at in range(0, len(ids), 200):
            rows = await app.services.inbox.rows(app.actor, ids[at : at + 200])
            self.post_message(self.RowsRead(question, rows))

    async def _read_seen(self, question: Question) -> None:
        app = self.console_app
        first = self.rows.rows_above()
        seen = [row.id for row in self.rows.rows[max(0, first - 50) : first + 150]]
        top = await feed.read_page(app.services.inbox, app.actor, question, None)
        rows = await app.services.inbox.rows(app.actor, seen) if seen else ()
        self.post_message(self.RowsRead(question, (*rows, *top.rows)))
        app.online()

    @on(PageRead)
    def _page_read(self, event: PageRead) -> None:
        if event.rows.question != self.question:
            return
        self._next = event.rows.next
        if event.whole:
            above = {row.id for row in self.rows.rows}
            fresh = {row.id for row in event.rows.rows if row.id not in above} if above else set()
            self.rows.replace(event.rows.rows, more=self._next is not None)
            self.news = fresh
            self._reach_goal()
        else:
            self.rows.extend(event.rows.rows, more=self._next is not None)
        self.rows.message = empty_inbox(self.question.filter, self.question.text)
        self._settle_news()
        self.refresh_bindings()

    @on(RowsRead)
    def _rows_read(self, event: RowsRead) -> None:
        if event.question != self.question:
            return
        known = {row.id: row for row in self.rows.rows}
        self.news |= feed.news(event.rows, known, self.question)
        self.rows.patch(event.rows)
        at_top = self.rows.cursor == 0 and self.rows.scroll_offset.y == 0
        if self.news - known.keys() and (at_top or not known):
            self.take_in()
        self._settle_news()
        self.refresh_bindings()

    def _settle_news(self) -> None:
        """What is in sight, or below, is no news any more."""
        above = self.rows.rows_above()
        places = {row.id: place for place, row in enumerate(self.rows.rows) if row.id in self.news}
        self.news -= {id for id, place in places.items() if place >= above}
        line = self.query_one("#news", OneLine)
        line.show(news_line(len(self.news)))
        line.display = bool(self.news)

    @on(VirtualList.NearEnd)
    def _near_end(self) -> None:
        if self._next is not None:
            after, self._next = self._next, None
            start(self, "more", self._read_more, self.question, after)

    @on(VirtualList.AtTop)
    def _at_top(self) -> None:
        if self.news:
            self.take_in()

    @on(VirtualList.Moved)
    def _moved(self) -> None:
        self._settle_news()
        self.refresh_bindings()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, self._preview)

    def _preview(self) -> None:
        key = cast("ConversationId | None", self.rows.current_key)
        if not self.wide or self._pane_has_focus():
            return
        if key is None:
            self.pane.clear()
        elif key != self.pane.target:
            self.pane.open(key)

    @on(ConversationPane.Shown)
    def _shown(self) -> None:
        thread, app = self.pane.thread, self.console_app
        if self.has_class("-broad"):
            facts = fact_lines(thread.conversation, app.actor, app.now()) if thread else Content("")
            self.query_one("#facts", Static).update(facts, layout=False)

    @on(VirtualList.Opened)
    def _opened(self, event: VirtualList.Opened) -> None:
        self.go_on(cast("ConversationId", event.key), None)

    def action_open(self) -> None:
        """Open the row, or go on writing in the conversation beside the list."""
        if self._pane_has_focus():
            if (subject := self.subject) and subject.mine:
                self.go_on(subject.id, "reply")
        elif (key := self.rows.current_key) is not None:
            self.go_on(cast("ConversationId", key), None)

    def go_on(self, id: ConversationId, wants: str | None) -> None:
        """Beside the list when there is room, else on a screen of its own."""
        if not self.rows.move_to(id):
            self._look_for(id)
        if not self.wide:
            from console.tui.screens.conversation import ConversationScreen

            self.app.push_screen(ConversationScreen(id, wants))
            return
        self.query_one(Transcript).focus()
        self.pane.open(id, wants=wants, be_read=True)

    def acted(self, id: ConversationId) -> None:
        """Read row and pane again."""
        also(self, "rows", self._read_rows, self.question, [id])
        if self.pane.target == id:
            self.pane.reread()

    def _look_for(self, id: ConversationId) -> None:
        """The list does not have it: look where everything is, and put the cursor on it."""
        self._goal = id
        self.ask(Question(InboxFilter.ALL))

    def _reach_goal(self) -> None:
        if self._goal is not None and self.rows.move_to(self._goal):
            self._goal = None

    def ask(self, question: Question) -> None:
        """Show another tab, or other words; the cursor goes to the top."""
        if question == self.question:
            return
        self.question = question
        self.news.clear()
        self.show_tabs()
        start(self, "page", self._read_again, question, 1)

    def action_next_tab(self) -> None:
        """Next tab."""
        self._tab(1)

    def action_previous_tab(self) -> None:
        """The tab before."""
        self._tab(-1)

    def _tab(self, step: int) -> None:
        at = (TABS.index(self.question.filter.value) + step) % len(TABS)
        self.ask(Question(InboxFilter(TABS[at]), self.question.text))

    @on(events.Click, "#tabs")
    def _tab_clicked(self, event: events.Click) -> None:
        name = tab_at(self.console_app.counts, self.question.filter.value, self.size.width, event.x)
        if name is not None:
            self.ask(Question(InboxFilter(name), self.question.text))

    def action_filter(self) -> None:
        """Ask for words."""
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    @on(Input.Changed, "#filter")
    def _filter_typed(self, event: Input.Changed) -> None:
        if self._typing is not None:
            self._typing.stop()
        question = Question(self.question.filter, event.value.strip())
        self._typing = self.set_timer(TYPING, lambda: self.ask(question))

    @on(Input.Submitted, "#filter")
    def _filter_done(self, event: Input.Submitted) -> None:
        event.input.display = False
        self.rows.focus()

    def action_refresh_all(self) -> None:
        """Read everything again, and take in what is new."""
        self.console_app.changed_here()
        self.take_in()
        self.pane.reread(whole=True)

    def action_back(self) -> None:
        """From the conversation to the list; from the filter to all rows."""
        box = self.query_one("#filter", Input)
        if self._pane_has_focus():
            self.rows.focus()
        elif box.display or self.question.text:
            box.value = ""
            box.display = False
            self.rows.focus()
            self.ask(Question(self.question.filter))

    def allowed(self, action: str) -> bool | None:
        """Back only where there is something to go back from."""
        if action == "back":
            return self._pane_has_focus() or bool(self.question.text) or self.query_one("#filter").has_focus
        return super().allowed(action)

    def _pane_has_focus(self) -> bool:
        focused = self.focused
        return focused is not None and self.pane in focused.ancestors_with_self

    def _draw_row(self, row: InboxRow, width: int) -> tuple[Content, Content]:
        return row_lines(row, width, self.console_app.now())
