"""Small files for their owner's eyes only: written whole or not at all, never through a symlink."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from console.errors import RefusedError
from console.paths import private_dir

_OTHERS = 0o077
_MAX_BYTES = 16 * 1024 * 1024


def write_private(path: Path, data: bytes) -> None:
    """Write the file atomically, 0600 in a 0700 folder; `RefusedError` when a symlink or no file is there."""
    folder = private_dir(path.parent)
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise RefusedError(f"{path} is not a plain file", hint="look at what put it there, then remove it")
    fresh = folder / f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        _write_new(fresh, data)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise RefusedError(f"{path} can't be written: {error.strerror}") from None


def create_private(path: Path, data: bytes) -> bool:
    """Write the file as `write_private` does, unless there is one: False for all but the first of those who race."""
    fresh = private_dir(path.parent) / f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        _write_new(fresh, data)
        os.link(fresh, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise RefusedError(f"{path} can't be written: {error.strerror}") from None
    finally:
        fresh.unlink(missing_ok=True)
    return True


def read_private(path: Path) -> bytes | None:
    """The file's bytes, or None when there is none; `RefusedError` for a symlink or a file others can reach."""
    try:
        # without O_NONBLOCK a named pipe at this path would hang the program
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = "it is a symlink" if path.is_symlink() else error.strerror
        raise RefusedError(f"{path} is not read: {why}", hint="remove it and try again") from None
    with os.fdopen(handle, "rb") as file:
        _refuse_shared(path, os.fstat(file.fileno()))
        return file.read(_MAX_BYTES)


def delete_private(path: Path) -> bool:
    """Remove the file (a symlink itself, never its target); whether there was one."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise RefusedError(f"{path} can't be removed: {error.strerror}") from None
    return True


def _write_new(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _refuse_shared(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise RefusedError(f"{path} is not a plain file", hint="remove it and try again")
    if found.st_uid != os.geteuid():
        raise RefusedError(f"{path} belongs to somebody else", hint="remove it and try again")
    if found.st_mode & _OTHERS:
        raise RefusedError(f"others can read {path}", hint=f"chmod 600 {path}")
