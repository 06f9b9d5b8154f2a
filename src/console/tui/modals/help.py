"""Every key, from the command table, searchable."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from console.domain.actor import Role
from console.tui.modals.base import SCROLLING, Modal
from console.tui.present.keys import help_lines
from console.tui.present.tone import toned
from console.tui.widgets.words import Words


class HelpModal(Modal[bool]):
    """Type to search; the arrows scroll. True when a tour is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        Binding("T", "tour", "Tour", priority=True),
        *SCROLLING,
    ]

    def __init__(self, role: Role) -> None:
        super().__init__()
        self._role = role

    def compose(self) -> ComposeResult:
        """Search, table, how to leave."""
        with Vertical(classes="card tall"):
            yield _Search("type to search the keys", id="words")
            with VerticalScroll(id="table", can_focus=False):
                yield Static(markup=False, id="help-lines")
            yield Static(toned("↑ ↓ scroll   T a two-minute tour   esc close", "quiet"), markup=False)

    def on_resize(self) -> None:
        """The lines are as wide as the card, which is laid out after this."""
        self.call_after_refresh(self._draw)

    @on(Input.Changed, "#words")
    def _draw(self) -> None:
        words, room = self.query_one("#words", Input).value, self.query_one("#table").scrollable_content_region.width
        self.query_one("#help-lines", Static).update(help_lines(words, self._role, room))

    def action_tour(self) -> None:
        """Take the tour."""
        self.dismiss(True)


class _Search(Words):
    """T as the first letter is the tour's."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return super().check_consume_key(key, character) and (character != "T" or bool(self.value))
