"""What the areas beside the inbox have in common: a list, and what is known of its row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

from textual import events, on
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker, WorkerState

from console.errors import ConsoleError
from console.tui.commands import Scope, bindings
from console.tui.events import ThingsMoved
from console.tui.present.notices import loading, unreadable
from console.tui.present.tone import joined, sides, toned
from console.tui.screens.base import STYLES, ConsoleScreen
from console.tui.widgets.detail import Detail
from console.tui.widgets.ground import Panes
from console.tui.widgets.top_bar import OneLine
from console.tui.widgets.virtual_list import VirtualList
from console.tui.widgets.words import FilterBox
from console.tui.working import start

T = TypeVar("T")
REST = 0.12
READ, MORE = "list", "detail"


class ListScreen(ConsoleScreen, Generic[T]):
    """Reads its rows as a whole, shows them at once, and reads the detail of the row under a resting cursor.

    A subclass says how rows are read and drawn. `tabs` names the parts of the list, if it has several; `kinds` are the
    live hints after which it reads again; `what` is what it reads, in words.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.LIST)
    CSS_PATH: ClassVar[CSSPathType | None] = [STYLES / "listing.tcss"]
    AUTO_FOCUS = "#list"
    kinds: ClassVar[frozenset[str]] = frozenset()
    what: ClassVar[str] = "the list"
    tabs: ClassVar[tuple[str, ...]] = ()
    row_height: ClassVar[int] = 2

    @dataclass
    class RowsRead(Message):
        """All rows of a tab."""

        tab: str
        rows: Sequence[Any]

    @dataclass
    class DetailRead(Message):
        """What else is known of a row."""

        key: Hashable
        detail: Any

    def __init__(self) -> None:
        super().__init__()
        self.tab = self.tabs[0] if self.tabs else ""
        self.words = ""
        self.all_rows: Sequence[T] = ()
        self.detail: Any = None
        self._detail_key: Hashable | None = None
        self._was_read = False
        self._rest: Timer | None = None

    @abstractmethod
    async def read_rows(self, tab: str) -> Sequence[T]:
        """Read the rows of a tab, in the order they are shown."""

    @abstractmethod
    def row_key(self, row: T) -> Hashable:
        """What names a row."""

    @abstractmethod
    def row_lines(self, row: T, width: int) -> Sequence[Content]:
        """A row as it is drawn: `row_height` lines."""

    @abstractmethod
    def row_text(self, row: T) -> str:
        """What the filter looks in."""

    @abstractmethod
    def empty(self, tab: str) -> Content:
        """Why there is nothing in a tab, and the next key."""

    async def read_detail(self, row: T) -> Any:
        """Read what else is known of a row."""

    @abstractmethod
    def detail_lines(self, row: T, detail: Any, width: int) -> Content:
        """A row in full; `detail` is None until it is read."""

    def tab_count(self, tab: str) -> int | None:  # noqa: ARG002 - for those who know
        """How many rows a tab has, when that is known."""
        return None

    def summary(self) -> Content:
        """What is said of the whole list, at the right of the tabs."""
        return Content("")

    def body(self) -> ComposeResult:
        """Tabs, filter, list, and the detail beside it."""
        yield OneLine(id="tabs")
        yield FilterBox(id="filter")
        with Panes(id="panes"):
            yield VirtualList[T](self.row_key, self.row_lines, row_height=self.row_height, id="list")
            yield self.make_detail()

    def make_detail(self) -> Widget:
        """What stands beside the list; one that is no `Detail` says too where the focus is, and draws itself."""
        return Detail(id="detail")

    @property
    def rows(self) -> VirtualList[T]:
        """The list."""
        return cast("VirtualList[T]", self.query_one("#list", VirtualList))

    @property
    def pane(self) -> Detail:
        """The detail."""
        return self.query_one(Detail)

    @property
    def in_detail(self) -> bool:
        """Whether the focus is in the detail."""
        return self.pane.has_focus

    def enter_detail(self) -> None:
        """Put the focus into the detail."""
        self.pane.focus()

    @property
    def current(self) -> T | None:
        """The row under the cursor: what a command acts on."""
        return self.rows.current

    @property
    def detail_is_of_the_row(self) -> bool:
        """Whether the detail that was read is that of the row under the cursor."""
        return self._detail_key is not None and self._detail_key == self.rows.current_key

    @property
    def wide(self) -> bool:
        """Whether there is room for two panes."""
        return self.has_class("-wide") or self.has_class("-broad")

    @property
    def opened(self) -> bool:
        """Whether the detail has the place of the list."""
        return self.has_class("-opened")

    def on_mount(self) -> None:
        """Read the rows for the first time."""
        self.rows.message = loading(self.what)
        self.show_tabs()
        self.reread()

    def on_resize(self) -> None:
        """What was opened in the list's place is beside it when there is room."""
        self.show_tabs()
        self.call_after_refresh(self.show_detail)

    def on_screen_resume(self) -> None:
        """What changed meanwhile is read; what was there stays until then."""
        if self._was_read:
            self.reread()

    def read_changed(self, ids: object) -> None:
        """Read everything again after a gap in the live link, or with a poll."""
        if ids is None:
            self.reread()

    @on(ThingsMoved)
    def _things_moved(self, event: ThingsMoved) -> None:
        if event.kinds & self.kinds:
            self.changes.add(None)

    def reread(self) -> None:
        """Read the rows, and the detail of the row under the cursor."""
        start(self, READ, self._read_rows, self.tab)

    async def _read_rows(self, tab: str) -> None:
        self.post_message(self.RowsRead(tab, await self.read_rows(tab)))
        self.console_app.online()

    async def _read_detail(self, row: T) -> None:
        self.post_message(self.DetailRead(self.row_key(row), await self.read_detail(row)))

    @on(RowsRead)
    def _rows_read(self, event: RowsRead) -> None:
        if event.tab != self.tab:
            return
        self._was_read = True
        self.all_rows = event.rows
        self.show_rows()
        self._read_detail_soon()

    def show_rows(self, *, top: bool = False) -> None:
        """Show the rows that have the filter's words; from the `top` when they are others than before."""
        words = self.words.casefold().split()
        found = [row for row in self.all_rows if all(word in self.row_text(row).casefold() for word in words)]
        self.rows.message = self._nothing_found() if self.words else self.empty(self.tab)
        shown = self.rows.current_key
        self.rows.replace(found, more=False, top=top)
        self.rows.redraw()
        if self.opened and self.rows.current_key != shown:
            self.action_list_back()  # a key meant for what was opened must not meet another
        self.show_tabs()
        self.show_detail()
        self.refresh_bindings()

    def _nothing_found(self) -> Content:
        return toned(f"Nothing matches “{self.words}”.\n", "strong") + toned("esc clears the filter", "quiet")

    @on(DetailRead)
    def _detail_read(self, event: DetailRead) -> None:
        if event.key == self.rows.current_key:
            self._detail_key, self.detail = event.key, event.detail
            self.show_detail()
            self.refresh_bindings()

    def show_detail(self, *, top: bool = False) -> None:
        """Draw the detail of the row under the cursor again."""
        row, pane = self.current, self.pane
        if row is None or not pane.size.width:
            pane.show(Content(""))
            return
        known = self.detail if self.detail_is_of_the_row else None
        pane.show(self.detail_lines(row, known, pane.size.width - 1), top=top)

    def show_tabs(self) -> None:
        """Draw the tabs, what is said of the list, and the filter's chip."""
        if not self.size.width:
            return
        chip = toned(f"/{self.words}", "mine") if self.words else toned("/ filter", "quiet")
        left = Content(" ") + joined(*(self._tab(tab) for tab in self.tabs), gap=" ")
        right = joined(self.summary(), chip.truncate(30, ellipsis=True))
        self.query_one("#tabs", OneLine).show(sides(left, right, self.size.width - 1))

    def _tab(self, tab: str) -> Content:
        chosen, count = tab == self.tab, self.tab_count(tab)
        edge = ("[", "]") if chosen else (" ", " ")
        number = toned(f"{count:,}", "quiet") if count is not None else Content("")
        title = joined(toned(tab, "strong" if chosen else "quiet"), number, gap=" ")
        return Content("").join([toned(edge[0], "mine"), title, toned(edge[1], "mine")])

    def tick(self) -> None:
        """Ages move on."""
        super().tick()
        self.rows.redraw()
        self.show_detail()

    @on(VirtualList.Moved)
    def _moved(self) -> None:
        self.show_detail(top=True)
        self.refresh_bindings()
        self._read_detail_soon()

    def _read_detail_soon(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, self.reread_detail)

    def reread_detail(self) -> None:
        """Read the detail of the row under the cursor."""
        if (row := self.current) is not None:
            start(self, MORE, self._read_detail, row)

    @on(VirtualList.Opened)
    def _row_clicked(self) -> None:
        self.action_list_open()

    def action_list_open(self) -> None:
        """The row in full: beside the list when there is room, else in its place."""
        if self.current is not None:
            self.set_class(not self.wide, "-opened")
            self.enter_detail()
            self.call_after_refresh(self.show_detail, top=True)

    def action_list_back(self) -> None:
        """From the detail to the list; from the filter to all rows."""
        box = self.query_one(FilterBox)
        if self.opened or self.in_detail:
            self.remove_class("-opened")
            self.rows.focus()
        elif box.display or self.words:
            box.drop()
            self.words = ""
            self.rows.focus()
            self.show_rows()

    def action_list_filter(self) -> None:
        """Ask for words."""
        self.query_one(FilterBox).ask()

    @on(FilterBox.Rested)
    def _look_for(self, event: FilterBox.Rested) -> None:
        if event.words != self.words:
            self.words = event.words
            self.show_rows(top=True)
            self._read_detail_soon()

    @on(FilterBox.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.rows.focus()

    def action_list_next_tab(self) -> None:
        """Next tab."""
        self._turn(1)

    def action_list_previous_tab(self) -> None:
        """The tab before."""
        self._turn(-1)

    def _turn(self, step: int) -> None:
        if self.tabs:
            self.turn_to(self.tabs[(self.tabs.index(self.tab) + step) % len(self.tabs)])

    def turn_to(self, tab: str) -> None:
        """Show another part of the list."""
        self.tab, self.all_rows = tab, ()
        self.remove_class("-opened")
        self.rows.focus()
        self.rows.replace((), more=False)
        self.rows.message = loading(self.what)
        self.show_tabs()
        self.reread()

    def action_list_refresh(self) -> None:
        """Read everything again."""
        self.console_app.changed_here()
        self.reread()

    def action_list_copy(self) -> None:
        """Copy what names the row."""
        if (key := self.rows.current_key) is not None:
            self.app.copy_to_clipboard(str(key))
            self.console_app.say(f"copied {key}")

    def allowed(self, action: str) -> bool | None:
        """Keys that would do nothing are not shown."""
        if action == "list_back":
            inside = self.opened or self.in_detail
            return inside or bool(self.words) or self.query_one(FilterBox).has_focus
        if action == "list_filter":
            return not self.opened  # the list is not there to be seen
        if action in {"list_next_tab", "list_previous_tab"}:
            return len(self.tabs) > 1
        if action in {"list_open", "list_copy"}:
            return self.current is not None and not (action == "list_open" and self.in_detail)
        return super().allowed(action)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A list that can't be read says so in its place; what was read before stays."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and event.worker.group == READ and isinstance(error, ConsoleError):
            self._was_read = True
            self.rows.message = unreadable(error)
            self.rows.redraw()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Other keys work now."""
        self.refresh_bindings()
