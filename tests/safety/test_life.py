"""The life of the console's terminal: ended, hung up, stopped, or not reading."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from console.db.embedded.server import ServerUrls
from console.domain.actor import Actor
from console.ids import ConversationId
from console.services import Services
from tests.cli.office import Office, open_office, over
from tests.proxy import Proxy
from tests.safety.grammar import offences
from tests.safety.tty import CONSOLE, Tty, environment

TICKS = os.sysconf("SC_CLK_TCK")
LAST = 60.0
MOST_GROWTH_KB = 20_000


@dataclass
class Desk:
    """A workspace, a conversation that mia holds, and her console on a terminal."""

    office: Office
    id: ConversationId
    tty: Tty

    @property
    def pid(self) -> int:
        return int(self.tty.child.pid)

    def end(self) -> tuple[int, resource.struct_rusage]:
        """Wait for its end, reading what it writes while there is a terminal."""
        until = time.monotonic() + LAST
        while time.monotonic() < until:
            done, status, usage = os.wait4(self.pid, os.WNOHANG)
            if done:
                self.tty.child.terminated = True
                return os.waitstatus_to_exitcode(status), usage
            if self.tty.child.fd >= 0 and not self.tty.at_end:
                self.tty.read(0.05)
            else:
                time.sleep(0.05)
        pytest.fail("still running")

    def now(self) -> dict[str, Any]:
        """The conversation as another person sees it."""
        shown: dict[str, Any] = self.office.json("max", "conv", "show", str(self.id))
        return shown

    def is_back(self) -> bool:
        """Whether it waits for a person, and says that its holder left."""

        async def look(db: Any) -> bool:
            services = Services(db)
            actor = await services.auth.resume(self.office.tokens["max"])
            found = await services.conversations.get(actor, self.id)
            events = (await services.conversations.transcript(actor, self.id)).events
            return found.waiting and any(event.kind == "left" for event in events)

        return asyncio.run(over(self.office.urls.app, look))


def _waiting(urls: ServerUrls, home: Path) -> tuple[Office, ConversationId]:
    office = open_office(urls, home)
    id = ConversationId(UUID(office.talk("hello")))
    asyncio.run(over(urls.app, lambda db: _claim(Services(db), office, id)))
    return office, id


async def _claim(services: Services, office: Office, id: ConversationId) -> Actor:
    actor = await services.auth.resume(office.tokens["mia"])
    assert (await services.takeover.claim(actor, id)).claimed
    return actor


def _console(office: Office, url: str, command: list[str] | None = None) -> Tty:
    signed = {"DATABASE_URL": url, "CONSOLE_SESSION_TOKEN": office.tokens["mia"]}
    return Tty(environment(office.home, **signed), (80, 24), command)


@pytest.fixture
def desk(urls: ServerUrls, tmp_path: Path) -> Iterator[Desk]:
    office, id = _waiting(urls, tmp_path)
    desk = Desk(office, id, _console(office, urls.app))
    try:
        desk.tty.sees("Vic", "reply")
        desk.tty.stands("mine 1")  # Counted: it knows what is held.
        yield desk
    finally:
        if desk.tty.child.fd >= 0:
            desk.tty.close()


def cpu(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> int:
    """Resident kilobytes."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def by_and_by(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + LAST
    while not true():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.02)


def hang_up(desk: Desk) -> None:
    os.close(desk.tty.child.fd)
    desk.tty.child.fd = -1


def test_a_terminal_that_hangs_up_ends_the_console(desk: Desk) -> None:
    before = cpu(desk.pid)
    hang_up(desk)
    _code, usage = desk.end()
    assert usage.ru_utime + usage.ru_stime < 2 * before  # Its end costs less than its start.
    assert desk.is_back()


def test_a_terminal_that_is_gone_without_a_signal(urls: ServerUrls, tmp_path: Path) -> None:
    """In a session of its own, as behind some multiplexers, only the end of the input tells it."""
    office, id = _waiting(urls, tmp_path)
    desk = Desk(office, id, _console(office, urls.app, command=["setsid", "--wait", *CONSOLE]))
    desk.tty.sees("Vic", "reply")
    pid = int(Path(f"/proc/{desk.pid}/task/{desk.pid}/children").read_text())
    used = before = cpu(pid)
    hang_up(desk)
    until = time.monotonic() + LAST
    with suppress(OSError):  # It ended since it was looked for.
        while alive(pid):
            assert time.monotonic() < until, "still running"
            used = cpu(pid)
            time.sleep(0.02)
    assert used < 2 * before
    assert desk.is_back()


def alive(pid: int) -> bool:
    try:
        return _state(pid) != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_console_in_order(desk: Desk, number: signal.Signals) -> None:
    os.kill(desk.pid, number)
    code, _ = desk.end()
    assert code == 128 + number
    assert desk.tty.restored()
    assert offences(bytes(desk.tty.raw)) == []
    assert desk.is_back()


@pytest.mark.parametrize("fault", ["cut", "stall"])
async def test_without_a_server_it_ends_all_the_same(urls: ServerUrls, tmp_path: Path, fault: str) -> None:
    office, id = await asyncio.to_thread(_waiting, urls, tmp_path)
    with tempfile.TemporaryDirectory(prefix="console-wire-") as folder:
        async with Proxy(urls.app, Path(folder)).open() as proxy:
            tty = await asyncio.to_thread(_console, office, proxy.url)
            desk = Desk(office, id, tty)
            await asyncio.to_thread(tty.sees, "Vic", "reply")
            getattr(proxy, fault)()
            os.kill(desk.pid, signal.SIGTERM)
            code, _ = await asyncio.to_thread(desk.end)
    assert code == 128 + signal.SIGTERM
    assert tty.restored()
    assert offences(bytes(tty.raw)) == []


