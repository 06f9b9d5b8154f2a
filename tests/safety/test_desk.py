"""Labels, canned replies, members' names, mentions and marks on a real terminal: only the console's own bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from tests.safety.grammar import offences
from tests.safety.hostile import plant
from tests.safety.payloads import generated
from tests.safety.tty import Tty, environment

SIZES = [(80, 24), (120, 40)]
DOWN, SEND = "\x1b[B", "\x13"


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def tty(urls: ServerUrls, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tty]:
    """The owner's console in a workspace of its own in which every text is bad."""
    tty = Tty(environment(tmp_path, **plant(urls, generated()).env), request.param)
    try:
        tty.sees("take over")
        yield tty
        tty.settle()
        assert tty.leave() == 0
        assert offences(bytes(tty.raw)) == []
    finally:
        tty.close()


def test_pickers(tty: Tty) -> None:
    for key, words in (("l", "Labels of"), ("a", "Assign"), ("@", "What you should know of"), ("z", "Snooze")):
        tty.press(key)
        tty.sees(words)
        tty.settle()
        for _ in range(12):
            tty.on(DOWN)
        tty.escape()
    tty.press("l")
    tty.sees("Labels of")
    tty.paste("a\x1b]52;c;aGk=\x07b\x9b31m[/")
    tty.sees("new label")
    tty.press("\r")
    tty.sees("changed the labels" if tty.size[0] >= 100 else "#a\u241b]52")


def test_two_keys_at_once_are_one_command(tty: Tty) -> None:
    tty.press("zr")
    tty.sees("snoozed until a reply")
    tty.press("u")
    tty.sees("undone")


def test_marks_and_their_preview(tty: Tty) -> None:
    tty.press("A")
    tty.sees("marked")
    tty.press("e")
    tty.sees("Resolve", "holds it")
    tty.press("y")
    tty.sees("resolved")
    tty.settle()


def test_canned_replies_and_what_is_on_its_way(tty: Tty) -> None:
    tty.press("t")
    tty.sees("ctrl+s")
    tty.settle()
    for _ in range(6):
        tty.on("\x15")
    tty.on("/")
    tty.settle()
    for _ in range(8):
        tty.on(DOWN)
    tty.on("\r")
    tty.on("zzheld")
    tty.press(SEND)
    tty.sees("sending")
    tty.escape()
    tty.press("u")
    tty.sees("your draft again")
    tty.escape()
    tty.press("p")
    tty.sees("only your team sees it")
    tty.on(" @")
    tty.settle()
    tty.on("\r")
    tty.press(SEND)
    tty.settle()
