"""The line at the top of every screen."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static


class OneLine(Static):
    """One line of `Content`, redrawn only when it changes."""

    shown: reactive[Content] = reactive(Content(""), always_update=True)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)

    def render(self) -> Content:
        """The line."""
        return self.shown

    def show(self, content: Content) -> None:
        """Show another line."""
        if not content.is_same(self.shown):
            self.shown = content


class TopBar(OneLine):
    """Workspace, areas with counts, link, clock."""
