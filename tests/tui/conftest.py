"""The desk of the console's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.notify import Notifier
from tests.proxy import Proxy
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, WIDE
from tests.world import make_world


@pytest.fixture(params=[NARROW, WIDE], ids=["80x24", "120x40"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Both sizes that every screen must look right at."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
async def desk(db: Database, gateway_db: Database, urls: ServerUrls) -> AsyncIterator[Desk]:
    """A desk in a fresh workspace; what is written is notified."""
    async with Notifier(db, urls.app), Notifier(gateway_db, urls.gateway):
        yield Desk(db, gateway_db, urls, await make_world(db))


@pytest.fixture
async def wire(urls: ServerUrls, tmp_path: Path, server_dir: Path) -> AsyncIterator[Proxy]:
    """A wire to the app's database, whole."""
    folder = server_dir / f"wire{tmp_path.name[-3:]}"
    folder.mkdir(exist_ok=True)
    async with Proxy(urls.app, folder).open() as proxy:
        yield proxy
