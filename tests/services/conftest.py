"""A fresh workspace, and a visitor in it who waits for an answer."""

from __future__ import annotations

import pytest

from console.db.engine import Database
from tests.world import Talk, World, make_talk, make_world


@pytest.fixture
async def world(db: Database) -> World:
    """A fresh workspace."""
    return await make_world(db)


@pytest.fixture
async def talk(gateway_db: Database, world: World) -> Talk:
    """A conversation in which a visitor has said something."""
    talk = await make_talk(gateway_db, world)
    await talk.say("hello?")
    return talk
