"""The worker that belongs to an embedded server: one per data directory, there while anybody needs it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console.db.embedded import locks

CHECK_SECONDS = 2.0
_NEEDS, _WORKS = "worker-users.lock", "worker.lock"


@contextmanager
def needed(data_dir: Path, *, start: bool = True) -> Iterator[None]:
    """Need a worker while the block runs: one is started unless one works already, and ends with its last user.

    A user is counted by a shared file lock, which the kernel drops however its process ends.
    """
    use = locks.shared(data_dir / _NEEDS)
    try:
        if start and locks.is_free(data_dir / _WORKS):
            spawn("worker", "--companion", data_dir=data_dir)
        yield
    finally:
        os.close(use)


@contextmanager
def only_worker(data_dir: Path) -> Iterator[bool]:
    """Be the data directory's worker; False when another one is."""
    held = locks.try_exclusive(data_dir / _WORKS)
    try:
        yield held is not None
    finally:
        if held is not None:
            os.close(held)


async def unneeded(data_dir: Path) -> None:
    """Return when nobody needs the worker any more; who comes from then on waits for its end, then starts another."""
    while (lock := locks.try_exclusive(data_dir / _NEEDS)) is None:
        await asyncio.sleep(CHECK_SECONDS)
    _leaving.append(lock)


_leaving: list[int] = []
"""Held until the process ends."""


def spawn(*words: str, data_dir: Path) -> subprocess.Popen[bytes]:
    """Start another `console` process on the same data directory, apart from this terminal and silent."""
    return subprocess.Popen(  # noqa: S603 - our own program and words
        [sys.executable, "-m", "console", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env=os.environ | {"CONSOLE_DATA_DIR": str(data_dir)},
    )
