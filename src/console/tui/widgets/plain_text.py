"""Text that is edited in the console: nothing of it is markup, and it may shrink at any time."""

from __future__ import annotations

from textual.widgets import TextArea


class PlainText(TextArea):
    """A text area whose undo survives the end of its scrollbar."""

    def _recompute_cursor_offset(self) -> None:
        # Textual undoes an edit, sizes the text anew, and only then puts the cursor back: a scrollbar that goes
        # meanwhile asks where the cursor is, in lines that are gone.
        here = self.clamp_visitable(self.cursor_location)
        self._cursor_offset = self.wrapped_document.location_to_offset(here)
