"""Migrations under fire: many migrators at once, and one that dies after any statement."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import load, migrate, pending
from console.errors import ConnectionFailedError, RefusedError
from tests.db.test_catalogue import catalogue
from tests.proxy import Proxy

MIGRATORS = 8
# Each end of a statement that changes the schema counts; the one at `at` ends its own session.
_TRAP = """
CREATE SCHEMA faults;
CREATE TABLE faults.trap AS SELECT 0 AS at;
CREATE FUNCTION faults.spring() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE n int := coalesce(nullif(current_setting('faults.n', true), ''), '0')::int + 1;
BEGIN
    PERFORM set_config('faults.n', n::text, false);
    IF n = (SELECT at FROM faults.trap) THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
    END IF;
END $$;
CREATE EVENT TRIGGER faults_spring ON ddl_command_end EXECUTE FUNCTION faults.spring();
"""
# All but the runner's own table, which is made before the first file.
_MADE = """
SELECT string_agg(concat_ws(' ', c.oid::regclass, c.relacl, relrowsecurity,
        (SELECT string_agg(attname, ',') FROM pg_attribute WHERE attrelid = c.oid)), ';' ORDER BY c.oid)
    || (SELECT count(*) FROM pg_proc) || ' ' || (SELECT count(*) FROM pg_policy)
    || ' ' || (SELECT count(*) FROM pg_constraint WHERE conname NOT LIKE 'schema_migrations%')
FROM pg_class c WHERE relname NOT LIKE 'schema_migrations%' AND relnamespace::regnamespace::text IN ('public', 'jobs')
"""


@pytest.fixture
def empty(server: EmbeddedServer) -> Iterator[ServerUrls]:
    name = f"migrators_{os.getpid()}"
    yield server.create_database(name)
    server.drop_database(name)


def test_of_many_migrators_one_works_and_the_rest_wait(empty: ServerUrls, urls: ServerUrls) -> None:
    together = threading.Barrier(MIGRATORS)

    def run(_number: int) -> tuple[str, ...]:
        together.wait()
        return migrate(empty.owner)

    with ThreadPoolExecutor(MIGRATORS) as pool:
        done = sorted(pool.map(run, range(MIGRATORS)))
    assert done == [()] * (MIGRATORS - 1) + [tuple(migration.name for migration in load())]
    assert catalogue(empty.superuser) == catalogue(urls.superuser)


def test_killed_after_each_statement_nothing_is_half_done(empty: ServerUrls, urls: ServerUrls) -> None:
    known, names = load(), [migration.name for migration in load()]
    kills: list[str] = []
    with psycopg.connect(empty.superuser, autocommit=True) as god:
        god.execute(_TRAP.encode())
        done, at, state = 0, 0, _state(god)
        while done < len(known):
            at += 1
            god.execute("UPDATE faults.trap SET at = %s", (at,))
            with suppress(RefusedError, ConnectionFailedError):
                migrate(empty.owner, known)
                break
            kills.append(names[done])
            now = _done(god)
            assert now == names[: len(now)]
            if len(now) == done:
                assert _state(god) == state
            else:
                done, at, state = len(now), 0, _state(god)
        god.execute("DROP SCHEMA faults CASCADE")
    # The first makes roles and little else; none of it is an event here.
    assert set(kills) >= set(names[1:])
    assert migrate(empty.owner, known) == ()
    assert catalogue(empty.superuser) == catalogue(urls.superuser)


async def test_a_commit_whose_answer_is_lost_is_done_and_not_done_again(
    empty: ServerUrls, urls: ServerUrls, socket_dir: Path
) -> None:
    async with Proxy(empty.owner, socket_dir).open() as proxy:
        for _ in range(3):
            proxy.lose_next_commit()
            with pytest.raises(ConnectionFailedError, match="the connection broke in"):
                await asyncio.to_thread(migrate, proxy.url)
            assert proxy.lost.is_set()
        assert await asyncio.to_thread(pending, proxy.url) == tuple(migration.name for migration in load()[3:])
        await asyncio.to_thread(migrate, proxy.url)
    assert catalogue(empty.superuser) == catalogue(urls.superuser)


def _done(god: psycopg.Connection) -> list[str]:
    if god.execute("SELECT to_regclass('schema_migrations')").fetchone() == (None,):
        return []
    rows = god.execute("SELECT name FROM schema_migrations ORDER BY name").fetchall()
    return [name for (name,) in rows]


def _state(god: psycopg.Connection) -> object:
    return god.execute(_MADE.encode()).fetchone()
