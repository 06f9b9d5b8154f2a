"""The real console in a pseudo-terminal: every byte that it writes is kept."""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import time
from typing import Any

import pyte
from ptyprocess import PtyProcess  # type: ignore[import-untyped]

CONSOLE = [sys.executable, "-m", "console"]
PATIENCE = 60.0
QUIET = 0.06
ESCAPE = 0.6
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>]\d*u|\x1b\[\?\d+\$p|\x1b\]22;[a-z]+(?:\x07|\x1b\\)")


class Tty:
    """A command on a terminal of `columns` by `lines`."""

    def __init__(self, env: dict[str, str], size: tuple[int, int], command: list[str] | None = None) -> None:
        self.size = size
        self.child: Any = PtyProcess.spawn(command or CONSOLE, env=env, dimensions=(size[1], size[0]))
        self.modes = self._modes()
        self.raw = bytearray()
        self._mark = 0
        self.at_end = False

    def _modes(self) -> list[Any]:
        return termios.tcgetattr(self.child.fd)

    def press(self, keys: str) -> None:
        """Press keys; `sees` looks at what is written from here on."""
        self._mark = len(self.raw)
        self.child.write(keys.encode())

    def paste(self, text: str) -> None:
        """Paste as a terminal does that knows bracketed paste."""
        self.press(f"\x1b[200~{text}\x1b[201~")

    def shows(self, words: str) -> bool:
        """Whether these words were written since the last key, as one run of text."""
        return words.encode() in self.raw[self._mark :]

    def sees(self, *words: str) -> None:
        """Read until all these were written since the last key."""
        deadline = time.monotonic() + PATIENCE
        while missing := [each for each in words if not self.shows(each)]:
            assert time.monotonic() < deadline, f"never: {missing}\n{self.picture()}"
            assert self.read(0.2) is not None, f"ended before {missing}\n{self.raw[-2000:].decode(errors='replace')}"

    def stands(self, words: str) -> None:
        """Read until these are on the screen, in whatever colours."""
        deadline = time.monotonic() + PATIENCE
        while words not in (picture := self.picture()):
            assert time.monotonic() < deadline, f"never: {words}\n{picture}"
            assert self.read(0.2) is not None, f"ended before {words}\n{picture}"

    def settle(self) -> None:
        """Read until nothing is written for a moment."""
        while self.read(QUIET):
            pass

    def on(self, keys: str) -> None:
        """Press keys and read what they lead to; `sees` still looks at what was written before, too."""
        self.child.write(keys.encode())
        self.read(1.0)
        self.settle()

    def escape(self) -> None:
        """Press esc, and let the time pass after which it is no longer the beginning of a sequence."""
        self.child.write(b"\x1b")
        until = time.monotonic() + ESCAPE
        while (left := until - time.monotonic()) > 0:
            self.read(left)
        self.settle()

    def read(self, seconds: float) -> bytes | None:
        """What is written within that time; None at the end."""
        if not select.select([self.child.fd], [], [], seconds)[0]:
            return b""
        try:
            found = bytes(self.child.read(65536))
        except EOFError:
            self.at_end = True
            return None
        self.raw += found
        return found

    def leave(self) -> int:
        """Leave the console, whatever there is to lose; the exit status."""
        self.press("q")
        deadline = time.monotonic() + PATIENCE
        while not self.at_end and not self.shows("Leave the console?"):
            assert time.monotonic() < deadline, f"neither asks nor ends\n{self.picture()}"
            self.read(0.2)
        if not self.at_end:
            self.press("y")
        return self.finish()

    def finish(self) -> int:
        """Read to the end; the exit status."""
        deadline = time.monotonic() + PATIENCE
        while not self.at_end:
            assert time.monotonic() < deadline, f"still running\n{self.picture()}"
            self.read(0.2)
        self.child.wait()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -self.child.signalstatus)

    def close(self) -> None:
        """End the command if it still runs."""
        self.child.close(force=True)

    def restored(self) -> bool:
        """Whether the line discipline is as it was found."""
        return self._modes() == self.modes

    def picture(self) -> str:
        """What a terminal would show now."""
        screen = pyte.Screen(*self.size)
        pyte.ByteStream(screen).feed(_UNKNOWN_TO_PYTE.sub(b"", bytes(self.raw)))
        return "\n".join(screen.display)

    def click(self, column: int, line: int) -> None:
        """Click the left button on a cell, counted from 0."""
        self.press(f"\x1b[<0;{column + 1};{line + 1}M\x1b[<0;{column + 1};{line + 1}m")


def environment(home: os.PathLike[str], **more: str) -> dict[str, str]:
    """An environment with an empty home and the usual terminal over SSH."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    usual = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "CONSOLE_NOTIFY": "off"}
    return {**kept, "HOME": str(home), **usual, **more}
