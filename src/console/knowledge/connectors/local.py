"""Files of this machine, read without following links and without reading too much."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from console.addresses import Reach
from console.errors import InvalidInputError, NotFoundError, RefusedError
from console.knowledge.connectors.fetched import Fetched
from console.knowledge.media import most_bytes
from console.text import one_line


def local_path(uri: str) -> Path:
    """The path that a `file:` URI names; a plain path names itself."""
    return Path(unquote(urlsplit(uri).path)) if uri.startswith("file://") else Path(uri)


def require_readable(place: str, reach: Reach) -> None:
    """Raise `RefusedError` for a path outside the folders that may be read, whether or not anything is there."""
    with suppress(OSError, ValueError, RuntimeError):  # what can't be looked at is told by who reads it
        if reach.reads(local_path(place).expanduser().resolve()):
            return
        where = ", ".join(str(folder) for folder in reach.folders)
        raise RefusedError(f"{one_line(place)} is not in a folder that sources may be read from", hint=f"use {where}")


def resolved(path: str, *, folder: bool) -> Path:
    """The absolute path; `NotFoundError` when nothing is there, `InvalidInputError` when it is the wrong thing."""
    shown = one_line(path)
    try:
        found = Path(path).expanduser().resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"there is no {'folder' if folder else 'file'} {shown}") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise InvalidInputError(f"{shown} can't be read: {reason(error)}") from None
    if found.is_dir() is not folder:
        kind, other = ("file", "folder") if found.is_dir() else ("folder", "file")
        raise InvalidInputError(f"{shown} is no {kind}", hint=f"console source add {other} {shown}")
    return found


def read_file(path: Path, uri: str) -> Fetched:
    """Read one regular file that is not too large; anything else becomes an item with its reason."""
    most = most_bytes(path.name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as opened:  # noqa: PTH123 - an open descriptor has no path
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                return Fetched(uri, path.name, skipped="not a regular file")
            data = opened.read(most + 1)
    except OSError as error:
        return Fetched(uri, path.name, error=f"can't be read: {reason(error)}")
    if len(data) > most:
        size = max(about.st_size, len(data)) / 1e6
        return Fetched(uri, path.name, error=f"too large: {size:.1f} MB, the limit is {most / 1e6:.0f} MB")
    return Fetched(uri, path.name, data=data, modified=datetime.fromtimestamp(about.st_mtime, UTC))


def reason(error: BaseException) -> str:
    """The operating system's own words, without the path."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def storable(name: str) -> str:
    """A file name as text: bytes that are no UTF-8 are written out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
