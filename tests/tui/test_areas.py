"""What every area shows while it is read, when it can't be read, and when there is nothing in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from console.errors import ConnectionFailedError
from console.services import Services
from console.tui.areas import AREAS
from tests.tui.support.around import Around
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, Running, running

Size = tuple[int, int]
Call = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Read:
    """How an area reads first, what it says meanwhile, and what is there when nothing was done yet."""

    service: str
    method: str
    what: str
    empty: tuple[str, ...]

    def around(self, services: Services, way: Callable[[Call], Awaitable[Any]]) -> Services:
        """The services whose first read of the area goes that way."""
        services.__dict__[self.service] = Around(getattr(services, self.service), self.method, way)
        return services


READS = {
    "inbox": Read("inbox", "page", "the inbox", ("No conversations yet.", "they appear here as visitors write")),
    "gaps": Read("gaps", "counts", "the gaps", ("No gaps", "[open 0]")),
    "knowledge": Read("sources", "list", "the sources", ("No knowledge yet.", "an admin adds sources with +")),
    "agents": Read("agents", "overview", "the agents", ("Assistant", "live v1")),
    "usage": Read("usage", "report", "what was used", ("Nothing was used", "[ goes to the one before")),
    "workspaces": Read("my_workspaces", "list", "your workspaces", ("Test", "member")),
}


@pytest.fixture(params=AREAS, ids=lambda area: area.id)
def area(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The key and the name of an area."""
    return str(request.param.number), request.param.id


class Held:
    """Calls wait to be let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def __call__(self, call: Call) -> Any:
        await self.go.wait()
        return await call()


class Broken:
    """There is no connection until it is whole."""

    def __init__(self) -> None:
        self.whole = False

    async def __call__(self, call: Call) -> Any:
        if not self.whole:
            raise ConnectionFailedError("the database can't be reached")
        return await call()


async def goes_away_and_back(it: Running, key: str, *words: str) -> None:
    """The next area can be reached, and this one is as it was."""
    there = AREAS[int(key) % len(AREAS)]
    await it.press(str(there.number))
    await it.until(lambda: it.app.current_mode == there.id, there.id)
    assert words[0] not in it.text
    await it.press(key)
    await it.sees(*words)


async def test_while_it_is_read(desk: Desk, size: Size, area: tuple[str, str]) -> None:
    key, read, held = area[0], READS[area[1]], Held()
    async with running(desk.console(services=read.around(desk.services(), held)), size) as it:
        await it.press(key)
        await it.sees(f"reading {read.what} …")
        await goes_away_and_back(it, key, f"reading {read.what} …")
        held.go.set()
        await it.sees(*read.empty)
        assert f"reading {read.what}" not in it.text


async def test_it_can_be_left_while_it_is_read(desk: Desk, area: tuple[str, str]) -> None:
    read, viewer = READS[area[1]], desk.people.viewer  # who has nothing to give back first
    async with running(desk.console(viewer, read.around(desk.services(), Held())), NARROW) as it:
        await it.press(area[0])
        await it.sees(f"reading {read.what} …")
        await it.press("q")
        await it.until(lambda: it.app._exit, "left")


async def test_it_can_not_be_read(desk: Desk, size: Size, area: tuple[str, str]) -> None:
    key, read, broken = area[0], READS[area[1]], Broken()
    async with running(desk.console(services=read.around(desk.services(), broken)), size) as it:
        said = ("the database can't be reached", "R tries again")
        await it.press(key)
        await it.sees(*said)
        assert not any(words in it.text for words in read.empty)
        assert f"reading {read.what}" not in it.text
        await goes_away_and_back(it, key, *said)
        broken.whole = True
        await it.press("R")
        await it.sees(*read.empty)
        await it.until(lambda: "tries again" not in it.text, "all is well")
