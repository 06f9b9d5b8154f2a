"""However wide or tall a visitor's letters are, what stands beside them stays in its column."""

from __future__ import annotations

from pathlib import Path

import pyte
import pytest

from console.db.embedded.server import ServerUrls
from tests.cli.office import open_office
from tests.safety.tty import _UNKNOWN_TO_PYTE, Tty, environment

NAMES = [
    "Plain",
    "e" + "\u0301" * 100,
    "\u540d\u524d" * 30,
    "x" * 200,
    "\u0e01\u0e33\u0e19" * 9,
    "\U0001f469 a",
    "\u0645\u0631",
]


def columns(tty: Tty, word: str) -> list[int]:
    """The column where the word begins, of each line that has it, as a terminal places it."""
    screen = pyte.Screen(*tty.size)
    pyte.ByteStream(screen).feed(_UNKNOWN_TO_PYTE.sub(b"", bytes(tty.raw)))
    found = []
    for y in range(screen.lines):
        cells = [screen.buffer[y][x].data for x in range(screen.columns)]
        words = [x for x in range(len(cells) - len(word)) if cells[x : x + len(word)] == list(word)]
        found += words[:1]
    return found


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_row_has_its_columns(urls: ServerUrls, tmp_path: Path, size: tuple[int, int]) -> None:
    office = open_office(urls, tmp_path)
    for name in NAMES:
        office.talk(f"{name} \t words", name=name)
    tty = Tty(environment(office.home, DATABASE_URL=urls.app, CONSOLE_SESSION_TOKEN=office.tokens["mia"]), size)
    try:
        tty.sees("Plain", "live", "xxx", "words")
        found: list[int] = []
        for _ in range(60):
            if len(found) < len(NAMES):
                tty.read(1.0)
                found = columns(tty, "ai is answering")
        assert len(found) == len(NAMES), tty.picture()
        assert len(set(found)) == 1, tty.picture()
    finally:
        tty.close()
