"""A megabyte pasted into the composer of the real console: one line says why it is not taken, and work goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from console.domain.message import MAX_MESSAGE_CHARS
from tests.cli.office import open_office
from tests.safety.grammar import offences
from tests.safety.tty import Tty, environment

SIZE = 1_000_000


@pytest.mark.parametrize(
    "text", ["word " * (SIZE // 5), "x" * SIZE, "line\n" * (SIZE // 5)], ids=["words", "one", "lines"]
)
def test_a_megabyte(urls: ServerUrls, tmp_path: Path, text: str) -> None:
    office = open_office(urls, tmp_path)
    id = office.talk("hello")
    signed = {"DATABASE_URL": urls.app, "CONSOLE_SESSION_TOKEN": office.tokens["mia"]}
    tty = Tty(environment(office.home, **signed), (80, 24))
    try:
        tty.sees("Vic", "take over")
        tty.press("t")
        tty.sees("ctrl+s")
        tty.press("\x1b[200~")
        for at in range(0, len(text), 4096):
            tty.child.write(text[at : at + 4096].encode())
            tty.read(0)
        tty.child.write(b"\x1b[201~")
        tty.sees("not pasted", f"{MAX_MESSAGE_CHARS:,}")
        tty.press("kept")
        tty.sees("kept")
        tty.escape()
        tty.press("q")
        tty.sees("Leave the console?")
        tty.press("y")
        assert tty.finish() == 0
        assert offences(bytes(tty.raw)) == []
    finally:
        tty.close()
    assert len(office.json("max", "conv", "show", id)["messages"]) == 1
