"""A one-line input whose pasted text is made safe."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from console.text import one_line


class Words(Input):
    """Words to look for."""

    def __init__(self, hint: str, *, id: str | None = None) -> None:
        super().__init__(placeholder=hint, id=id, compact=True, select_on_focus=False)

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        start, end = self.selection
        self.replace(one_line(event.text), start, end)
