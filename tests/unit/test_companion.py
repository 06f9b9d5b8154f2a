"""The embedded server's worker: one a data directory, there while anybody needs it, by real processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from console.db.embedded.server import EmbeddedServer

SECONDS = 60.0
USER = """
import sys
from pathlib import Path
from console import companion
with companion.needed(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.readline()
"""


def workers(data: Path) -> list[psutil.Process]:
    """The live companions of this data directory."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            ours = process.environ().get("CONSOLE_DATA_DIR") == str(data) and "--companion" in process.cmdline()
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds; fails when it does not in time."""
    give_up = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < give_up, holds
        time.sleep(0.1)


def holder(lock: Path) -> int | None:
    """Who holds the lock alone, as the kernel has it."""
    if not lock.exists():
        return None
    inode = f":{lock.stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    alone = [line.split() for line in lines if inode in line and " WRITE " in line and "->" not in line]
    return int(alone[0][4]) if alone else None


@contextmanager
def user(data: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that needs the worker, until the block ends or it is killed."""
    command = [sys.executable, "-c", USER, str(data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "in\n"
            yield process
        finally:
            with suppress(BrokenPipeError):
                process.communicate("\n", timeout=SECONDS)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory; what still works on it at the end is ended."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    yield folder
    until(lambda: not workers(folder))
    EmbeddedServer(folder).destroy()


def at_work(data: Path) -> int:
    """The one worker at work; waits until it holds the lock and is alone.

    On a slow machine a second one may be started before the first has the lock: it sees that and ends.
    """
    alone: list[int] = []

    def is_alone() -> bool:
        alone[:] = [process.pid for process in workers(data)]
        return alone == [holder(data / "worker.lock")]

    until(is_alone)
    return alone[0]


def test_it_does_not_outlive_its_data_directory(data: Path) -> None:
    with user(data):
        at_work(data)
        aside = data.rename(data.with_name("aside"))
    until(lambda: not workers(data))
    EmbeddedServer(aside).destroy()


def test_several_users_have_one_worker_that_ends_with_the_last(data: Path) -> None:
    with user(data):
        first = at_work(data)
        with user(data):
            assert at_work(data) == first
    until(lambda: not workers(data))


def test_a_killed_worker_is_replaced_and_a_killed_user_is_no_user(data: Path) -> None:
    with user(data) as process:
        first = at_work(data)
        psutil.Process(first).kill()
        until(lambda: holder(data / "worker.lock") not in {None, first})
        at_work(data)
        process.kill()
        until(lambda: not workers(data))


def test_who_comes_while_it_leaves_gets_a_new_one(data: Path) -> None:
    with user(data):
        first = at_work(data)
    until(lambda: holder(data / "worker-users.lock") == first or not psutil.pid_exists(first))
    with user(data):
        until(lambda: at_work(data) != first)  # It may still be leaving.


def test_it_works_on_this_machines_own_database_only(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    with user(data):
        worker = at_work(data)
        until(lambda: EmbeddedServer(data).is_running())
        assert at_work(data) == worker
