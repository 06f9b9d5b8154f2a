"""What a connector hands over: one item of a source, its bytes or the reason why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

Before = Mapping[str, str]
"""What the source said of an item when it was last read, to ask with whether it has changed."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One item: exactly one of `data`, `unchanged`, `error`, `gone` and `skipped` is set.

    `error`: it belongs to the source and can't be read. `gone`: the source says that it is no more. `skipped`: it was
    left out on purpose. A `uri` that ends in a slash may stand for everything below it.
    """

    uri: str
    name: str
    data: bytes | None = None
    unchanged: bool = False
    error: str | None = None
    gone: str | None = None
    skipped: str | None = None
    media_type: str | None = None
    modified: datetime | None = None
    validators: Before = field(default_factory=dict)


def place_name(uri: str) -> str:
    """What to call a place until it has a title: the last part of its path, else its host."""
    parts = urlsplit(uri)
    return unquote(PurePosixPath(parts.path).name) or parts.netloc
