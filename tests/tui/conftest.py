"""The world of the console's tests: services, an actor, and hands to change what they see."""

from __future__ import annotations

import pytest

from console.domain.actor import Role
from tests.tui.support import fake
from tests.tui.support.fake import World
from tests.tui.support.stage import NARROW, WIDE


@pytest.fixture
def world() -> World:
    """A workspace with nothing in it, seen by a member."""
    return fake.world()


@pytest.fixture
def admin_world() -> World:
    """The same, seen by an admin."""
    return fake.world(Role.ADMIN)


@pytest.fixture
def viewer_world() -> World:
    """The same, seen by a viewer."""
    return fake.world(Role.VIEWER)


@pytest.fixture(params=[NARROW, WIDE], ids=["80x24", "120x40"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Both sizes that every screen must look right at."""
    return request.param  # type: ignore[no-any-return]
