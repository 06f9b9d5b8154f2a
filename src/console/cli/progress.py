"""One progress line on stderr, with real counts."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from console.cli.columns import width
from console.text import one_line

_BAR = 24
_REDRAW_SECONDS = 0.1
_LINE_SECONDS = 5.0


class Progress:
    """Redrawn in place on a terminal; elsewhere a plain line now and then, and at the end."""

    def __init__(self, label: str, total: int | None = None) -> None:
        """`label` names what is counted; `total` may come later, with `to`."""
        self.label = one_line(label, 40)
        self.total = total
        self.done = 0
        self._live = sys.stderr.isatty()
        self._shown_at = 0.0
        self._width = 0

    def to(self, done: int, total: int | None = None) -> None:
        """Say that `done` are done by now (of `total`, when it changed)."""
        self.done = done
        self.total = self.total if total is None else total
        now = time.monotonic()
        if now - self._shown_at >= (_REDRAW_SECONDS if self._live else _LINE_SECONDS):
            self._shown_at = now
            self._show(end="" if self._live else "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show(end="\n")

    def _show(self, end: str) -> None:
        line = f"{self.label} {self._counts()}"
        blank = " " * max(0, self._width - width(line))
        self._width = width(line)
        print(("\r" if self._live else "") + line + blank, end=end, file=sys.stderr, flush=True)

    def _counts(self) -> str:
        if not self.total:
            return f"{self.done:,}"
        share = min(1.0, self.done / self.total)
        filled = int(share * _BAR)
        bar = f"  [{'#' * filled}{'-' * (_BAR - filled)}]" if self._live else ""
        return f"{self.done:,} of {self.total:,}{bar}  {int(share * 100)}%"
