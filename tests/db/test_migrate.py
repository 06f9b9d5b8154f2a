"""The migration runner: each file once, in order, whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from console.db import queue_schema
from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import LOCK_KEY, Migration, load, migrate, pending
from console.errors import ConnectionFailedError, RefusedError

FIRST = "CREATE TABLE one (id integer);"
SECOND = "CREATE TABLE two (id integer);"


@pytest.fixture
def empty(server: EmbeddedServer) -> Iterator[ServerUrls]:
    name = f"empty_{os.getpid()}"
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text(FIRST, "utf-8")
    (tmp_path / "0002_second.sql").write_text(SECOND, "utf-8")
    return tmp_path


def _ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def _tables(urls: ServerUrls) -> set[object]:
    return {name for (name,) in _ask(urls.owner, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_files_run_once_and_in_order(empty: ServerUrls, folder: Path) -> None:
    assert pending(empty.owner, load(folder)) == ("0001_first.sql", "0002_second.sql")
    assert migrate(empty.owner, load(folder)) == ("0001_first.sql", "0002_second.sql")
    assert migrate(empty.owner, load(folder)) == ()
    (folder / "0003_third.sql").write_text("CREATE TABLE three ();", "utf-8")
    (folder / "notes.txt").write_text("no migration", "utf-8")
    assert migrate(empty.owner, load(folder)) == ("0003_third.sql",)
    assert _tables(empty) == {"schema_migrations", "one", "two", "three"}


def test_an_edited_file_is_refused(empty: ServerUrls, folder: Path) -> None:
    migrate(empty.owner, load(folder))
    (folder / "0001_first.sql").write_text(FIRST + " ", "utf-8")
    (folder / "0003_third.sql").write_text("CREATE TABLE three ();", "utf-8")
    with pytest.raises(RefusedError, match=r"0001_first\.sql was changed"):
        migrate(empty.owner, load(folder))
    assert "three" not in _tables(empty)


def test_a_missing_file_is_refused(empty: ServerUrls, folder: Path) -> None:
    migrate(empty.owner, load(folder))
    (folder / "0001_first.sql").unlink()
    with pytest.raises(RefusedError, match=r"0001_first\.sql is applied, but its file is missing"):
        migrate(empty.owner, load(folder))


def test_a_file_out_of_order_is_refused(empty: ServerUrls, folder: Path) -> None:
    (folder / "0002_second.sql").rename(folder / "0005_second.sql")
    migrate(empty.owner, load(folder))
    (folder / "0003_late.sql").write_text("CREATE TABLE late ();", "utf-8")
    with pytest.raises(RefusedError, match=r"0003_late\.sql comes before"):
        migrate(empty.owner, load(folder))
    assert "late" not in _tables(empty)


def test_a_newer_schema_is_refused(empty: ServerUrls, folder: Path) -> None:
    migrate(empty.owner, load(folder))
    (folder / "0002_second.sql").unlink()
    with pytest.raises(RefusedError, match="newer") as caught:
        pending(empty.owner, load(folder))
    assert caught.value.hint == "install the newer version"


def test_two_migrators_at_once_run_each_file_once(empty: ServerUrls, folder: Path) -> None:
    together = threading.Barrier(4)

    def run(_number: int) -> tuple[str, ...]:
        together.wait()
        return migrate(empty.owner, load(folder))

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(run, range(4)))
    assert sorted(done) == [(), (), (), ("0001_first.sql", "0002_second.sql")]


def test_a_failing_file_leaves_nothing_of_itself(empty: ServerUrls, folder: Path) -> None:
    (folder / "0003_bad.sql").write_text("CREATE TABLE three ();\nCREATE TABLE one (id integer);", "utf-8")
    (folder / "0004_next.sql").write_text("CREATE TABLE four ();", "utf-8")
    with pytest.raises(RefusedError, match=r"0003_bad\.sql failed and was rolled back: .*already exists"):
        migrate(empty.owner, load(folder))
    assert _tables(empty) == {"schema_migrations", "one", "two"}
    (folder / "0003_bad.sql").write_text("CREATE TABLE three ();", "utf-8")
    assert migrate(empty.owner, load(folder)) == ("0003_bad.sql", "0004_next.sql")


def test_a_migrator_killed_in_the_middle_leaves_nothing_half(empty: ServerUrls, folder: Path) -> None:
    """The file waits for a lock that the test holds; the migrator's server process is ended there."""
    migrate(empty.owner, load(folder))
    (folder / "0003_long.sql").write_text("CREATE TABLE half ();\nLOCK TABLE one;\nCREATE TABLE rest ();", "utf-8")
    waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with psycopg.connect(empty.owner) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("LOCK TABLE one")
        running = pool.submit(migrate, empty.owner, load(folder))
        while not (pids := _ask(empty.superuser, waiting)):
            assert not running.done()
        _ask(empty.superuser, f"SELECT pg_terminate_backend({pids[0][0]}, 60000)")
        with pytest.raises((RefusedError, ConnectionFailedError)):
            running.result(timeout=60)
    assert _tables(empty) == {"schema_migrations", "one", "two"}
    # Others on the server may be migrating databases of their own.
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    assert _ask(empty.superuser, f"SELECT FROM pg_locks WHERE {here} AND objid = {LOCK_KEY % 2**32}") == []
    assert migrate(empty.owner, load(folder)) == ("0003_long.sql",)
    assert {"half", "rest"} <= _tables(empty)


