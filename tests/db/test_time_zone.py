"""Times are UTC for us, whatever the server, the login or the machine prefers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.services import audit
from console.services.takeover import Takeover
from tests.services.desk import now_of
from tests.world import make_talk, make_world


async def test_times_are_utc_and_the_audit_log_verifies(
    urls: ServerUrls, gateway_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Kolkata")
    elsewhere = Database(urls.app, pool_size=2)
    world = await make_world(elsewhere)
    talk = await make_talk(gateway_db, world)
    await Takeover(elsewhere).claim(world.member, talk.id)
    holder = (await now_of(elsewhere, world.member, talk)).holder
    assert holder is not None
    assert holder.since.utcoffset() == timedelta(0)
    async with elsewhere.read(world.workspace_id) as tx:
        assert await audit.first_break(tx) is None
    await elsewhere.close()
