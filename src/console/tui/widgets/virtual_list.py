"""A list of any number of rows that draws only those in sight and keeps its cursor on a row, not on a place."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip

from console.tui.commands import Scope, bindings
from console.tui.marks import Marks
from console.tui.present.tone import toned
from console.tui.widgets.lines import LineView

T = TypeVar("T")
_BAR = "▌"
_MARK = "*"


class VirtualList(LineView, Generic[T], inherit_bindings=False):
    """Rows of a fixed number of lines.

    `key` names a row, `draw(row, width)` gives its lines. The row under the cursor never moves by itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.MOVE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"list--cursor", "list--marked"}

    rests: ClassVar[bool] = True
    """Whether the cursor is seen while the focus is elsewhere."""

    cursor: var[int] = var(0, init=False)
    message: var[Content] = var(Content(""), init=False)

    @dataclass
    class Moved(Message):
        """The cursor is on another row; None when there is no row."""

        key: Hashable | None

    @dataclass
    class Opened(Message):
        """A row was clicked twice."""

        key: Hashable

    class NearEnd(Message):
        """The last rows are near; more can be asked for."""

    class AtTop(Message):
        """The operator went to the top, or further."""

    class Marked(Message):
        """Other rows are marked now."""

    def __init__(
        self,
        key: Callable[[T], Hashable],
        draw: Callable[[T, int], Sequence[Content]],
        *,
        row_height: int = 2,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._key = key
        self._draw = draw
        self._row_height = row_height
        self._rows: list[T] = []
        self._places: dict[Hashable, int] = {}
        self._drawn: dict[tuple[int, bool], list[Strip]] = {}
        self.more = False
        self.marks = Marks(self._marks_changed)

    @property
    def rows(self) -> Sequence[T]:
        """The rows, in order."""
        return self._rows

    @property
    def current(self) -> T | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    @property
    def current_key(self) -> Hashable | None:
        """The key of the row under the cursor."""
        return self._key(self._rows[self.cursor]) if self._rows else None

    def get(self, key: Hashable) -> T | None:
        """The row with that key, if it is here."""
        place = self._places.get(key)
        return None if place is None else self._rows[place]

    def replace(self, rows: Iterable[T], *, more: bool, top: bool = False) -> None:
        """Show other rows; the cursor stays on its row, at its height on the screen, when that row is among them.

        Where it is not, it stays at its place, or goes to the `top`.
        """
        before, height = self.current_key, self.cursor * self._row_height - self.scroll_offset.y
        self._rows, self.more = list(rows), more
        self._places = {self._key(row): place for place, row in enumerate(self._rows)}
        self.marks.keep(self._places)
        self._resized()
        near = 0 if top else max(0, min(self.cursor, len(self._rows) - 1))
        place = self._places.get(before, near) if before is not None else near
        self.set_reactive(VirtualList.cursor, place)
        self.scroll_to(y=max(0, place * self._row_height - height) if place else 0, animate=False, force=True)
        if self.current_key != before:
            self.post_message(self.Moved(self.current_key))

    def extend(self, rows: Iterable[T], *, more: bool) -> None:
        """Add the next page; rows that are here already stay where they are."""
        for row in rows:
            if (key := self._key(row)) not in self._places:
                self._places[key] = len(self._rows)
                self._rows.append(row)
        self.more = more
        self._resized()

    def patch(self, rows: Iterable[T]) -> list[T]:
        """Show rows anew in their places; gives back those that are not in the list."""
        unknown = []
        for row in rows:
            place = self._places.get(self._key(row))
            if place is None:
                unknown.append(row)
            elif self._rows[place] != row:
                self._rows[place] = row
                self._redraw_row(place)
        return unknown

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on a row; False when it is not here."""
        if (place := self._places.get(key)) is None:
            return False
        self.cursor = place
        return True

    def redraw_row(self, key: Hashable) -> None:
        """Draw one row again: something it shows has changed without the row."""
        if (place := self._places.get(key)) is not None:
            self._redraw_row(place)

    def redraw_cells(self, key: Hashable, x: int, width: int) -> None:
        """Draw some cells of a row's first line again: nothing else in it has changed. `x` is as `draw` has it."""
        if (place := self._places.get(key)) is not None:
            self._forget_row(place)
            self.refresh(Region(x + 1, place * self._row_height - self.scroll_offset.y, width, 1))

    def mark_range(self) -> None:
        """Mark from the last mark to the cursor."""
        if self._rows:
            self.marks.range(list(self._places), self.cursor)

    def mark_all(self) -> None:
        """Mark all rows that are here."""
        self.marks.add(self._places)

    def rows_above(self) -> int:
        """How many rows are out of sight above."""
        return -(-self.scroll_offset.y // self._row_height)

    def visible_rows(self) -> Sequence[T]:
        """The rows in sight."""
        first = self.scroll_offset.y // self._row_height
        return self._rows[first : first + self.size.height // self._row_height + 1]

    def redraw(self) -> None:
        """Draw everything again."""
        self._drawn.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen, from the row that is there."""
        width, base = self.size.width, self.visual_style
        if not self._rows:
            return self.centred(self.message, y, base)
        place, line = divmod(y + self.scroll_offset.y, self._row_height)
        if place < len(self._rows):
            return self._row(place)[line]
        if place == len(self._rows) and line == 0 and self.more:
            return self.strips(toned("  loading more …", "quiet"), width, base)[0]
        return self.blank(width, base)

    def validate_cursor(self, place: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(place, len(self._rows) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Draw both rows, keep the cursor in sight and say where it is."""
        for place in (old, new):
            self.refresh_lines(place * self._row_height, self._row_height)
        self._follow()
        self._ask_for_more()
        self.post_message(self.Moved(self.current_key))

    def watch_message(self) -> None:
        """Show what an empty list has to say."""
        self.refresh()

    def watch_has_focus(self, focused: bool) -> None:
        """The cursor row is brighter while the list has focus."""
        super().watch_has_focus(focused)
        self.redraw()

    def on_resize(self) -> None:
        """Rows are as wide as the list."""
        self._drawn.clear()
        self._resized()
        self._follow()
        self._ask_for_more()

    def on_click(self, event: events.Click) -> None:
        """A click chooses a row, two open it."""
        place = (event.y + self.scroll_offset.y) // self._row_height
        if place < len(self._rows):
            self.cursor = place
            if event.chain > 1:
                self.post_message(self.Opened(self._key(self._rows[place])))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for the next page when a scroll comes near the end."""
        super().watch_scroll_y(old_value, new_value)
        self._ask_for_more()

    def action_move_down(self) -> None:
        """Next row."""
        self.cursor += 1

    def action_move_up(self) -> None:
        """Row before; at the top, ask for what is new."""
        if self.cursor == 0:
            self.post_message(self.AtTop())
        self.cursor -= 1

    def action_half_down(self) -> None:
        """Half a page down."""
        self.cursor += max(1, self._page() // 2)

    def action_half_up(self) -> None:
        """Half a page up."""
        self.cursor -= max(1, self._page() // 2)

    def action_move_page_down(self) -> None:
        """A page down."""
        self.cursor += self._page()

    def action_move_page_up(self) -> None:
        """A page up."""
        self.cursor -= self._page()

    def action_move_top(self) -> None:
        """To the top, and ask for what is new."""
        self.cursor = 0
        self.post_message(self.AtTop())

    def action_move_end(self) -> None:
        """To the last row that is here; more follow when there are."""
        self.cursor = len(self._rows) - 1

    def _page(self) -> int:
        return max(1, self.size.height // self._row_height - 1)

    def _row(self, place: int) -> list[Strip]:
        here = place == self.cursor and (self.rests or self.has_focus)
        if (found := self._drawn.get((place, here))) is None:
            found = self._drawn[place, here] = self._render_row(place, here)
        return found

    def _render_row(self, place: int, here: bool) -> list[Strip]:
        width = self.size.width
        base = self.get_visual_style("list--cursor") if here else self.visual_style
        marked = self._key(self._rows[place]) in self.marks
        if marked and not here:
            base = self.get_visual_style("list--marked")
        edge = toned(_BAR, "mine") if here else Content(" ")
        first = toned(_MARK, "mine") if marked else edge
        lines = self._draw(self._rows[place], max(1, width - 2))
        return [self.strips((edge if at else first) + line, width, base)[0] for at, line in enumerate(lines)]

    def _redraw_row(self, place: int) -> None:
        self._forget_row(place)
        self.refresh_lines(place * self._row_height, self._row_height)

    def _forget_row(self, place: int) -> None:
        self._drawn.pop((place, True), None)
        self._drawn.pop((place, False), None)

    def _marks_changed(self, keys: Iterable[Hashable]) -> None:
        for key in keys:
            self.redraw_row(key)
        self.post_message(self.Marked())

    def _resized(self) -> None:
        self._drawn.clear()
        height = len(self._rows) * self._row_height + (1 if self.more else 0)
        self.virtual_size = Size(self.size.width, height)
        self.refresh()

    def _follow(self) -> None:
        """Turn a page when the cursor leaves the sight, with the row it came from: scrolled line by line, every key
        would draw everything again.
        """
        top, bottom = self.cursor * self._row_height, (self.cursor + 1) * self._row_height
        height = self.size.height
        if top < self.scroll_offset.y:
            self.scroll_to(y=min(top, bottom + self._row_height - height), animate=False, force=True)
        elif height and bottom > self.scroll_offset.y + height:
            self.scroll_to(y=max(bottom - height, top - self._row_height), animate=False, force=True)

    def _ask_for_more(self) -> None:
        seen = max(self.cursor, (self.scroll_offset.y + self.size.height) // self._row_height)
        if self.more and seen + self._page() >= len(self._rows):
            self.post_message(self.NearEnd())
