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

SECONDS = 40.0
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


def holder(data: Path) -> int | None:
    """Who holds the worker's lock, as the kernel has it."""
    lock = data / "worker.lock"
    if not lock.exists():
        return None
    wanted = f":{lock.stat().st_ino} "
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines() if wanted in line]
    return int(lines[0][4]) if lines else None


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


def one_works(data: Path) -> bool:
    at_work = holder(data)
    return at_work is not None and [process.pid for process in workers(data)] == [at_work]


def test_several_users_have_one_worker_that_ends_with_the_last(data: Path) -> None:
    with user(data):
        until(lambda: one_works(data))
        first = holder(data)
        with user(data):
            until(lambda: one_works(data))
            assert holder(data) == first
    until(lambda: not workers(data))


def test_a_killed_user_is_no_user_and_a_killed_worker_is_replaced(data: Path) -> None:
    with user(data) as process:
        until(lambda: one_works(data))
        (worker,) = workers(data)
        worker.kill()
        until(lambda: one_works(data) and holder(data) != worker.pid)
        process.kill()
        until(lambda: not workers(data))


def test_who_comes_while_it_leaves_gets_a_new_one(data: Path) -> None:
    with user(data):
        until(lambda: one_works(data))
        first = holder(data)
    # nobody needs it now; it notices within two seconds and takes its time to leave
    with user(data):
        until(lambda: one_works(data))
        stays = holder(data)
        time.sleep(2.5)
        until(lambda: one_works(data))
        assert holder(data) in {first, stays} or not psutil.pid_exists(first or 0)
