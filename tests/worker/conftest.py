"""A database of the worker's own: a worker works for all workspaces of one, and what other tests left comes first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from tests.databases import own_database


@pytest.fixture(scope="session")
def urls(server: EmbeddedServer) -> Iterator[ServerUrls]:
    """A migrated database in which nothing is left to do."""
    with own_database(server) as urls:
        yield urls
