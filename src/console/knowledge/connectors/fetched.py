"""What a connector hands over: one item of a source, its bytes or the reason why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """One item: exactly one of `data`, `error` and `skipped` is set.

    `error`: it belongs to the source and can't be read. `skipped`: it was left out on purpose. A `uri`
    that ends in a slash stands for everything below it.
    """

    uri: str
    name: str
    data: bytes | None = None
    error: str | None = None
    skipped: str | None = None
    media_type: str | None = None
    modified: datetime | None = None
