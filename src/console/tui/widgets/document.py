"""A document to edit in the console itself."""

from __future__ import annotations

from textual import events

from console.text import sanitise
from console.tui.widgets.plain_text import PlainText


class Document(PlainText):
    """Plain text; tab stays in it, and what is pasted has no control codes."""

    def __init__(self, text: str, *, id: str | None = None) -> None:
        super().__init__(
            text, id=id, compact=True, soft_wrap=True, show_line_numbers=True, tab_behavior="indent",
            highlight_cursor_line=False,
        )  # fmt: skip

    def go_to_line(self, number: int) -> None:
        """Put the cursor at the beginning of a line, counted from 1."""
        self.move_cursor((max(0, min(number, self.document.line_count) - 1), 0), center=True)

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        if result := self._replace_via_keyboard(sanitise(event.text), *self.selection):
            self.move_cursor(result.end_location)
