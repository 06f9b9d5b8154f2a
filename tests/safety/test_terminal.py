"""Every byte that the console writes is one that a console writes by itself, whatever it shows."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from tests.cli.terminal import run
from tests.safety.grammar import PLAIN, offences
from tests.safety.hostile import Hostile, plant
from tests.safety.payloads import generated, naughty
from tests.safety.tty import CONSOLE, PATIENCE, Tty, environment

SIZES = [(80, 24), (120, 40)]
PASTED = "a\x1b]52;c;aGk=\x07b\x1b[2Jc\x9b31md\u202ee\x9d0;t\x9cf[@click=app.quit]x[/]g[/"
UP, SEND = "\x1b[5~", "\x13"


@pytest.fixture(scope="module")
def hostile(urls: ServerUrls) -> Hostile:
    """Both corpora in one workspace."""
    return plant(urls, [*generated(), *naughty()])


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Both sizes that every screen must look right at."""
    return request.param  # type: ignore[no-any-return]


@contextmanager
def opened(hostile: Hostile, size: tuple[int, int], home: Path) -> Iterator[Tty]:
    """The console of the owner, its inbox shown."""
    tty = Tty(environment(home, **hostile.env), size)
    try:
        tty.sees("take over")
        yield tty
    finally:
        tty.close()


@pytest.fixture
def tty(hostile: Hostile, size: tuple[int, int], tmp_path: Path) -> Iterator[Tty]:
    """A console to look around in."""
    with opened(hostile, size, tmp_path) as tty:
        yield tty


@pytest.fixture
def busy(urls: ServerUrls, size: tuple[int, int], tmp_path: Path) -> Iterator[Tty]:
    """A console in a workspace of its own, to change things in."""
    with opened(plant(urls, generated()), size, tmp_path) as tty:
        yield tty


def leave(tty: Tty) -> None:
    assert tty.leave() == 0
    assert tty.restored()


def closed(tty: Tty, words: str) -> None:
    """Wait until these are not on the screen; a slow console would take esc and the next key for one."""
    until = time.monotonic() + PATIENCE
    while words in tty.picture():
        assert time.monotonic() < until, tty.picture()
        tty.read(0.2)


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


@pytest.mark.timeout(300)
def test_every_conversation_read_through(tty: Tty, hostile: Hostile) -> None:
    for tags in hostile.tags:
        read_through(tty, tags)
        tty.press("w")
        tty.sees("Why did the assistant say this?", "quoted")
        tty.on("w")
        tty.escape()
        tty.sees("/ filter")  # a slow console would take esc and the next key for one
        tty.on("j")
    leave(tty)
    clean(tty)


def test_every_document_read_through(tty: Tty) -> None:
    tty.press("3")
    tty.sees("2 sources", "failed")
    for key in ("j", "k"):
        tty.on(key)
    tty.press("\r")
    tty.sees("#0001#")
    for _ in range(200):
        if tty.shows("left out"):
            break
        tty.on("\x1b[6~")
    assert tty.shows("left out")
    tty.escape()
    tty.press("x")
    tty.sees("leave the search at once")
    tty.escape()
    tty.press("+")
    tty.sees("Add a source")
    tty.paste(PASTED)
    tty.sees("a\u241b]52;c;aGk=\u2407b")
    tty.press("\r")
    tty.sees("is no web address")
    tty.escape()
    leave(tty)
    clean(tty)


@pytest.mark.timeout(300)
def test_every_agent_and_workspace_read_through(hostile: Hostile, size: tuple[int, int], tmp_path: Path) -> None:
    env = {**hostile.env, "EDITOR": "/nowhere/editor"}
    tty = Tty(environment(tmp_path, **env), size)
    tty.sees("take over")
    tty.press("4")
    tty.sees("draft: ")
    tty.press("\r")
    tty.sees("#0001#")
    for _ in range(200):
        if tty.shows("#9999#"):
            break
        tty.on("\x1b[6~")
    assert tty.shows("#9999#")
    tty.escape()
    for key, shown in (("v", "Versions of"), ("P", "Publish"), ("p", "Ask"), ("o", "Web pages"), ("i", "ctrl+s")):
        tty.press(key)
        tty.sees(shown)
        if key in "vo":
            tty.press("j")
        else:
            tty.paste(PASTED)
        tty.settle()
        tty.escape()
        closed(tty, "esc c")
    tty.press("6")
    tty.sees("sources failing")
    tty.press("d")
    tty.sees("time zone")
    tty.escape()
    leave(tty)
    clean(tty)
    tty.close()


