"""Advisory file locks, which the kernel drops when their holder ends in whatever way."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock(path: Path) -> int:
    """Open (and make, 0600) a lock file; child processes don't inherit it unless it is passed on."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock alone, waiting for it as long as it takes."""
    fd = open_lock(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def shared(path: Path) -> int:
    """Join the holders of the lock; closing the returned descriptor leaves them."""
    fd = open_lock(path)
    fcntl.flock(fd, fcntl.LOCK_SH)
    return fd


def try_exclusive(path: Path) -> int | None:
    """The descriptor of the lock held alone, or None when anybody holds it."""
    fd = open_lock(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock."""
    fd = try_exclusive(path)
    if fd is None:
        return False
    os.close(fd)
    return True
