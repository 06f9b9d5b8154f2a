"""The worker that belongs to an embedded server: one per data directory, there while anybody needs it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from console.db.embedded import locks
from console.paths import private_dir

CHECK_SECONDS = 2.0
_LONGEST_PAUSE = 60.0
_NEEDS, _WORKS = "worker-users.lock", "worker.lock"


@contextmanager
def needed(data_dir: Path) -> Iterator[None]:
    """Need a worker while the block runs: it is started when there is none, again when it dies, and ends with its
    last user.

    A user is counted by a shared file lock, which the kernel drops however its process ends.
    """
    use = locks.shared(private_dir(data_dir) / _NEEDS)
    over = Event()
    keeper = Thread(target=_keep, args=(data_dir, over), name="companion", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()
        os.close(use)


def _keep(data_dir: Path, over: Event) -> None:
    """Start a worker whenever none works, ever more slowly while it does not stay."""
    pause = CHECK_SECONDS
    while True:
        if locks.is_free(data_dir / _WORKS):
            spawn("worker", "--companion", data_dir=data_dir)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            pause = CHECK_SECONDS
        if over.wait(pause):
            return


@contextmanager
def only_worker(data_dir: Path) -> Iterator[bool]:
    """Be the data directory's worker; False when another one is."""
    held = locks.try_exclusive(private_dir(data_dir) / _WORKS)
    try:
        yield held is not None
    finally:
        if held is not None:
            os.close(held)


async def unneeded(data_dir: Path, busy: Callable[[], Awaitable[bool]]) -> None:
    """Return when nobody needs the worker any more and it isn't `busy`, or when its data directory is gone.

    Who comes from then on waits for its end, then starts another.
    """
    try:
        while await busy() or (lock := locks.try_exclusive(data_dir / _NEEDS)) is None:
            await asyncio.sleep(CHECK_SECONDS)
    except FileNotFoundError:
        return
    _leaving.append(lock)


_leaving: list[int] = []
"""Held until the process ends."""
_started: list[subprocess.Popen[bytes]] = []


def spawn(*words: str, data_dir: Path) -> None:
    """Start another `console` process on the same data directory, apart from this terminal and silent."""
    _started[:] = [process for process in _started if process.poll() is None]
    process = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-P", "-m", "console", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"CONSOLE_DATA_DIR": str(data_dir)},
    )
    _started.append(process)
