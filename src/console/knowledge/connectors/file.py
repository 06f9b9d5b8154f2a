"""A source that is one file of this machine."""

from __future__ import annotations

from collections.abc import Iterator

from console.errors import InvalidInputError, RefusedError
from console.knowledge.connectors.fetched import Fetched
from console.knowledge.connectors.local import local_path, read_file, resolved, storable
from console.knowledge.extract import extract
from console.knowledge.media import document_type


def check(path: str) -> str:
    """The URI of the file; raises as `resolved` does when there is no such file, `InvalidInputError` for no text."""
    file = resolved(path, folder=False)
    found = read_file(file, storable(file.name))
    if found.data is None:
        raise InvalidInputError(f"{found.name} is {found.skipped}" if found.skipped else f"{found.name}: {found.error}")
    if document_type(found.name, None) is None:
        extract(found.data, name=found.name)
    return file.as_uri()


def count(_uri: str) -> int:
    """Always one."""
    return 1


def fetch(uri: str) -> Iterator[Fetched]:
    """Read the file; `RefusedError` when it is gone, so that what was known of it stays."""
    path = local_path(uri)
    if not path.is_file():
        raise RefusedError(f"there is no file {storable(str(path))} any more")
    yield read_file(path, storable(path.name))
