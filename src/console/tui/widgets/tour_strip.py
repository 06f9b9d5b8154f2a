"""The tour's two lines above the keys; there only while a tour goes on."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from console.tui.widgets.top_bar import OneLine


class TourStrip(Vertical):
    """Where the tour stands, and what to press."""

    def compose(self) -> ComposeResult:
        """Two lines."""
        yield OneLine(id="tour-step")
        yield OneLine(id="tour-how")

    def show(self, lines: tuple[Content, Content], *, running: bool) -> None:
        """Show these, or nothing."""
        self.display = running
        for id, line in zip(("#tour-step", "#tour-how"), lines, strict=True):
            self.query_one(id, OneLine).show(line)
