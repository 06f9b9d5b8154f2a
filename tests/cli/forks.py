"""Commands in forks of one process that has imported all of it: their work is awaited, not an interpreter's start.

A call is a socket with the request (three descriptors, then JSON); over it come back the pid and the exit status.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

_ROOT = Path(__file__).parents[2]
_PRELOADED = ("console.cli", "console.db", "console.domain", "console.services")
_START_SECONDS = 180.0
_lock = threading.Lock()


def call(words: Sequence[str], data: bytes, env: Mapping[str, str], timeout: float) -> tuple[int, bytes, bytes]:
    """Run `console` with those words; returns its exit status, and what it wrote to stdout and stderr.

    Raises `TimeoutError` when it takes longer, and then has killed it.
    """
    request = json.dumps({"words": [*words], "env": dict(env), "cwd": str(Path.cwd())}).encode()
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err, _link() as link:
        given.write(data)
        given.seek(0)
        socket.send_fds(link, [b"+"], [given.fileno(), out.fileno(), err.fileno()])
        link.sendall(request)
        link.shutdown(socket.SHUT_WR)
        with link.makefile() as answers:
            pid = int(answers.readline())
            link.settimeout(timeout)
            try:
                status = int(answers.readline())
            except TimeoutError:
                with suppress(ProcessLookupError):  # It ends at this very moment.
                    os.killpg(pid, signal.SIGKILL)
                raise
        out.seek(0), err.seek(0)
        return status, out.read(), err.read()


def _link() -> socket.socket:
    """A socket with a new fork at its other end."""
    mine, theirs = socket.socketpair()
    mine.settimeout(_START_SECONDS)
    with theirs, _lock:
        socket.send_fds(_server(), [b"+"], [theirs.fileno()])
    return mine


@functools.cache
def _server() -> socket.socket:
    """The way to this test process's server, which ends when it is closed."""
    mine, theirs = socket.socketpair()
    env = {name: os.environ[name] for name in ("PATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    env |= {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}  # numpy's would begin a thread
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())], cwd=_ROOT, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True,
        )  # fmt: skip

    def end() -> None:
        mine.close()
        process.wait()

    atexit.register(end)
    return mine


def _serve(control: socket.socket) -> socket.socket | None:
    """Fork for each call and tell how each ended, until nobody calls any more; in a fork: the socket of its call."""
    running: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for ready in select.select([control.fileno(), *running], [], [])[0]:
            if ready in running:
                os.close(ready)
                pid, link = running.pop(ready)
                with link:
                    _tell(link, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                continue
            _, fds, _, _ = socket.recv_fds(control, 1, 1)
            if not fds:
                return None
            link = socket.socket(fileno=fds[0])
            if not (pid := os.fork()):
                for others in (control, *(other for _, other in running.values())):
                    others.close()
                return link
            os.setpgid(pid, pid)
            running[os.pidfd_open(pid)] = pid, link
            _tell(link, pid)


def _tell(link: socket.socket, number: int) -> None:
    try:
        link.sendall(b"%d\n" % number)
    except OSError:  # Nobody waits any more.
        return


def _become(link: socket.socket) -> None:
    """Make this process what the call asks for, as if it had just been started."""
    with link, link.makefile("rb") as request:
        _, fds, _, _ = socket.recv_fds(link, 1, 3)
        asked: dict[str, Any] = json.load(request)
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    os.chdir(asked["cwd"])
    sys.argv[1:] = asked["words"]
    for number, (name, mode, buffering) in enumerate((("stdin", "r", -1), ("stdout", "w", -1), ("stderr", "w", 1))):
        old = getattr(sys, name)
        as_before = {"encoding": old.encoding, "errors": old.errors, "newline": "\n", "closefd": False}
        setattr(sys, name, os.fdopen(number, mode, buffering, **as_before))


def _preload() -> None:
    for name in _PRELOADED:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)
    importlib.import_module("console.bootstrap")
    assert threading.active_count() == len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208
    gc.collect()
    gc.freeze()


def main() -> int:
    """Be the server, and then, in each fork, the command."""
    _preload()
    link = _serve(socket.socket(fileno=int(sys.argv[1])))
    if link is None:
        return 0
    _become(link)
    return importlib.import_module("console.cli.main").main()  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.exit(main())
