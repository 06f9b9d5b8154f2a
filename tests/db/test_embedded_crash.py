from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from console.db.embedded.server import EmbeddedServer
from console.errors import ConnectionFailedError
from tests.db.embedded_support import ask, consoles, do, kill_cluster, pgdata, postmaster_pid


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path)
    yield server
    server.destroy()


class Writer(threading.Thread):
    """Inserts one row a transaction, and counts those the server acknowledged, until it is cut off."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.acknowledged = 0

    def run(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True) as connection:
                while True:
                    connection.execute("INSERT INTO rows VALUES (%s)", [self.acknowledged + 1])
                    self.acknowledged += 1
        except psycopg.OperationalError:
            return


def test_what_was_acknowledged_is_there_after_the_whole_cluster_was_killed(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    urls = server.start()
    do(urls.owner, "CREATE TABLE rows (n int)")
    writer = Writer(urls.owner)
    writer.start()
    while writer.acknowledged < 200:
        assert writer.is_alive()
    kill_cluster(tmp_path)
    writer.join(timeout=30)
    assert not server.is_running()
    assert server.start() == urls
    found = ask(urls.owner, "SELECT count(DISTINCT n) FROM rows")
    assert found in (writer.acknowledged, writer.acknowledged + 1)  # the last may be written, not acknowledged


def test_start_waits_for_the_backends_of_a_killed_postmaster(server: EmbeddedServer, tmp_path: Path) -> None:
    urls = server.start()
    do(urls.owner, "CREATE TABLE rows (n int)", "INSERT INTO rows VALUES (1)")
    busy = threading.Thread(target=_ignore_cut, args=(urls.superuser, "SELECT pg_sleep_for('2 minutes')"))
    busy.start()
    _wait_for_sleeper(urls.superuser)
    psutil.Process(postmaster_pid(tmp_path)).kill()
    assert server.start() == urls
    assert ask(urls.owner, "SELECT n FROM rows") == 1
    busy.join(timeout=30)


def _ignore_cut(url: str, statement: str) -> None:
    try:
        do(url, statement)
    except psycopg.OperationalError:
        return


def _wait_for_sleeper(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        statement = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while connection.execute(statement).fetchone() != (1,):
            pass


@pytest.mark.parametrize("content", ["", "rubbish\n", "{foreign}\n/elsewhere\n1\n5432\n/tmp\n\n1 1\nready\n"])
def test_a_stale_pid_file(server: EmbeddedServer, tmp_path: Path, content: str) -> None:
    urls = server.start()
    kill_cluster(tmp_path)
    pid_file = pgdata(tmp_path) / "postmaster.pid"
    owner = pid_file.stat()
    # the number of the dead postmaster may by now be that of any program of the same account
    user, group = (owner.st_uid, owner.st_gid) if os.geteuid() == 0 else (None, None)
    groups = None if user is None else list[str | int]()
    with subprocess.Popen(["sleep", "600"], user=user, group=group, extra_groups=groups) as foreign:
        pid_file.write_text(content.format(foreign=foreign.pid))
        try:
            assert not server.is_running()
            assert server.start() == urls
            assert ask(urls.app, "SELECT 1") == 1
            assert foreign.poll() is None
        finally:
            foreign.kill()


@pytest.mark.parametrize("delay", [0.05, 0.3, 0.5, 0.7, 0.9, 1.1])
def test_a_first_start_cut_short_is_made_good(server: EmbeddedServer, tmp_path: Path, delay: float) -> None:
    with consoles(tmp_path, 1) as (first,):
        time.sleep(delay)  # a point in time is what this test is about
        first.kill()
    urls = server.start()
    assert ask(urls.app, "SELECT current_database()") == "console"
    assert ask(urls.owner, "SELECT '[1]'::vector::text") == "[1]"


def test_the_initdb_of_a_killed_console_does_not_write_into_the_next_one(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    while not _killed_in_its_initdb(tmp_path):
        server.destroy()
    cluster = pgdata(tmp_path).parent
    assert ask(server.start().app, "SELECT 1") == 1
    assert not (cluster / "data.new").exists()
    server.destroy()
    assert not cluster.exists()


def _killed_in_its_initdb(data_dir: Path) -> bool:
    """Whether a console that makes its cluster could be killed before it had made it."""
    with consoles(data_dir, 1) as (first,):
        while not ((data := pgdata(data_dir)).exists() or (data.parent / "data.new" / "PG_VERSION").exists()):
            assert first.process.poll() is None
        first.kill()
    return not pgdata(data_dir).exists()


def test_an_initdb_that_is_killed_is_begun_anew(server: EmbeddedServer, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        starting = pool.submit(server.start)
        while not (killed := _initdbs(tmp_path)) and not starting.done():
            pass
        for process in killed:
            process.kill()
        assert ask(starting.result().app, "SELECT 1") == 1
    assert killed


def _initdbs(data_dir: Path) -> list[psutil.Process]:
    """The one that makes a cluster in this directory, while it does."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            if child.name() == "initdb" and child.environ().get("PGDATA", "").startswith(str(pgdata(data_dir).parent)):
                found.append(child)
    return found


def test_a_database_left_half_made_is_finished(server: EmbeddedServer) -> None:
    urls = server.start()
    do(
        urls.superuser,
        "DROP EXTENSION vector",
        "REVOKE ALL ON DATABASE console FROM console_app, console_gateway",
        "GRANT ALL ON DATABASE console TO PUBLIC",
    )
    server.start()
    assert ask(urls.app, "SELECT '[1]'::vector::text") == "[1]"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        do(urls.app, "CREATE TEMPORARY TABLE t (id int)")


def test_a_cluster_that_can_not_start_says_why(server: EmbeddedServer, tmp_path: Path) -> None:
    server.start()
    server.stop()
    settings = pgdata(tmp_path) / "postgresql.conf"
    good = settings.read_text()
    settings.write_text(good + "max_connections = many\n")
    with pytest.raises(ConnectionFailedError, match="does not start") as caught:
        server.start()
    assert "max_connections" in (caught.value.hint or "")
    assert "\n" not in str(caught.value) + (caught.value.hint or "")
    settings.write_text(good)
    server.start()


def test_lost_passwords_are_told(server: EmbeddedServer, tmp_path: Path) -> None:
    server.start()
    server.stop()
    passwords = tmp_path / "passwords.json"
    good = passwords.read_text()
    passwords.write_text("{")
    with pytest.raises(ConnectionFailedError, match="damaged"):
        server.start()
    passwords.unlink()
    with pytest.raises(ConnectionFailedError, match="missing"):
        server.start()
    assert not passwords.exists()
    passwords.write_text(good)


def test_a_large_log_is_set_aside(server: EmbeddedServer, tmp_path: Path) -> None:
    server.start()
    server.stop()
    log = pgdata(tmp_path).parent / "server.log"
    with log.open("a") as file:
        file.write("x" * 5_000_000)
    server.start()
    assert log.stat().st_size < 100_000
    assert log.with_name("server.log.1").stat().st_size > 5_000_000


def test_no_failed_statement_leaves_values_in_the_log(server: EmbeddedServer, tmp_path: Path) -> None:
    urls = server.start()
    do(urls.owner, "CREATE TABLE people (email text PRIMARY KEY)")
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute("INSERT INTO people VALUES (%s)", ["ann@example.org"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES (%s)", ["ann@example.org"])
    said = (pgdata(tmp_path).parent / "server.log").read_text()
    assert "duplicate key" in said
    assert "ann@example.org" not in said


def test_importing_the_supervisor_loads_no_driver() -> None:
    program = "import sys, console.db.embedded.server; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
