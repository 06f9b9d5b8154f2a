"""What the tests of the embedded server share: console processes of their own, and a look at Postgres."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from console.db.embedded import places, postmaster

SOURCE = Path(places.__file__).parents[3]
USER_OF_SERVER = """
import sys
from pathlib import Path
from console.db.embedded.server import EmbeddedServer

server = EmbeddedServer(Path(sys.argv[1]))
print(server.start().app, flush=True)
sys.stdin.readline()
server.stop()
"""


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that every account can pass through, which pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="console-test-", dir="/tmp"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


def ask(url: str, statement: str) -> Any:
    """The first column of the first row."""
    with psycopg.connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def do(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def pgdata(data_dir: Path) -> Path:
    return places.cluster_of(data_dir) / "data"


def postmaster_pid(data_dir: Path) -> int:
    running = postmaster.read(pgdata(data_dir))
    assert running is not None
    return running.pid


def kill_cluster(data_dir: Path) -> None:
    """Kill every process of the cluster at once."""
    head = psutil.Process(postmaster_pid(data_dir))
    head.suspend()  # Or it would have more children meanwhile.
    family = [head, *head.children(recursive=True)]
    for signal in ("suspend", "kill"):
        for process in family:
            with suppress(psutil.NoSuchProcess):
                getattr(process, signal)()
    while any(map(_lives, family)):
        time.sleep(0.01)


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Console:
    """A process of its own that uses the server until it is told to leave."""

    def __init__(self, data_dir: Path, **options: Any) -> None:
        command = [options.pop("python", sys.executable), "-c", USER_OF_SERVER, str(data_dir)]
        self.process: subprocess.Popen[str] = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )

    def url(self) -> str:
        """Wait until the server runs, and give the app's address."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            assert self.process.stderr is not None
            raise AssertionError(self.process.stderr.read())
        return line

    def leave(self) -> None:
        self.process.communicate("\n", timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@contextmanager
def consoles(data_dir: Path, number: int, **options: Any) -> Iterator[list[Console]]:
    """Several processes started at once; those still there at the end are killed."""
    running = [Console(data_dir, **options) for _ in range(number)]
    try:
        yield running
    finally:
        for console in running:
            if console.process.returncode is None:
                console.kill()


def environment(*path: Path, **more: str) -> Mapping[str, str]:
    """A bare environment with `path` as PYTHONPATH."""
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(map(str, path)), "LC_ALL": "C.UTF-8", **more}