def test_stopped_and_gone_on_with(desk: Desk) -> None:
    os.kill(desk.pid, signal.SIGTSTP)
    desk.tty.sees("console: stopped.")
    by_and_by(lambda: _state(desk.pid) == "T", "it is stopped")
    assert desk.tty.restored()
    desk.tty.press("")
    os.kill(desk.pid, signal.SIGCONT)
    desk.tty.sees("Vic", "reply")
    assert not desk.tty.restored()
    _leave(desk)


def test_stopped_without_warning(desk: Desk) -> None:
    threads = len(list(Path(f"/proc/{desk.pid}/task").iterdir()))
    for _ in range(3):
        os.kill(desk.pid, signal.SIGSTOP)
        by_and_by(lambda: _state(desk.pid) == "T", "it is stopped")
        desk.tty.press("")
        os.kill(desk.pid, signal.SIGCONT)
        desk.tty.sees("Vic", "reply")
    desk.tty.settle()
    assert len(list(Path(f"/proc/{desk.pid}/task").iterdir())) <= threads + 1
    _leave(desk)


def _leave(desk: Desk) -> None:
    desk.tty.press("q")
    desk.tty.sees("Leave the console?")
    desk.tty.press("y")
    code, _ = desk.end()
    assert code == 0
    assert desk.tty.restored()
    assert desk.is_back()


def test_a_terminal_that_does_not_read(desk: Desk) -> None:
    """Frames are left out; what was typed is saved and the server is heard all the same."""
    desk.tty.press("p")
    desk.tty.sees("only your team")
    before = memory(desk.pid)
    for letter in "what is typed while nothing is shown ":
        for _ in range(12):
            desk.tty.child.write(letter.encode())
        time.sleep(0.1)
    typed = "".join(letter * 12 for letter in "what is typed while nothing is shown ")
    by_and_by(lambda: _draft(desk) == typed, "the note is on the server")
    assert memory(desk.pid) - before < MOST_GROWTH_KB
    desk.tty.press("")
    desk.tty.sees("n" * 12)
    desk.tty.settle()
    assert offences(bytes(desk.tty.raw)) == []


def _draft(desk: Desk) -> str:
    async def load(db: Any) -> str:
        services = Services(db)
        actor = await services.auth.resume(desk.office.tokens["mia"])
        found = await services.drafts.load(actor, desk.id, "note")
        return str(found.content) if found else ""

    return asyncio.run(over(desk.office.urls.app, load))


def test_a_terminal_that_never_reads_again_does_not_keep_the_console(desk: Desk) -> None:
    for _ in range(300):
        desk.tty.child.write(b"?\x1b[B")
        time.sleep(0.005)
    os.kill(desk.pid, signal.SIGTERM)
    until = time.monotonic() + LAST
    while not (done := os.waitpid(desk.pid, os.WNOHANG))[0]:
        assert time.monotonic() < until, "still running"
        time.sleep(0.05)
    desk.tty.child.terminated = True
    assert os.waitstatus_to_exitcode(done[1]) == 128 + signal.SIGTERM
    assert desk.is_back()


def test_a_session_that_ends_is_told_and_nothing_is_lost(desk: Desk) -> None:
    """Whoever does not sign in again leaves the words behind in a file."""
    desk.tty.press("p")
    desk.tty.sees("only your team")
    desk.tty.press("half a note")
    by_and_by(lambda: _draft(desk) == "half a note", "the note is on the server")
    desk.office.out("mia", "logout")
    desk.tty.press("")
    desk.tty.child.write(b" and more")
    desk.tty.sees("Sign in", "session has ended")
    desk.tty.press("\x03")
    code, _ = desk.end()
    assert code == 0
    assert desk.tty.restored()
    assert offences(bytes(desk.tty.raw)) == []
    kept = [path.read_text() for path in desk.office.home.rglob("operator-console/drafts/*")]
    assert kept == ["half a note and more"]


CRASHES = {
    "help": ("console.tui.modals.help", "HelpModal.on_mount", "?"),
    "top line": ("console.tui.screens.base", "ConsoleScreen.show_top", ""),
}
BROKEN = """
import importlib, os, sys
from console.cli.main import main
from console.tui.app import ConsoleApp

def breaks(self, *_args, **_words):
    secret = "a secret local"
    raise ZeroDivisionError("hello, words of a visitor " + secret)

def arm():
    owner, name = "{what}".split(".")
    setattr(getattr(importlib.import_module("{module}"), owner), name, breaks)

def tick(self, tick=ConsoleApp._tick):
    if self.counts.mine:
        arm()
    tick(self)

if "{key}":
    arm()
else:
    ConsoleApp._tick = tick
raise SystemExit(main([]))
"""


@pytest.mark.parametrize("place", CRASHES)
def test_a_console_that_breaks_says_so_and_nothing_more(urls: ServerUrls, tmp_path: Path, place: str) -> None:
    office, id = _waiting(urls, tmp_path)
    module, what, key = CRASHES[place]
    broken = BROKEN.format(module=module, what=what, key=key)
    desk = Desk(office, id, _console(office, urls.app, command=[sys.executable, "-c", broken]))
    desk.tty.sees("Vic", "reply")
    if key:
        desk.tty.child.write(key.encode())
    code, _ = desk.end()
    assert code != 0
    assert desk.tty.restored()
    assert offences(bytes(desk.tty.raw)) == []
    last_words = desk.tty.raw.rpartition(b"\x1b[?1049l")[2].decode()
    assert "The console stopped: ZeroDivisionError. Incident " in last_words
    assert "console.log" in last_words
    assert "secret" not in last_words
    assert "visitor" not in last_words
    assert desk.is_back()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
