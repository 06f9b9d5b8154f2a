"""What reaches somebody who looks elsewhere: the terminal's title, a bell, a desktop notification. Counts only."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from time import monotonic

from console.text import SafeText

APART = 10.0
_LONGEST = 40
_KEEP_TITLE, _OLD_TITLE, _NO_TITLE = "\x1b[22;2t", "\x1b[23;2t", "\x1b]2;\x07"
_SPEAK_777 = ("rxvt", "foot", "vte")


class Attention:
    """The title follows the counts; news is told while the terminal has no focus, at most every `APART` seconds.

    `write` takes escape sequences; `how` is off, bell or desktop.
    """

    def __init__(self, write: Callable[[str], None], how: str, env: Mapping[str, str] = os.environ) -> None:
        self._write = write
        self._workspace = ""
        self._how = how
        self._env = env
        self._counts: tuple[int, int] | None = None
        self._focused = self._news = False
        self._shown: str | None = None
        self._last = -APART
        self._titled = env.get("TERM", "") not in {"linux", "vt100", "vt220"}

    def begin(self) -> None:
        """The terminal has just been taken: remember its title and set ours."""
        self._shown = ""
        self._title(_KEEP_TITLE)
        self._retitle()

    def at(self, workspace: SafeText) -> None:
        """The console is in this workspace."""
        self._workspace = "".join(each if each.isprintable() else "?" for each in workspace[:_LONGEST])
        self._retitle()

    def end(self) -> None:
        """Give the title back, where the terminal kept it; else there is none."""
        self._title(_NO_TITLE + _OLD_TITLE)
        self._shown = None

    def focus(self, *, here: bool) -> None:
        """The terminal was told that it has the focus, or lost it."""
        self._focused = here
        self._news = self._news and not here

    def counted(self, waiting: int, unread: int) -> None:
        """So many wait for a person now, and so many notifications of mine are unread."""
        before, self._counts = self._counts, (waiting, unread)
        if before == self._counts:
            return
        self._retitle()
        if before is not None and (waiting > before[0] or unread > before[1]) and not self._focused:
            self._news = True
            self.tick()

    def tick(self) -> None:
        """Tell the news, if it is time."""
        if self._news and monotonic() - self._last >= APART:
            self._news, self._last = False, monotonic()
            if self._how == "bell":
                self._write("\x07")
            elif self._how == "desktop":
                self._write(desktop(self._words(), self._env))

    def _title(self, text: str) -> None:
        if self._titled:
            self._write(text)

    def _retitle(self) -> None:
        waiting = self._counts[0] if self._counts else 0
        where = f" - {self._workspace}" if self._workspace else ""
        title = f"\x1b]2;console{where}{f' ({waiting}!)' if waiting else ''}\x07"
        if self._shown is not None and title != self._shown:
            self._shown = title
            self._title(title)

    def _words(self) -> str:
        waiting, unread = self._counts or (0, 0)
        return f"console: {waiting} waiting" + (f", {unread} for you" if unread else "")


def desktop(words: str, env: Mapping[str, str]) -> str:
    """The sequence for a desktop notification: OSC 777 where that is known, else OSC 9; through tmux if need be."""
    terminal = f"{env.get('TERM', '')} {'vte' if env.get('VTE_VERSION') else ''}"
    code = f"777;notify;console;{words}" if any(name in terminal for name in _SPEAK_777) else f"9;{words}"
    sequence = f"\x1b]{code}\x07"
    return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\" if env.get("TMUX") else sequence
