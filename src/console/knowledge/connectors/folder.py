"""A source that is a folder of this machine: its text, Markdown, HTML, PDF and Word files, in order of their paths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from console.errors import RefusedError
from console.knowledge.connectors.fetched import Fetched
from console.knowledge.connectors.local import local_path, read_file, reason, resolved, storable
from console.knowledge.media import SUFFIXES

MAX_FILES = 20_000
"""How many files one folder may hold."""

_BARE = frozenset({"readme", "faq", "changelog", "notes"})


def check(path: str) -> str:
    """The URI of the folder; raises as `resolved` does when there is no such folder."""
    return resolved(path, folder=True).as_uri()


def count(uri: str) -> int:
    """How many files will be read; raises as `fetch` does."""
    total = sum(1 for entry in _walk(_root(uri)) if not isinstance(entry, Fetched))
    if total > MAX_FILES:
        raise RefusedError(f"the folder holds {total:,} files, the limit is {MAX_FILES:,}", hint="add its parts")
    return total


def fetch(uri: str) -> Iterator[Fetched]:
    """Read the files one by one, each under its path below the folder, so that a moved folder stays the same.

    Links are never followed; hidden entries and other kinds of file are skipped, each with its reason. An
    unreadable folder below is an error of its own. `RefusedError` when the folder itself can't be read.
    """
    root = _root(uri)
    for entry in _walk(root):
        if isinstance(entry, Fetched):
            yield entry
        else:
            yield read_file(entry, _uri(root, entry))


def _root(uri: str) -> Path:
    root = local_path(uri)
    try:
        os.scandir(root).close()
    except OSError as error:
        raise RefusedError(f"the folder {storable(str(root))} can't be read: {reason(error)}") from None
    return root


def _walk(root: Path) -> Iterator[Path | Fetched]:
    """Files to read, and the entries that are left out."""
    todo = [root]
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield Fetched(f"{_uri(root, folder)}/", folder.name, error=f"can't be read: {reason(error)}")
            continue
        below = []
        for entry in entries:
            path = Path(entry.path)
            if why := _left_out(entry):
                yield Fetched(_uri(root, path), storable(entry.name), skipped=why)
            elif entry.is_dir(follow_symlinks=False):
                below.append(path)
            else:
                yield path
        todo += reversed(below)


def _left_out(entry: os.DirEntry[str]) -> str | None:
    if entry.name.startswith("."):
        return "hidden"
    if entry.is_symlink():
        return "a link"
    if entry.is_dir(follow_symlinks=False):
        return None
    if not entry.is_file(follow_symlinks=False):
        return "not a regular file"
    name, suffix = os.path.splitext(entry.name.lower())  # noqa: PTH122 - a name, not a path
    known = suffix in SUFFIXES or (not suffix and name in _BARE)
    return None if known else "no text, Markdown, HTML, PDF or Word file"


def _uri(root: Path, path: Path) -> str:
    return storable(path.relative_to(root).as_posix())
