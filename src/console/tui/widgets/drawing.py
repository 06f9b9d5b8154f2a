"""A drawing as large as its place."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

Draw = Callable[[int, int], Content]
"""Makes the drawing for a width and a height."""


class Drawing(Widget):
    """Drawn again whenever its place has another size."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw: Draw = lambda _width, _height: Content("")

    def show(self, draw: Draw) -> None:
        """Draw something else."""
        self._draw = draw
        self.refresh()

    def render(self) -> Content:
        """The drawing."""
        return self._draw(*self.size)
