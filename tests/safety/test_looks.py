"""What the console writes in a terminal of few colours or none, in its title, and to call somebody."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.ids import ConversationId
from console.services import Services
from tests.cli.office import Office, open_office, over
from tests.cli.terminal import run
from tests.safety.grammar import SCREEN, offences
from tests.safety.tty import CONSOLE, PATIENCE, Tty, environment

COLOURS = re.compile(rb"\x1b\[([\d;]*)m")
TOUR = ("p", "?", "\x10", "w")
RICH, SIXTEEN, NONE = re.compile(rb"(?:^|;)[34]8;"), re.compile(rb"(?:^|;)(?:3|4|9|10)[0-7](?:;|$)"), re.compile(rb"^$")
Opened = Callable[..., Tty]


@pytest.fixture
def office(urls: ServerUrls, tmp_path: Path) -> Office:
    office = open_office(urls, tmp_path)
    office.talk("hello")
    return office


@pytest.fixture
def opened(office: Office) -> Iterator[Opened]:
    """Opens mia's console with more in its environment."""
    ttys = []

    def open_(size: tuple[int, int] = (80, 24), without: str = "", command: list[str] | None = None, **env: str) -> Tty:
        signed = {"DATABASE_URL": office.urls.app, "CONSOLE_SESSION_TOKEN": office.tokens["mia"]}
        settings = environment(office.home, **signed, **env)
        settings.pop(without, None)
        ttys.append(Tty(settings, size, command))
        ttys[-1].sees("Vic")
        return ttys[-1]

    yield open_
    for tty in ttys:
        tty.close()


def tour(tty: Tty) -> list[bytes]:
    """Look at every layer; the parameters of every SGR sequence written."""
    for key in TOUR:
        tty.on(key)
        tty.on("word")
        tty.escape()
        tty.escape()
    tty.settle()
    assert offences(bytes(tty.raw)) == []
    return COLOURS.findall(bytes(tty.raw))


@pytest.mark.parametrize(
    ("size", "env"),
    [((80, 24), {"TERM": "linux"}), ((120, 40), {"TERM": "xterm"}), ((80, 24), {"CONSOLE_THEME": "ansi"})],
    ids=str,
)
def test_sixteen_colours(opened: Opened, size: tuple[int, int], env: dict[str, str]) -> None:
    written = tour(opened(size, **env))
    assert [each for each in written if RICH.search(each)] == []
    assert any(SIXTEEN.search(each) for each in written)


@pytest.mark.parametrize("env", [{"CONSOLE_THEME": "dark"}, {"COLORTERM": "truecolor"}], ids=str)
def test_no_colours(opened: Opened, env: dict[str, str]) -> None:
    written = tour(opened(NO_COLOR="1", **env))
    assert [each for each in written if RICH.search(each) or SIXTEEN.search(each)] == []


def test_the_command_line_writes_no_colours(office: Office) -> None:
    for env in ({"NO_COLOR": "1"}, {"COLORTERM": "truecolor", "FORCE_COLOR": "1"}):
        tty = Tty(
            environment(
                office.home,
                DATABASE_URL=office.urls.app,
                CONSOLE_SESSION_TOKEN=office.tokens["mia"],
                **env,
            ),
            (80, 24),
            [*CONSOLE, "conv", "list"],
        )
        assert tty.finish() == 0
        assert b"\x1b" not in tty.raw
        assert "\x1b" not in run(office.home, "--help", env=env).stdout


def test_an_option_chooses_the_theme(office: Office) -> None:
    signed = {"DATABASE_URL": office.urls.app, "CONSOLE_SESSION_TOKEN": office.tokens["mia"]}
    tty = Tty(environment(office.home, **signed), (80, 24), [*CONSOLE, "--theme", "ansi"])
    tty.sees("Vic")
    assert [each for each in COLOURS.findall(bytes(tty.raw)) if RICH.search(each)] == []
    tty.close()
    refused = run(office.home, "--theme", "mauve", "paths")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "must be one of auto, dark, light, ansi" in refused.stderr


