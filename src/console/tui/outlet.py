"""What is written to the terminal, without ever waiting for it."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from typing import IO

from textual._ansi_sequences import SYNC_END, SYNC_START

MOST = 32_768
_LAST_SECONDS = 1.0


class Outlet(threading.Thread):
    """Takes the place of Textual's writer thread, which holds up the whole program while the terminal does not read.

    Beyond `MOST` characters that wait, frames are left out; `caught_up` is called, in this thread, once the terminal
    has read what it had begun, and everything should be drawn again.
    """

    def __init__(self, file: IO[str]) -> None:
        super().__init__(daemon=True, name="terminal-output")
        self.caught_up: Callable[[], None] = lambda: None
        self._fd = file.fileno()
        self._waiting: deque[str] = deque()
        self._size = 0
        self._behind = self._ending = self._last = self._gone = self._within = False
        self._changed = threading.Condition()

    def write(self, text: str) -> None:
        """Write soon, or not at all."""
        with self._changed:
            if self._size > MOST and not self._last and not self._within:
                self._forget()
                self._behind = True
            self._within = text == SYNC_START or (self._within and text != SYNC_END)
            if not self._behind:
                self._waiting.append(text)
                self._size += len(text)
            if not self._within:
                self._changed.notify()  # a frame goes out whole

    def flush(self) -> None:
        """The thread does."""

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return True

    def fileno(self) -> int:
        """The terminal."""
        return self._fd

    def only_the_last(self) -> None:
        """Leave out what waits; all that is written from here on ends the show, and must come through."""
        with self._changed:
            self._forget()
            self._behind, self._last = False, True

    def stop(self) -> None:
        """Write what waits and end, within a moment even if the terminal reads no more."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self.join(_LAST_SECONDS)

    def run(self) -> None:
        """Write whatever waits."""
        while data := self._next():
            self._put(data.encode("utf-8", "replace"))

    def _forget(self) -> None:
        self._waiting.clear()
        self._size = 0

    def _next(self) -> str:
        """All that waits, together; nothing at the end."""
        with self._changed:
            while not self._waiting and not self._ending:
                if self._behind:
                    self._behind = False
                    self.caught_up()
                self._changed.wait()
            data = "".join(self._waiting)
            self._forget()
            return data

    def _put(self, data: bytes) -> None:
        while data and not self._gone:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:  # others may have set it so: it is their terminal too
                select.select([], [self._fd], [], _LAST_SECONDS)
            except OSError:
                self._gone = True
