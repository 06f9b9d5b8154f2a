"""What the tests of faults share: a proxy before the server, and the server's own view."""

from __future__ import annotations

import gc
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from tests.databases import own_database
from tests.proxy import Proxy


@pytest.fixture(scope="module")
def own_urls(server: EmbeddedServer) -> Iterator[ServerUrls]:
    """A migrated database of the module's own: no work of other tests waits there for its workers."""
    with own_database(server) as urls:
        yield urls


@pytest.fixture
def socket_dir() -> Iterator[Path]:
    """A folder with a name short enough for a socket in it."""
    path = Path(tempfile.mkdtemp(prefix="console-wire-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
async def app_proxy(urls: ServerUrls, socket_dir: Path) -> AsyncIterator[Proxy]:
    """A proxy for the app role."""
    async with Proxy(urls.app, socket_dir).open() as proxy:
        yield proxy


@pytest.fixture
def dropped_links() -> Iterator[None]:
    """Let links go that the library's pool was making when it was cancelled: it drops them open, Python closes them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*was deleted while still open", ResourceWarning)
        yield
        gc.collect()


@pytest.fixture
async def god(urls: ServerUrls) -> AsyncIterator[psycopg.AsyncConnection]:
    """A superuser's connection to the test database, autocommit."""
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as connection:
        yield connection
