"""How the inbox reads: pages by keyset, changed rows in their places, and what is new above."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from textual import on
from textual.message import Message
from textual.worker import Worker, WorkerState

from console.domain.inbox import Cursor, InboxFilter, InboxRow
from console.errors import ConsoleError
from console.ids import ConversationId
from console.tui import feed
from console.tui.feed import Question, Rows
from console.tui.present.notices import empty_inbox, news_line, unreadable
from console.tui.screens.triaging import TriagingScreen
from console.tui.widgets.top_bar import OneLine
from console.tui.widgets.virtual_list import VirtualList
from console.tui.working import also, start


class InboxReading(TriagingScreen):
    """A screen with the list of conversations; changes patch its rows and never move its cursor."""

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
        self.goal: ConversationId | None = None
        self._next: Cursor | None = None
        self._shown: Question | None = None

    @property
    def rows(self) -> VirtualList[InboxRow]:
        """The list."""
        return cast("VirtualList[InboxRow]", self.query_one("#list", VirtualList))

    @property
    def wide(self) -> bool:
        """Whether there is room for two panes."""
        return self.has_class("-wide") or self.has_class("-broad")

    @abstractmethod
    def show_tabs(self) -> None:
        """Draw the tabs again."""

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
        until = cast("ConversationId | None", self.goal or self.rows.current_key) if question == self.question else None
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
            other, self._shown = self._shown != self.question, self.question
            self.rows.replace(self._with_the_open_one(event.rows.rows), more=self._next is not None, top=other)
            if not self.console_app.touched:
                self.rows.cursor = 0  # Nobody has looked for a row yet: the first is the one to begin with.
            self.news = (self.news & {row.id for row in event.rows.rows}) | fresh
            self._reach_goal()
        else:
            self.rows.extend(event.rows.rows, more=self._next is not None)
        self.rows.message = empty_inbox(self.question.filter, self.question.text)
        self.settle_news()
        self.refresh_bindings()

    def pane_has_focus(self) -> bool:
        """Whether the operator is in the conversation beside the list."""
        focused = self.focused
        return focused is not None and self.pane in focused.ancestors_with_self

    def _with_the_open_one(self, rows: tuple[InboxRow, ...]) -> tuple[InboxRow, ...]:
        """The row of the conversation worked on stays, also when it is none of this tab any more."""
        here, at = self.rows.current, min(self.rows.cursor, len(rows))
        if here is None or not self.pane_has_focus() or here.id != self.pane.target:
            return rows
        return rows if any(row.id == here.id for row in rows) else (*rows[:at], here, *rows[at:])

    @on(RowsRead)
    def _rows_read(self, event: RowsRead) -> None:
        if event.question != self.question:
            return
        known = {row.id: row for row in self.rows.rows}
        self.news |= feed.news(event.rows, known, self.question, self.console_app.actor.user_id)
        self.rows.patch(event.rows)
        at_top = self.rows.cursor == 0 and self.rows.scroll_offset.y == 0
        if self.news - known.keys() and (at_top or not self.console_app.touched):
            self.take_in()
        self.settle_news()
        self.refresh_bindings()

    def settle_news(self) -> None:
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

    def acted(self, ids: Sequence[ConversationId]) -> None:
        """Read rows and pane again."""
        also(self, "rows", self._read_rows, self.question, list(ids))
        if self.pane.target in ids:
            self.pane.reread()

    def look_for(self, id: ConversationId) -> None:
        """The list does not have it: look where everything is, and put the cursor on it."""
        self.goal = id
        if self.question == Question(InboxFilter.ALL):
            self.take_in()
        else:
            self.ask(Question(InboxFilter.ALL))

    def _reach_goal(self) -> None:
        if self.goal is not None and self.rows.move_to(self.goal):
            self.goal = None

    def ask(self, question: Question) -> None:
        """Show another tab, or other words; the cursor goes to the top."""
        if question == self.question:
            return
        self.question = question
        self.news.clear()
        self.show_tabs()
        start(self, "page", self._read_again, question, 1)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A list that can't be read says so in its place; what was read before for the same question stays."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and event.worker.group == "page" and isinstance(error, ConsoleError):
            if self._shown != self.question:
                self.rows.replace((), more=False)
            self.rows.message = unreadable(error)
