"""What is pasted is text, whatever it holds.

Textual's own parser takes an escape inside a paste, and what follows it, for keys: words copied from a visitor
could press ctrl+s.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._xterm_parser import XTermParser
from textual.message import Message

from console.text import sanitise

_BEGIN, _END = "\x1b[200~", "\x1b[201~"


class PasteGuard:
    """Makes what stands between the two marks of a paste safe, however the terminal's bytes are cut into pieces."""

    def __init__(self) -> None:
        self._pasting = False
        self._seen = ""
        self._held = ""

    def guard(self, data: str) -> str:
        """The input with every paste in it made safe; what may be half a closing mark waits for the next piece."""
        done = ""
        while data:
            part, data = self._text(data) if self._pasting else self._keys(data)
            done += part
        return done

    def _keys(self, data: str) -> tuple[str, str]:
        joined = self._seen + data
        at = joined.find(_BEGIN)
        if at < 0:
            self._seen = joined[1 - len(_BEGIN) :]
            return data, ""
        end = at + len(_BEGIN) - len(self._seen)
        self._pasting, self._seen = True, ""
        return data[:end], data[end:]

    def _text(self, data: str) -> tuple[str, str]:
        text, mark, rest = (self._held + data).partition(_END)
        self._held = ""
        if mark:
            self._pasting = False
        else:
            text, self._held = _held_back(text)
        return _safe(text) + mark, rest


def _held_back(text: str) -> tuple[str, str]:
    """The text and its end, which may be the beginning of the closing mark or of a line's end."""
    for size in range(min(len(_END) - 1, len(text)), 0, -1):
        if _END.startswith(text[-size:]):
            return text[:-size], text[-size:]
    return (text[:-1], "\r") if text.endswith("\r") else (text, "")


def _safe(text: str) -> str:
    """Terminals paste a line's end as a carriage return."""
    return sanitise(text.replace("\r\n", "\n").replace("\r", "\n"))


class SafePasteParser(XTermParser):
    """Textual's parser behind a guard."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._guard = PasteGuard()

    def feed(self, data: str) -> Iterable[Message]:
        """The events in the input; no input is its end."""
        safe = self._guard.guard(data)
        return super().feed(safe) if safe or not data else ()
