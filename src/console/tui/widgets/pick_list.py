"""A short list of options, one of them chosen; the keys are those of the widget around it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Generic, TypeVar

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from console.tui.present.picking import Option, option_lines

T = TypeVar("T")


class PickList(Static, Generic[T]):
    """At most `most` lines; the chosen one is always among them."""

    class Clicked(Message):
        """The chosen option was clicked."""

    def __init__(self, *, most: int = 8, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self._most = most
        self._options: Sequence[Option[T]] = ()
        self._checked: Collection[T] | None = None
        self._at = 0

    @property
    def current(self) -> Option[T] | None:
        """The one chosen."""
        return self._options[self._at] if self._options else None

    @property
    def options(self) -> Sequence[Option[T]]:
        """All of them."""
        return self._options

    def show(
        self, options: Sequence[Option[T]], *, checked: Collection[T] | None = None, at: int | None = None
    ) -> None:
        """Show these; the choice stays at its place unless `at` says where it is."""
        self._options, self._checked = options, checked
        self._at = max(0, min(self._at if at is None else at, len(options) - 1))
        self._draw()

    def move(self, step: int) -> None:
        """Choose another one; past the end it begins again."""
        if self._options:
            self._at = (self._at + step) % len(self._options)
            self._draw()

    def on_resize(self) -> None:
        """Lines are as wide as the list."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """A click chooses, and says so."""
        place = event.y + max(0, min(self._at - self._most // 2, len(self._options) - self._most))
        if place < len(self._options):
            self._at = place
            self._draw()
            self.post_message(self.Clicked())

    def _draw(self) -> None:
        width = self.size.width
        self.update(option_lines(self._options, self._at, width, self._most, self._checked) if width else Content(""))
