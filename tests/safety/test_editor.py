"""A draft edited in the person's own editor: the real console gives its terminal away and takes it back."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from console.services import Services
from tests.cli.office import Office, open_office, over
from tests.safety.grammar import offences
from tests.safety.tty import Tty, environment

EDITS = """
import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python's own is not heeded between the prompt and the read
file = pathlib.Path(sys.argv[-1])
input("EDITOR READY ")
text = file.read_text()
new = sys.argv[1]
file.write_text(text.replace("threshold = 0.5", new))
"""


@pytest.fixture
def office(urls: ServerUrls, tmp_path: Path) -> Office:
    return open_office(urls, tmp_path)


def opened(office: Office, folder: Path, line: str) -> Iterator[Tty]:
    script = folder / "edits.py"
    script.write_text(EDITS)
    editor = shlex.join([sys.executable, str(script), line])
    signed = {"DATABASE_URL": office.urls.app, "CONSOLE_SESSION_TOKEN": office.tokens["olivia"]}
    tty = Tty(environment(office.home, **signed, EDITOR=editor), (100, 30))
    tty.sees("Inbox")
    tty.press("4")
    tty.sees("live v1")
    tty.press("i")
    tty.sees("EDITOR READY")
    yield tty
    tty.close()


def threshold(office: Office) -> float:
    async def read() -> float:
        async def work(db: object) -> float:
            services = Services(db)  # type: ignore[arg-type]
            actor = await services.auth.resume(office.tokens["olivia"])
            settings = (await services.agents.draft(actor, "help")).settings
            return float(settings["retrieval_config"]["threshold"])

        return await over(office.urls.app, work)

    return asyncio.run(read())


def test_what_the_editor_leaves_is_saved_and_the_console_comes_back(office: Office, tmp_path: Path) -> None:
    for tty in opened(office, tmp_path, "threshold = 0.7"):
        assert tty.raw.rfind(b"\x1b[?1049l") > tty.raw.rfind(b"\x1b[?1049h")
        tty.press("\r")
        tty.sees("draft: 1 change")
        assert tty.raw.rfind(b"\x1b[?1049h") > tty.raw.rfind(b"\x1b[?1049l")
        assert threshold(office) == 0.7
        tty.on("q")
        assert tty.finish() == 0
        assert tty.restored()


def test_what_can_not_be_saved_is_shown_with_its_line_and_kept(office: Office, tmp_path: Path) -> None:
    for tty in opened(office, tmp_path, "threshold = 7 # \x9b31m\u202e"):
        tty.press("\r")
        tty.sees("line ")
        tty.settle()
        assert threshold(office) == 0.5
        after = bytes(tty.raw).rpartition(b"\x1b[?1049h")[2]
        assert b"must be a number from 0 to 1" in after
        assert b"\xc2\x9b" not in after
        assert "\u202e".encode() not in after
        assert offences(b"\x1b[?1049h" + after) == []
        (kept,) = office.home.rglob("edit-*.toml")
        assert "threshold = 7" in kept.read_text()


def test_ctrl_c_in_the_editor_does_not_end_the_console(office: Office, tmp_path: Path) -> None:
    for tty in opened(office, tmp_path, "threshold = 0.7"):
        tty.press("\x03")
        tty.sees("the editor ended with status")
        assert threshold(office) == 0.5
        tty.escape()
        tty.on("q")
        assert tty.finish() == 0
