"""Lines of standard input, without holding up what runs beside them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from threading import Thread

_CHUNK = 65536


async def lines_from_stdin() -> AsyncIterator[str]:
    """Each non-empty line as it comes, until the input ends; bytes that are no UTF-8 are replaced."""
    chunks: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    Thread(target=_pump, args=(loop, chunks), name="stdin", daemon=True).start()
    rest = b""
    while chunk := await chunks.get():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if text := _text(line):
                yield text
    if text := _text(rest):
        yield text


def _pump(loop: asyncio.AbstractEventLoop, chunks: asyncio.Queue[bytes]) -> None:
    # os.read, not sys.stdin: a thread inside sys.stdin holds a lock that the interpreter's end waits for
    while True:
        try:
            chunk = os.read(0, _CHUNK)
        except OSError:
            chunk = b""
        if loop.is_closed():
            return
        loop.call_soon_threadsafe(chunks.put_nowait, chunk)
        if not chunk:
            return


def _text(line: bytes) -> str:
    return line.decode(errors="replace").strip()
