"""A database of the worker's own: a worker works for all workspaces of one, and what other tests left comes first."""

from __future__ import annotations

import os

import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import migrate


@pytest.fixture(scope="session")
def urls(server: EmbeddedServer) -> ServerUrls:
    """A migrated database in which nothing is left to do."""
    urls = server.create_database(f"worker_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}")
    migrate(urls.owner)
    return urls
