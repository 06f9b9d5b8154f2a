"""What a command prints: data on stdout, talk on stderr, every word of it safe for a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING, TextIO

from console.errors import RefusedError
from console.text import one_line, sanitise

if TYPE_CHECKING:
    from console.cli.progress import Progress

_CELL = 2000


class Output:
    """The two streams of a command; `json` says that stdout is for a program."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json

    def data(self, value: object) -> None:
        """Print one JSON object on one line, in ASCII; dataclasses, ids, times and enums are understood."""
        from console.cli.plain import to_json

        _write(sys.stdout, to_json(value) + "\n")

    def lines(self, values: Iterable[object]) -> None:
        """Print JSON Lines, each as soon as it comes."""
        for value in values:
            self.data(value)

    def text(self, text: str) -> None:
        """Print text for a person on stdout."""
        _write(sys.stdout, sanitise(text) + "\n")

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print aligned columns, numbers to the right; on a terminal the widest columns give way."""
        from console.cli.columns import aligned

        kept = [list(row) for row in rows]
        right = [bool(kept) and all(isinstance(row[i], int | float) for row in kept) for i in range(len(headers))]
        cells = [[one_line("" if value is None else str(value), _CELL) for value in row] for row in kept]
        room = get_terminal_size().columns if sys.stdout.isatty() else None
        for line in aligned([[name.upper() for name in headers], *cells], right, room):
            _write(sys.stdout, line + "\n")

    def say(self, text: str) -> None:
        """Tell the person at the terminal something, on stderr."""
        _write(sys.stderr, sanitise(text) + "\n")

    def progress(self, label: str, total: int | None = None) -> Progress:
        """A progress line on stderr with real counts: `with out.progress("chunks", 980) as bar: bar.to(430)`."""
        from console.cli.progress import Progress

        return Progress(label, total)


def flush() -> None:
    """Write what waits for stdout; `RefusedError` when it can't be, `BrokenPipeError` when its reader left."""
    _write(sys.stdout, "")


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        _drop(stream)
        if isinstance(error, BrokenPipeError):
            raise
        raise RefusedError(f"the output can't be written: {error.strerror}") from None


def _drop(stream: TextIO) -> None:
    """Python flushes a stream once more at its end: give what still waits a place to go."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
