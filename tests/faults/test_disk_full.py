"""A disk without space left, under the server and under the console: said in one line, and nothing is half there."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from console import log
from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.engine import Database
from console.db.migrate import migrate
from console.errors import ConnectionFailedError, RefusedError
from console.ids import ConversationId, new_id
from console.services.drafts import Drafts
from console.tui import drafts
from console.tui.drafts import DraftKeeper
from console.tui.spool import Spool
from tests.db.embedded_support import do, open_directory
from tests.world import Talk, make_talk, make_world

BACK_SECONDS = 180.0


class Disk:
    """A small disk of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    def fill(self) -> None:
        """Leave no byte."""
        with self._filler.open("ab") as file, suppress(OSError):
            for size in (1 << 20, 1 << 12):
                with suppress(OSError):
                    while True:
                        os.write(file.fileno(), bytes(size))

    def free(self) -> None:
        """Give the space back."""
        self._filler.unlink()


@contextmanager
def disk(megabytes: int) -> Iterator[Disk]:
    with open_directory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)]
        if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("no disk can be mounted here")
        try:
            yield Disk(folder)
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small() -> Iterator[Disk]:
    with disk(1) as found:
        yield found


@pytest.fixture
async def talk() -> AsyncIterator[tuple[Disk, ServerUrls, Talk]]:
    """A conversation on a server whose disk is small; nobody but the server's own keeper brings it back."""
    with disk(160) as found:
        server = EmbeddedServer(found.path / "data")
        urls = await asyncio.to_thread(server.start)
        await asyncio.to_thread(migrate, urls.owner)
        server.keep()
        db, gateway_db = Database(urls.app), Database(urls.gateway)
        try:
            yield found, urls, await make_talk(gateway_db, await make_world(db))
        finally:
            await db.close()
            await gateway_db.close()
            await asyncio.to_thread(server.stop)


async def test_the_servers_has_no_room_for_rows(talk: tuple[Disk, ServerUrls, Talk]) -> None:
    full, urls, visitor = talk
    said = [words()]
    # The journal begins a new segment, so that it is the rows' room that ends first.
    await asyncio.to_thread(do, urls.superuser, "SELECT pg_switch_wal()")
    await visitor.say(said[0])
    full.fill()
    with pytest.raises(ConnectionFailedError, match="the database's disk is full"):
        await say_on(visitor, said)
    full.free()
    assert await visitor.say(said[-1], key=said[-1][:40]) == len(said)
    assert [content for _, content in await visitor.seen()] == said


async def test_the_servers_has_no_room_for_its_journal(talk: tuple[Disk, ServerUrls, Talk]) -> None:
    """Postgres then ends, and can't start: the keeper tries until there is room."""
    full, urls, visitor = talk
    await visitor.say("acknowledged", key="a")
    full.fill()
    with suppress(psycopg.OperationalError):
        async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as god:
            for _ in range(4):
                await god.execute("SELECT pg_switch_wal(), pg_logical_emit_message(true, 'x', repeat('x', 100000))")
    assert "PANIC" in (full.path / "data" / "postgres" / "server.log").read_text()
    with pytest.raises(ConnectionFailedError):
        await visitor.say("lost", key="b")
    full.free()
    async with asyncio.timeout(BACK_SECONDS):
        while True:
            with suppress(ConnectionFailedError):
                assert await visitor.say("lost", key="b") == 2
                break
            await asyncio.sleep(0.1)
    assert [content for _, content in await visitor.seen()] == ["acknowledged", "lost"]


async def test_the_consoles_has_no_room_for_a_draft(small: Disk, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server can't be reached either: the words are nowhere but on the screen, and it says so."""
    monkeypatch.setattr(drafts, "DELAY", 0.05)
    monkeypatch.setattr(drafts, "RETRY", 0.05)
    world, id = await make_world(db), ConversationId(new_id())
    nowhere = Database("postgresql://nobody@127.0.0.1:1/nothing")
    folder, said = small.path / "drafts", list[BaseException]()
    keeper = DraftKeeper(Drafts(nowhere), world.member, said.append, Spool(folder, world.member))
    keeper.typed(id, "reply", "before")
    await until(lambda: kept(folder) == ["before"])
    small.fill()
    keeper.typed(id, "reply", "x" * 10_000)
    await until(lambda: any("can't be written: No space left" in str(error) for error in said))
    assert all(isinstance(error, RefusedError | ConnectionFailedError) for error in said)
    assert kept(folder) == ["before"]
    assert not keeper.is_saved(id, "reply")
    assert keeper.is_nowhere(id, "reply")
    small.free()
    await until(lambda: kept(folder) == ["x" * 10_000])
    await until(lambda: not keeper.is_nowhere(id, "reply"))
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    await keeper.close()
    await nowhere.close()


def test_the_consoles_has_no_room_for_the_log(
    small: Disk, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 20_000)
    file = small.path / "log" / "console.log"
    assert log.start(file)
    try:
        log.event("before")
        small.fill()
        for number in range(3000):
            log.event("during", number=number, why="x" * 100)
        log.incident(RuntimeError("something"))
        small.free()
        log.event("after")
    finally:
        log.start(file / "no folder")
    lines = [line for path in sorted(file.parent.iterdir(), reverse=True) for line in path.read_text().splitlines()]
    events = [json.loads(line)["event"] for line in lines]
    assert (events[0], events[-1]) == ("before", "after")
    assert capfd.readouterr() == ("", "")


async def say_on(visitor: Talk, said: list[str]) -> None:
    for _ in range(200):
        said.append(words())
        await visitor.say(said[-1], key=said[-1][:40])


def kept(folder: Path) -> list[str]:
    return [path.read_text() for path in folder.glob("[!.]*")] if folder.exists() else []


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.02)


def words() -> str:
    """What takes its whole length on a disk."""
    return secrets.token_hex(1900)
