"""One act on many: each by itself, and an honest account of what was left."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from console.clock import utc_now
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.bulk import BulkAct
from console.domain.conversation import Priority, Status
from console.domain.inbox import InboxFilter
from console.errors import ConflictError, NotAllowedError
from console.ids import ConversationId, new_id
from console.services.bulk import Bulk
from console.services.conversations import Conversations
from console.services.inbox import Inbox
from console.services.takeover import Takeover
from tests.proxy import Proxy
from tests.services.desk import count
from tests.world import World, make_talk

NOBODY = ConversationId(new_id())


@pytest.fixture
async def ids(db: Database, gateway_db: Database, world: World) -> list[ConversationId]:
    """Mine, another's, nobody's, a resolved one, and one that is nowhere."""
    talks = [await make_talk(gateway_db, world) for _ in range(4)]
    for talk in talks:
        await talk.say("hello")
    await Takeover(db).claim(world.member, talks[0].id)
    await Takeover(db).claim(world.other, talks[1].id)
    await Takeover(db).resolve(world.owner, talks[3].id, epoch=0)
    return [*(talk.id for talk in talks), NOBODY]


POSSIBLE = {
    BulkAct.RESOLVE: {0, 2},
    BulkAct.SNOOZE: {0, 2},
    BulkAct.ASSIGN: {0, 2, 3},
    BulkAct.LABEL: {0, 1, 2, 3},
    BulkAct.PRIORITY: {0, 1, 2, 3},
    BulkAct.RELEASE: {0},
    BulkAct.HAND_BACK: {0},
}


@pytest.mark.parametrize("act", BulkAct)
async def test_what_is_shown_before_is_what_is_done(
    db: Database, world: World, ids: list[ConversationId], act: BulkAct
) -> None:
    what = {"until": None, "to": None, "priority": Priority.HIGH, "add": ["vip"]}
    before = await Inbox(db).rows(world.member, ids)
    shown = await Bulk(db).preview(world.member, act, [*ids, ids[0]])
    assert {ids.index(id) for id in shown.possible} == POSSIBLE[act]
    assert set(shown.possible) | {id for id, _ in shown.left} == set(ids)
    assert sorted(await Inbox(db).rows(world.member, ids), key=str) == sorted(before, key=str)
    result = await Bulk(db).apply(world.member, act, [*ids, ids[0]], **what)
    assert (result.done, result.left, result.cut_off) == (shown.possible, shown.left, False)
    why = dict(result.left)
    assert why[NOBODY] == "there is no such conversation here"
    if act in {BulkAct.RESOLVE, BulkAct.SNOOZE}:
        assert (why[ids[1]], why[ids[3]]) == ("max holds it", "it is resolved already")


async def test_the_acts_reach_the_rows(db: Database, world: World, ids: list[ConversationId]) -> None:
    bulk, until = Bulk(db), utc_now() + timedelta(hours=1)
    await bulk.apply(world.member, BulkAct.PRIORITY, ids, priority=Priority.URGENT)
    await bulk.apply(world.member, BulkAct.LABEL, ids, add=["vip", "eu"])
    await bulk.apply(world.member, BulkAct.LABEL, ids, remove=["eu"])
    await bulk.apply(world.member, BulkAct.SNOOZE, ids, until=until)
    rows = {row.id: row for row in await Inbox(db).rows(world.member, ids)}
    assert {(row.priority, row.labels) for row in rows.values()} == {(Priority.URGENT, ("vip",))}
    assert [rows[ids[n]].snoozed_until for n in (0, 2)] == [until, until]
    await bulk.apply(world.member, BulkAct.ASSIGN, ids, to=world.owner.user_id)
    assert {row.assignee_name for row in (await Inbox(db).page(world.owner, InboxFilter.MINE)).rows} == {"olivia"}


async def test_what_changes_meanwhile_is_left(db: Database, gateway_db: Database, world: World) -> None:
    talks = [await make_talk(gateway_db, world) for _ in range(3)]
    for talk in talks:
        await talk.say("hello")
    ids = [talk.id for talk in talks]
    seen = dict.fromkeys(ids, 1)
    await talks[1].say("one more thing")
    result = await Bulk(db).apply(world.member, BulkAct.RESOLVE, ids, seen=seen)
    assert result.done == (ids[0], ids[2])
    assert result.left == ((ids[1], "the visitor wrote meanwhile"),)


async def test_two_people_at_once_do_each_once(db: Database, gateway_db: Database, world: World) -> None:
    ids = [(await make_talk(gateway_db, world)).id for _ in range(20)]
    both = await asyncio.gather(
        *(Bulk(db).apply(who, BulkAct.RESOLVE, ids) for who in (world.member, world.other)),
    )
    done = [id for result in both for id in result.done]
    assert sorted(done) == sorted(ids)
    assert {row.status for row in await Inbox(db).rows(world.member, ids)} == {Status.RESOLVED}
    assert await count(db, world, "conversation_events", "kind = 'resolved'") == 20


class Cutting(dict[ConversationId, int]):
    """What was seen, asked for just before each act; at `last` the link to the server breaks."""

    def __init__(self, proxy: Proxy, last: ConversationId) -> None:
        super().__init__({NOBODY: 0})
        self._proxy = proxy
        self._last = last

    def get(self, key: ConversationId, default: object = None) -> None:  # type: ignore[override]
        if key == self._last:
            self._proxy.cut()


async def test_a_server_that_is_gone_ends_it_honestly(
    db: Database, urls: ServerUrls, world: World, ids: list[ConversationId]
) -> None:
    with TemporaryDirectory(prefix="console-") as folder:
        async with Proxy(urls.app, Path(folder)).open() as proxy:
            shaky = Database(proxy.url, pool_size=1)
            seen = Cutting(proxy, ids[1])
            result = await Bulk(shaky).apply(world.member, BulkAct.PRIORITY, ids, priority=Priority.LOW, seen=seen)
            tries = len(proxy.refused)
            await shaky.close()
    assert (result.done, [id for id, _ in result.left]) == ((ids[0],), ids[1:])
    assert all("can't be reached" in why for _, why in result.left)
    assert result.cut_off
    assert tries <= 2  # The rest did not wait for it.
    low = {row.id for row in await Inbox(db).rows(world.member, ids) if row.priority is Priority.LOW}
    assert low == {ids[0]}


async def test_one_is_answered_as_itself(db: Database, world: World, ids: list[ConversationId]) -> None:
    bulk = Bulk(db)
    assert (await bulk.one(world.member, BulkAct.RESOLVE, ids[3])).status is Status.RESOLVED
    with pytest.raises(ConflictError, match="max has held"):
        await bulk.one(world.member, BulkAct.RESOLVE, ids[1])
    with pytest.raises(ConflictError, match="wrote meanwhile"):
        await bulk.one(world.member, BulkAct.RESOLVE, ids[2], seen=0)
    assert (await bulk.one(world.member, BulkAct.PRIORITY, ids[2], priority=Priority.LOW)).priority is Priority.LOW


async def test_a_viewer_looks_and_does_not_touch(db: Database, world: World, ids: list[ConversationId]) -> None:
    for call in (Bulk(db).preview, Bulk(db).apply):
        with pytest.raises(NotAllowedError):
            await call(world.viewer, BulkAct.RESOLVE, ids)
    assert (await Conversations(db).get(world.viewer, ids[2])).status is Status.OPEN
