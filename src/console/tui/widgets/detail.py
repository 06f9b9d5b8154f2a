"""Text of any length to read beside a list."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.reactive import var
from textual.strip import Strip

from console.tui.commands import Scope, bindings
from console.tui.widgets.lines import LineView


class Detail(LineView, inherit_bindings=False):
    """Lines of `Content`, wrapped to the width; the moving keys scroll."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.MOVE)

    text: var[Content] = var(Content(""), init=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Strip] = []

    def show(self, text: Content, *, top: bool = False) -> None:
        """Show another text; `top` where it is about something else, so that its beginning is in sight."""
        if not text.is_same(self.text):
            self.text = text
            self._wrap()
        if top:
            self.scroll_to(y=0, animate=False, force=True)

    def on_resize(self) -> None:
        """Wrap again."""
        self._wrap()

    def redraw(self) -> None:
        """In other styles."""
        self._wrap()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        at = y + self.scroll_offset.y
        return self._lines[at] if at < len(self._lines) else self.blank(self.size.width, self.visual_style)

    def action_move_down(self) -> None:
        """A line down."""
        self._scroll(1)

    def action_move_up(self) -> None:
        """A line up."""
        self._scroll(-1)

    def action_half_down(self) -> None:
        """Half a page down."""
        self._scroll(self.size.height // 2)

    def action_half_up(self) -> None:
        """Half a page up."""
        self._scroll(-(self.size.height // 2))

    def action_move_page_down(self) -> None:
        """A page down."""
        self._scroll(self.size.height - 1)

    def action_move_page_up(self) -> None:
        """A page up."""
        self._scroll(1 - self.size.height)

    def action_move_top(self) -> None:
        """To the top."""
        self.scroll_to(y=0, animate=False, force=True)

    def action_move_end(self) -> None:
        """To the end."""
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def _scroll(self, lines: int) -> None:
        self.scroll_relative(y=lines, animate=False, force=True)

    def _wrap(self) -> None:
        width = self.size.width - 1  # the last column is the scrollbar's
        if width < 1:
            return
        base, lines = self.visual_style, self.text.split("\n", allow_blank=True)
        self._lines = [strip for line in lines for strip in self.strips(line, width, base, wrap=True)]
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()