def test_pasted_into_everything(tty: Tty) -> None:
    for opens, shown in (("/", "name, subject, last words"), ("\x10", "Take over"), ("?", "type to search")):
        tty.press(opens)
        tty.sees(shown)
        tty.paste(PASTED)
        tty.sees("a\u241b]52;c;aGk=\u2407b")
        tty.escape()
        tty.escape()
    leave(tty)
    clean(tty)


def test_a_conversation_taken_over(busy: Tty) -> None:
    busy.press("t")
    busy.sees("ctrl+s")
    for marker in ("zzreply", "zznote"):
        if marker == "zznote":
            busy.escape()
            busy.press("p")
            busy.sees("only your team sees it")
            busy.settle()
        busy.paste(f"{PASTED}{marker}")
        busy.sees(marker)
        busy.press(SEND)
        busy.sees(marker)
        busy.settle()
    leave(busy)
    clean(busy)


def test_taken_from_a_holder(busy: Tty) -> None:
    busy.on("G")
    busy.press("t")
    busy.sees("loses it", "Yes, take over")
    busy.press("y")
    busy.sees("ctrl+s")
    busy.escape()
    leave(busy)
    clean(busy)


BREAKS = """
from console.tui.app import ConsoleApp
from console.cli.main import main

def tick(self):
    secret_local = self.workspace.name
    raise ZeroDivisionError(secret_local)

ConsoleApp._tick = tick
raise SystemExit(main([]))
"""


def test_a_console_that_breaks_leaves_the_terminal_as_it_was(hostile: Hostile, tmp_path: Path) -> None:
    tty = Tty(environment(tmp_path, **hostile.env), SIZES[0], [sys.executable, "-c", BREAKS])
    tty.sees("The console stopped: ZeroDivisionError")
    assert tty.finish() != 0
    clean(tty)
    _left_as_found(tty)
    last_words = tty.raw.rpartition(b"\x1b[?1049l")[2]
    assert b"title" not in last_words
    assert b"secret" not in last_words


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_console_that_is_ended_leaves_the_terminal_as_it_was(tty: Tty, number: signal.Signals) -> None:
    os.kill(tty.child.pid, number)
    tty.finish()
    clean(tty)
    _left_as_found(tty)


def _left_as_found(tty: Tty) -> None:
    assert tty.restored()
    for mode in (b"1000", b"1003", b"1004", b"1006", b"1049", b"2004"):
        assert tty.raw.rfind(b"\x1b[?" + mode + b"l") > tty.raw.rfind(b"\x1b[?" + mode + b"h"), mode
    assert tty.raw.rfind(b"\x1b[?25h") > tty.raw.rfind(b"\x1b[?25l")


@pytest.mark.parametrize("words", [["conv", "list"], ["gap", "list"], ["conv", "show"]], ids=" ".join)
def test_commands(hostile: Hostile, tmp_path: Path, words: list[str]) -> None:
    ids = [str(id) for id in hostile.talks[::7]] if words[-1] == "show" else [""]
    for id in ids:
        command = [*words, *filter(None, [id])]
        tty = Tty(environment(tmp_path, **hostile.env), (80, 24), [*CONSOLE, *command])
        assert tty.finish() == 0
        assert len(tty.raw) > 1000
        assert offences(bytes(tty.raw), PLAIN) == []
        piped = run(tmp_path, *command, env=hostile.env)
        assert offences(piped.stdout.encode(), PLAIN) == []