@pytest.mark.parametrize(("ground", "light"), [("15;0", False), ("0;15", True), ("0;default;7", True), ("", False)])
def test_the_ground_of_the_terminal_chooses(opened: Opened, ground: str, light: bool) -> None:
    tty = opened(COLORTERM="truecolor", COLORFGBG=ground)
    assert (b"48;2;251;251;249" in tty.raw) is light


def test_plain_signs_by_the_locale(opened: Opened) -> None:
    tty = opened(LANG="C", PYTHONUTF8="1")
    tour(tty)
    shown = SCREEN.sub("", tty.raw.decode())
    assert {sign for sign in shown if not sign.isascii()} == set()


TITLE = re.compile(rb"\x1b\]2;([^\x07]*)\x07")


def test_the_title_counts_those_who_wait(opened: Opened, office: Office) -> None:
    tty = opened()
    until(tty, lambda: TITLE.findall(tty.raw)[-1:] == [b"console - Office"])
    waits(office)
    until(tty, lambda: TITLE.findall(tty.raw)[-1:] == [b"console - Office (1!)"])
    tty.press("q")
    assert tty.finish() == 0
    assert TITLE.findall(tty.raw)[-1] == b""
    assert tty.raw.index(b"\x1b[22;2t") < tty.raw.index(b"\x1b]2;")
    assert tty.raw.rindex(b"\x1b[23;2t") > tty.raw.rindex(b"\x1b]2;")
    assert offences(bytes(tty.raw)) == []


def test_a_console_without_titles(opened: Opened) -> None:
    tty = opened(TERM="linux")
    tty.settle()
    assert b"\x1b]2;" not in tty.raw


ONCE = """
from console.cli.main import main
from console.tui import attention

attention.APART = 3600
raise SystemExit(main([]))
"""
"""A console between whose calls there is more time than the slowest machine needs here."""
CALLS = [
    ({"CONSOLE_NOTIFY": "bell"}, rb"\x07"),
    ({"CONSOLE_NOTIFY": "desktop"}, rb"\x1b\]9;console: \d+ waiting(?:, \d+ for you)?\x07"),
    (
        {"CONSOLE_NOTIFY": "desktop", "TERM": "foot-256color"},
        rb"\x1b\]777;notify;console;console: \d+ waiting(?:, \d+ for you)?\x07",
    ),
    (
        {"CONSOLE_NOTIFY": "desktop", "TMUX": "tmux,1,0"},
        rb"\x1bPtmux;\x1b\x1b\]9;console: \d+ waiting(?:, \d+ for you)?\x07\x1b\\",
    ),
]


@pytest.mark.parametrize(("env", "call"), CALLS, ids=["bell", "osc 9", "osc 777", "tmux"])
def test_it_calls_once_when_nobody_looks(opened: Opened, office: Office, env: dict[str, str], call: bytes) -> None:
    tty = opened(command=[sys.executable, "-c", ONCE], **env)
    allowed = re.compile(f"{SCREEN.pattern}|{call.decode('latin-1')}")
    bare = re.compile(call)
    tty.on("\x1b[I")
    waits(office)
    until(tty, lambda: b"(1!)" in tty.raw)
    tty.settle()
    assert calls(tty, bare) == 0
    tty.on("\x1b[O")
    waits(office)
    waits(office)
    until(tty, lambda: b"(3!)" in tty.raw and calls(tty, bare) > 0)
    tty.settle()
    assert calls(tty, bare) == 1
    assert offences(bytes(tty.raw), allowed) == []


def calls(tty: Tty, call: re.Pattern[bytes]) -> int:
    return len(call.findall(TITLE.sub(b"", re.sub(rb"\x1b\]22;[a-z]+\x07", b"", bytes(tty.raw)))))


def until(tty: Tty, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, tty.raw[-2000:]
        tty.read(0.1)


def waits(office: Office) -> None:
    """A visitor's conversation begins to wait for a person."""
    id = ConversationId(UUID(office.talk("hello again", name="Bo")))

    async def put_back(db: Database) -> None:
        services = Services(db)
        max = await services.auth.resume(office.tokens["max"])
        claim = await services.takeover.claim(max, id)
        await services.takeover.release(max, id, epoch=claim.epoch)

    asyncio.run(over(office.urls.app, put_back))
