"""Every byte that the console writes is one that a console writes by itself, whatever it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from tests.cli.terminal import run
from tests.safety.grammar import PLAIN, offences
from tests.safety.hostile import Hostile, plant
from tests.safety.payloads import generated, naughty
from tests.safety.tty import CONSOLE, Tty, environment

SIZES = [(80, 24), (120, 40)]
PASTED = "a\x1b]52;c;aGk=\x07b\x1b[2Jc\x9b31md\u202ee\x9d0;t\x9cf[@click=app.quit]x[/]g[/"
UP, SEND = "\x1b[5~", "\x13"


@pytest.fixture(scope="module")
def hostile(urls: ServerUrls) -> Hostile:
    """Both corpora in one workspace."""
    return plant(urls, [*generated(), *naughty()])


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def tty(request: pytest.FixtureRequest, hostile: Hostile, tmp_path: Path) -> Iterator[Tty]:
    """The console of the owner, its inbox shown."""
    tty = Tty(environment(tmp_path, **hostile.env), request.param)
    tty.sees("take over")
    yield tty
    tty.close()


def leave(tty: Tty) -> None:
    tty.on("q")
    if not tty.at_end:
        tty.on("y")
    assert tty.finish() == 0
    assert tty.restored()


def clean(tty: Tty) -> None:
    assert offences(bytes(tty.raw)) == []


def read_through(tty: Tty, tags: tuple[str, ...]) -> None:
    """Open the conversation under the cursor and read it from its last message to its first."""
    tty.press("\r")
    tty.sees(tags[-1])
    tty.settle()
    for _ in range(80):
        if tty.shows(tags[0]):
            break
        tty.on(UP)
    assert [tag for tag in tags if not tty.shows(tag)] == []


def test_every_conversation_read_through(tty: Tty, hostile: Hostile) -> None:
    for tags in hostile.tags:
        read_through(tty, tags)
        tty.press("w")
        tty.sees("Why did the assistant say this?", "quoted")
        tty.on("w")
        tty.escape()
        tty.on("j")
    leave(tty)
    clean(tty)


def test_pasted_into_everything(tty: Tty) -> None:
    for opens, shown in (("/", "words to look for"), ("\x10", "Take over"), ("?", "type to search")):
        tty.press(opens)
        tty.sees(shown)
        tty.paste(PASTED)
        tty.sees("a\u241b]52;c;aGk=\u2407b")
        tty.escape()
        tty.escape()
    leave(tty)
    clean(tty)


def test_a_conversation_taken_over(tty: Tty) -> None:
    tty.press("t")
    tty.sees("ctrl+s")
    for marker in ("zzreply", "zznote"):
        if marker == "zznote":
            tty.escape()
            tty.on("p")
        tty.paste(f"{PASTED}{marker}")
        tty.sees(marker)
        tty.press(SEND)
        tty.sees(marker)
        tty.settle()
    leave(tty)
    clean(tty)


def test_taken_from_a_holder(tty: Tty) -> None:
    tty.on("G")
    tty.press("t")
    tty.sees("loses it", "Yes, take over")
    tty.on("y")
    tty.escape()
    leave(tty)
    clean(tty)


@pytest.mark.parametrize("words", [["conv", "list"], ["gap", "list"], ["conv", "show"]], ids=" ".join)
def test_commands(hostile: Hostile, tmp_path: Path, words: list[str]) -> None:
    ids = [str(id) for id in hostile.talks[:6]] if words[-1] == "show" else [""]
    for id in ids:
        command = [*words, *filter(None, [id])]
        tty = Tty(environment(tmp_path, **hostile.env), (80, 24), [*CONSOLE, *command])
        assert tty.finish() == 0
        assert len(tty.raw) > 1000
        assert offences(bytes(tty.raw), PLAIN) == []
        piped = run(tmp_path, *command, env=hostile.env)
        assert offences(piped.stdout.encode(), PLAIN) == []
