"""One-line inputs whose pasted text is made safe."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from console.text import one_line

TYPING = 0.15


class Words(Input):
    """Words to look for."""

    def __init__(self, hint: str, *, id: str | None = None) -> None:
        super().__init__(placeholder=hint, id=id, compact=True, select_on_focus=False)

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        start, end = self.selection
        self.replace(one_line(event.text), start, end)


class FilterBox(Words):
    """What a list is filtered by: hidden until it is asked for, heard when the typing rests."""

    @dataclass
    class Rested(Message):
        """These words are looked for now."""

        words: str

    def __init__(self, hint: str = "words to look for", *, id: str | None = None) -> None:
        super().__init__(hint, id=id)
        self.display = False
        self._rest: Timer | None = None

    def ask(self) -> None:
        """Ask for words."""
        self.display = True
        self.focus()

    def drop(self) -> None:
        """Forget the words and hide."""
        self.value = ""
        self.display = False

    @on(Input.Changed)
    def _typed(self) -> None:
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(TYPING, self._tell)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.display = False
        self._tell()

    def _tell(self) -> None:
        self.post_message(self.Rested(self.value.strip()))