def test_a_file_may_run_outside_a_transaction(empty: ServerUrls, folder: Path) -> None:
    (folder / "0003_index.sql").write_text(
        "-- no transaction\n"
        "CREATE INDEX CONCURRENTLY one_id ON one (id);\n"
        "CREATE INDEX CONCURRENTLY two_id ON two (id);\n",
        "utf-8",
    )
    migrate(empty.owner, load(folder))
    valid = (
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indisvalid AND indexrelid::regclass::text LIKE '%_id'"
    )
    assert set(_ask(empty.owner, valid)) == {("one_id",), ("two_id",)}
    assert pending(empty.owner, load(folder)) == ()


def test_a_file_outside_a_transaction_that_fails_is_told_as_such(empty: ServerUrls, folder: Path) -> None:
    (folder / "0003_index.sql").write_text("-- no transaction\nCREATE INDEX CONCURRENTLY i ON nothing (id);\n", "utf-8")
    with pytest.raises(RefusedError, match="may be half done"):
        migrate(empty.owner, load(folder))
    assert pending(empty.owner, load(folder)) == ("0003_index.sql",)


def test_a_role_taken_in_one_file_ends_with_it(empty: ServerUrls, folder: Path) -> None:
    taken = "GRANT CREATE ON SCHEMA public TO console_owner; SET ROLE console_owner; CREATE TABLE owned ();"
    (folder / "0003_role.sql").write_text(taken, "utf-8")
    (folder / "0004_plain.sql").write_text("CREATE TABLE plain ();", "utf-8")
    migrate(empty.owner, load(folder))
    owners = _ask(empty.owner, "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert {("owned", "console_owner"), ("plain", "console_migrator")} <= set(owners)


def test_the_app_can_not_migrate(empty: ServerUrls) -> None:
    migrate(empty.owner)
    with pytest.raises(RefusedError, match="may not migrate"):
        migrate(empty.app, (*load(), Migration("0999_x.sql", "CREATE TABLE x ();", "sum")))


def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(ConnectionFailedError, match="can't be reached"):
        migrate("postgresql://nobody@127.0.0.1:1/nothing", ())


def test_an_older_queue_is_upgraded_in_place(server: EmbeddedServer) -> None:
    urls = server.create_database(f"queue_{os.getpid()}")
    migrate(urls.owner)
    name = queue_schema.name()
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("UPDATE schema_migrations SET name = 'jobs_3.9.9' WHERE name = %s", (name,))
    assert pending(urls.app) == (name,)
    assert migrate(urls.owner) == (name,)
    assert pending(urls.app) == ()
    server.drop_database(f"queue_{os.getpid()}")
