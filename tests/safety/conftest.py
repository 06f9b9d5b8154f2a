"""Two filled workspaces, made once for the module that asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.db.embedded.server import ServerUrls
from tests.safety.rows import Two, filled


@pytest.fixture(scope="module")
def two(urls: ServerUrls) -> Iterator[Two]:
    """Workspaces a and b with a row in every table."""
    with filled(urls) as two:
        yield two
