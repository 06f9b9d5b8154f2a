"""Lines typed at a prompt of a terminal while other text comes in above it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from threading import Thread

_PROMPT = "> "


class Typed:
    """A prompt with readline's editing; use `lines` once, and `above` for all that is printed meanwhile."""

    def __init__(self) -> None:
        self._waiting = False

    async def lines(self) -> AsyncIterator[str]:
        """Each non-empty line as it is typed, until ctrl+d; leaves the terminal as it was found."""
        import readline

        readline.parse_and_bind("set enable-bracketed-paste off")
        sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
        loop, typed = asyncio.get_running_loop(), asyncio.Queue[str | None]()

        def put(line: str | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(typed.put_nowait, line)

        with _settings_kept():
            Thread(target=self._read, args=(put,), name="prompt", daemon=True).start()
            while (line := await typed.get()) is not None:
                if text := line.strip():
                    yield text

    @property
    def half(self) -> str:
        """What stands at the prompt and has not been sent."""
        import readline

        return readline.get_line_buffer() if self._waiting else ""

    @contextmanager
    def above(self) -> Iterator[None]:
        """What the block prints stands on lines of its own, above the prompt and what is typed so far."""
        import readline

        shown = self._waiting
        if shown:
            _write("\r\x1b[K")
        yield
        if shown:
            _write(_PROMPT + readline.get_line_buffer())

    def _read(self, put: Callable[[str | None], None]) -> None:
        while True:
            self._waiting = True
            try:
                line = input(_PROMPT)
            except EOFError:
                line = None
            self._waiting = False
            if line is None:
                _write("\n")
            put(line)
            if line is None:
                return


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


@contextmanager
def _settings_kept() -> Iterator[None]:
    """The thread at the prompt can't be stopped, nor put the terminal right itself, when the talk ends by ctrl+c."""
    import termios

    before = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
