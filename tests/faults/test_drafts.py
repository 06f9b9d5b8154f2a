"""Words typed in the real console outlive its sudden end, with or without a server."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database, ReadTx
from console.ids import ConversationId
from tests.cli.office import Office, open_office
from tests.proxy import Proxy
from tests.safety.tty import Tty, environment

TYPED = "half a thought"


def spooled(home: Path) -> list[Path]:
    return [path for path in home.rglob("operator-console/drafts/*") if not path.name.startswith(".")]


def by_and_by(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.02)


def console(office: Office, url: str) -> Tty:
    return Tty(environment(office.home, DATABASE_URL=url, CONSOLE_SESSION_TOKEN=office.tokens["mia"]), (80, 24))


def begin(tty: Tty) -> None:
    tty.sees("Vic", "take over")
    tty.press("t")
    tty.sees("ctrl+s")


def kill(tty: Tty) -> None:
    os.kill(tty.child.pid, signal.SIGKILL)
    tty.finish()


def hang_up(tty: Tty) -> None:
    tty.child.fileobj.close()  # Closed behind its back, the descriptor would be closed again as somebody else's.
    by_and_by(lambda: not tty.child.isalive(), "the console ends with its terminal")


@pytest.mark.parametrize("end", [kill, hang_up])
async def test_offline(urls: ServerUrls, tmp_path: Path, app_proxy: Proxy, end: Callable[[Tty], None]) -> None:
    office, id = await asyncio.to_thread(lambda: _waiting(urls, tmp_path))
    tty = await asyncio.to_thread(lambda: console(office, app_proxy.url))
    await asyncio.to_thread(begin, tty)
    app_proxy.cut()
    await asyncio.to_thread(_type_and_end, tty, office.home, end)
    (file,) = spooled(office.home)
    assert file.read_text() == TYPED
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    await asyncio.to_thread(_go_on_and_send, office, urls, id)


def test_with_a_server(urls: ServerUrls, tmp_path: Path) -> None:
    office, id = _waiting(urls, tmp_path)
    tty = console(office, urls.app)
    begin(tty)
    tty.press(TYPED)
    by_and_by(
        lambda: asyncio.run(_drafts(urls, id)) == 1 and not spooled(office.home),
        "the server has it, the file is gone",
    )
    kill(tty)
    _go_on_and_send(office, urls, id)


def _waiting(urls: ServerUrls, home: Path) -> tuple[Office, ConversationId]:
    office = open_office(urls, home)
    return office, ConversationId(UUID(office.talk("hello")))


def _type_and_end(tty: Tty, home: Path, end: Callable[[Tty], None]) -> None:
    tty.press(TYPED)
    by_and_by(lambda: [path.read_text() for path in spooled(home)] == [TYPED], "the words are in a file")
    end(tty)


def _go_on_and_send(office: Office, urls: ServerUrls, id: ConversationId) -> None:
    tty = console(office, urls.app)
    tty.sees("Vic", "draft")
    tty.press("\r")
    tty.sees(TYPED)
    tty.press("t")
    tty.sees("ctrl+s")
    tty.press("\x13")
    by_and_by(lambda: asyncio.run(_held(urls, id)) == [TYPED], "it is held back, to go out")
    by_and_by(lambda: asyncio.run(_drafts(urls, id)) == 0, "the server's draft goes with the sending")
    by_and_by(lambda: spooled(office.home) == [], "nothing is left behind")
    tty.close()


async def _drafts(urls: ServerUrls, id: ConversationId) -> int:
    async with _reading(urls) as tx:
        return int(await tx.scalar("SELECT count(*) FROM drafts WHERE conversation_id = :id", id=id))


async def _held(urls: ServerUrls, id: ConversationId) -> list[str]:
    async with _reading(urls) as tx:
        return [row[0] for row in await tx.rows("SELECT content FROM held_sends WHERE conversation_id = :id", id=id)]


@asynccontextmanager
async def _reading(urls: ServerUrls) -> AsyncIterator[ReadTx]:
    db = Database(urls.superuser)
    try:
        async with db.read(None) as tx:
            yield tx
    finally:
        await db.close()
