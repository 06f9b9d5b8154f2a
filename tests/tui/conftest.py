"""The desk of the console's tests."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
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


LONG, GO_SECONDS = 99, 30.0


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person has seconds for lasts until the slowest machine is through with it."""
    for module in ("services.held", "services.undo", "services.review", "tui.undo", "tui.screens.gaps"):
        monkeypatch.setattr(f"console.{module}.HOLD_SECONDS", LONG)
    monkeypatch.setattr("console.tui.undo.SPAN", timedelta(seconds=LONG))
    for module in ("services.presence", "services.visitors"):
        monkeypatch.setattr(f"console.{module}.TYPING_SECONDS", LONG)
    monkeypatch.setattr("console.services.presence.STALE_SECONDS", LONG)
    for module in ("takeover", "undo", "held", "replies"):
        monkeypatch.setattr(f"console.services.{module}.LEASE_SECONDS", 6 * LONG)
    monkeypatch.setattr("console.tui.leaving.GO_SECONDS", GO_SECONDS)


@pytest.fixture
def unpolled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that is live looks for nothing by itself, however long it is quiet."""
    monkeypatch.setattr("console.db.listen.LIVE_POLL_SECONDS", 600.0)


@pytest.fixture
def unbeaten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The console tells of itself only what happens in it."""
    for name in ("FIRST_BEAT", "HEARTBEAT"):
        monkeypatch.setattr(f"console.tui.app.{name}", 600.0)


@pytest.fixture
async def desk(db: Database, gateway_db: Database, urls: ServerUrls, unhurried: None) -> AsyncIterator[Desk]:
    """A desk in a fresh workspace; what is written is notified."""
    async with Notifier(db, urls.app), Notifier(gateway_db, urls.gateway):
        yield Desk(db, gateway_db, urls, await make_world(db))


@pytest.fixture
async def wire(urls: ServerUrls, server_dir: Path) -> AsyncIterator[Proxy]:
    """A wire to the app's database, whole; its folder is its own among all test processes of the run."""
    folder = Path(tempfile.mkdtemp(prefix="wire", dir=server_dir))
    async with Proxy(urls.app, folder).open() as proxy:
        yield proxy
