"""What `postmaster.pid` says about a server, and whether it still holds."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from console.db.embedded.files import read_text
from console.db.embedded.sockets import PORT

_LINES = 8  # PostgreSQL's src/include/utils/pidfile.h


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server as its pid file describes it."""

    pid: int
    socket_dir: Path
    ready: bool

    def accepts(self) -> bool:
        """Whether somebody listens at its socket, which ends with the postmaster."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(5)
            try:
                client.connect(str(self.socket_dir / f".s.PGSQL.{PORT}"))
            except OSError:
                return False
        return True


def read(pgdata: Path) -> Postmaster | None:
    """The server that last wrote the pid file, or None without a complete one."""
    lines = (read_text(pgdata / "postmaster.pid") or "").splitlines()
    if len(lines) < _LINES or not lines[0].strip().isdigit():
        return None
    return Postmaster(int(lines[0]), Path(lines[4]), lines[7].strip() == "ready")


def clear_stale(pgdata: Path) -> None:
    """Remove a pid file that would keep Postgres from starting though its process is another program.

    To be called while no process of the cluster is alive. A file that names a dead process stays: Postgres
    checks the shared memory it names, and then replaces it.
    """
    path = pgdata / "postmaster.pid"
    first = (read_text(path) or "").partition("\n")[0].strip()
    if not first.isdigit() or (_alive(int(first)) and "postgres" not in _program(int(first))):
        path.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _program(pid: int) -> str:
    """The name of the program of a process, empty for one that ended and waits for its parent."""
    arguments = read_text(Path(f"/proc/{pid}/cmdline"))
    if arguments is None:
        command = ["ps", "-o", "comm=", "-p", str(pid)]
        arguments = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    return Path(arguments.partition("\0")[0]).name
