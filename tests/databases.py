"""Migrated databases of a test's own on the shared server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import migrate
from console.ids import new_id


@contextmanager
def own_database(server: EmbeddedServer) -> Iterator[ServerUrls]:
    """One in which nothing is left of other tests, and whose workers work for nobody else; gone after the block."""
    name = f"own_{new_id().hex[-12:]}"
    urls = server.create_database(name)
    migrate(urls.owner)
    yield urls
    server.drop_database(name)
