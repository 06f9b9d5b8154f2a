"""A program and a schema that are not of the same age: said in one line, at the start and while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import ProgrammingError

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.engine import Database
from console.domain.inbox import InboxFilter
from console.errors import OutdatedError
from console.services.inbox import Inbox
from tests.cli.office import open_office, refusal
from tests.cli.terminal import run
from tests.databases import own_database
from tests.safety.tty import Tty, environment
from tests.world import make_talk, make_world

NEWER = "INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later.sql', 'x')"
MOVED = "ALTER TABLE conversations RENAME COLUMN snippet TO excerpt"
OLDER = "DELETE FROM schema_migrations WHERE name = (SELECT max(name) FROM schema_migrations WHERE name LIKE '0%')"
WORDS = (("conv", "list"), ("gateway", "--port", "0"), ("worker",))


@pytest.fixture
def own(server: EmbeddedServer) -> Iterator[ServerUrls]:
    """A migrated database of the test's own."""
    with own_database(server) as urls:
        yield urls


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
@pytest.mark.parametrize(
    ("change", "says"), [(NEWER, "schema is newer"), (OLDER, "schema is older")], ids=["newer", "older"]
)
def test_at_the_start(own: ServerUrls, tmp_path: Path, words: tuple[str, ...], change: str, says: str) -> None:
    alter(own, change)
    done = run(tmp_path, *words, env={"DATABASE_URL": own.app, "DATABASE_GATEWAY_URL": own.gateway})
    assert says in refusal(1, done)


def test_the_screen_while_it_runs_and_when_it_starts_again(own: ServerUrls, tmp_path: Path) -> None:
    office = open_office(own, tmp_path)
    office.talk("hello")
    env = environment(tmp_path, DATABASE_URL=own.app, CONSOLE_SESSION_TOKEN=office.tokens["mia"])
    tty = Tty(env, (100, 30))
    tty.sees("Vic")
    alter(own, MOVED, NEWER)
    tty.sees("this console is older")
    tty.on("R")
    tty.press("q")
    assert tty.finish() == 0
    again = Tty(env, (100, 30))
    assert again.finish() == 1
    assert "schema is newer" in again.raw.decode()
    for said in (tty.raw.decode(), again.raw.decode()):
        assert "Traceback" not in said
        assert "incident" not in said


async def test_a_call_while_it_runs(own: ServerUrls) -> None:
    db, gateway_db = Database(own.app), Database(own.gateway)
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("hello")
    await asyncio.to_thread(alter, own, MOVED)
    # A statement that no migration explains is a fault of the program, and stays one.
    with pytest.raises((ProgrammingError, AttributeError)):
        await Inbox(db).page(world.member, InboxFilter.ALL)
    await asyncio.to_thread(alter, own, NEWER)
    for each in (Inbox(db).page(world.member, InboxFilter.ALL), talk.say("hello")):
        with pytest.raises(OutdatedError, match="it has 9999_later"):
            await each
    for database in (db, gateway_db):
        await database.close()


def alter(urls: ServerUrls, *changes: str) -> None:
    """All of it at once, as a migration does."""
    with psycopg.connect(urls.superuser) as connection:
        for change in changes:
            connection.execute(change.encode())
