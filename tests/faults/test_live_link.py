"""The live link fails while visitors write: who follows by seq sees every message once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from console.db import hangup
from console.db import listen as module
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.listen import listen
from console.db.notify import Notifier
from console.domain.live import Changed, Link, LinkChanged
from console.errors import ConnectionFailedError
from console.services.conversations import Conversations
from tests.proxy import Proxy
from tests.world import Talk, World, make_talk, make_world

MISSED = [f"missed {number}" for number in range(50)]
SOON, READING = 60.0, 4.0


class Follower:
    """A screen in small: it hears that something changed, and reads on from the last seq that it has."""

    def __init__(self, db: Database, direct_url: str, world: World, talk: Talk) -> None:
        self._db, self._url, self._world, self._talk = db, direct_url, world, talk
        self._moved = asyncio.Condition()
        self.links: list[Link] = []
        self.seen: list[tuple[int, str]] = []

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _follow(self) -> None:
        async for event in listen(self._db, self._url, self._world.workspace_id):
            if isinstance(event, LinkChanged):
                self.links.append(event.link)
            elif isinstance(event, Changed) and (event.conversations is None or self._talk.id in event.conversations):
                await self._read_on()
            async with self._moved:
                self._moved.notify_all()

    async def _read_on(self) -> None:
        after = self.seen[-1][0] if self.seen else 0
        try:
            async with asyncio.timeout(READING):
                page = await Conversations(self._db).transcript(self._world.member, self._talk.id, after=after)
        except (ConnectionFailedError, TimeoutError):
            return  # It reads again after the next event.
        self.seen += [(message.seq, message.content) for message in page.messages]

    async def is_at(self, link: Link, seen: int) -> None:
        """Wait until the link stands so, and so many messages are seen."""
        async with asyncio.timeout(SOON), self._moved:
            await self._moved.wait_for(lambda: self.links[-1:] == [link] and len(self.seen) == seen)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that polls and asks sooner."""
    for name in ("LIVE_POLL_SECONDS", "ANSWER_SECONDS", "FALLBACK_POLL_SECONDS"):
        monkeypatch.setattr(module, name, 0.5)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", ["stalled", "cut"])
@pytest.mark.parametrize("whole", [False, True], ids=["live link", "network"])
async def test_what_is_missed_is_read(
    db: Database, gateway_db: Database, urls: ServerUrls, app_proxy: Proxy, whole: bool, fault: str
) -> None:
    """While queries still work it polls, so that nothing waits for the link's return."""
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    own = Database(app_proxy.url, pool_size=2) if whole else db
    follower = Follower(own, app_proxy.url, world, talk)
    async with Notifier(gateway_db, urls.gateway), follower.following():
        await talk.say("before")
        await follower.is_at(Link.LIVE, 1)
        fail(app_proxy, fault)
        await say_all(talk)
        await follower.is_at(Link.OFFLINE if whole else Link.POLLING, 1 if whole else 51)
        app_proxy.mend()
        await follower.is_at(Link.LIVE, 51)
        await talk.say("after")
        await follower.is_at(Link.LIVE, 52)
    await own.close()
    assert follower.seen == list(enumerate(["before", *MISSED, "after"], 1))


async def test_a_call_on_a_stalled_link_ends(db: Database, app_proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    world = await make_world(db)
    own = Database(app_proxy.url, pool_size=1)
    await own.ping()
    async with asyncio.timeout(SOON):
        with monkeypatch.context() as impatient:
            impatient.setattr(hangup, "PATIENCE_SECONDS", 0.5)
            with pytest.raises(ConnectionFailedError):
                await stalled_within(own, world, app_proxy)
        app_proxy.mend()
        await own.ping()
    await own.close()


async def stalled_within(db: Database, world: World, proxy: Proxy) -> None:
    async with db.read(world.workspace_id) as tx:
        await tx.scalar("SELECT 1")
        proxy.stall()
        await tx.scalar("SELECT 1")


def fail(proxy: Proxy, fault: str) -> None:
    if fault == "cut":
        proxy.cut()
    else:
        proxy.stall()


async def say_all(talk: Talk) -> None:
    for content in MISSED:
        await talk.say(content)
