"""Presence: cheap, short-lived, in nobody's way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from console.db.engine import Database
from console.domain.actor import Actor
from console.errors import NotFoundError
from console.ids import ConversationId, new_id
from console.services.presence import Presence
from tests.world import Talk, World, make_talk, make_world

AGE = """
    UPDATE presences SET seen_at = seen_at - make_interval(secs => :s),
        typing_until = typing_until - make_interval(secs => :s)
    WHERE workspace_id = :ws
"""


async def rows(db: Database, world: World) -> list[Any]:
    async with db.read(world.workspace_id) as tx:
        return list(await tx.rows("SELECT xmin::text, ctid::text, * FROM presences ORDER BY user_id"))


async def later(db: Database, world: World, seconds: float) -> None:
    """As if so much time had passed for the rows of the staff."""
    async with db.write(world.workspace_id) as tx:
        await tx.execute(AGE, s=seconds)


async def visitor_types(db: Database, talk: Talk, world: World, seconds: float = 60) -> None:
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "INSERT INTO visitor_presences (workspace_id, conversation_id, typing_until)"
            " VALUES (:ws, :id, now() + make_interval(secs => :s))"
            " ON CONFLICT (workspace_id, conversation_id) DO UPDATE SET typing_until = excluded.typing_until",
            id=talk.id, s=seconds,
        )  # fmt: skip


async def seen_by(db: Database, actor: Actor, *talks: Talk) -> list[tuple[ConversationId, str, bool]]:
    found = await Presence(db).around(actor, [talk.id for talk in talks])
    return [(each.conversation_id, str(each.name), each.typing) for each in found]


async def test_others_are_seen_where_they_are(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    one, two = await make_talk(gateway_db, world, name="Vic"), await make_talk(gateway_db, world)
    await Presence(db).here(world.member, one.id, typing=True)
    await Presence(db).here(world.viewer, one.id)
    await Presence(db).here(world.other, None)
    await later(db, world, -60)
    assert await seen_by(db, world.other, one, two) == [(one.id, "mia", True), (one.id, "vera", False)]
    assert await seen_by(db, world.member, one) == [(one.id, "vera", False)]
    await Presence(db).here(world.member, two.id)
    assert await seen_by(db, world.other, one, two) == [(one.id, "vera", False), (two.id, "mia", False)]
    await Presence(db).leave(world.viewer)
    await Presence(db).here(world.member, None)
    assert await seen_by(db, world.other, one, two) == []


async def test_a_visitor_is_seen_only_while_typing(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    named, nameless = await make_talk(gateway_db, world, name="Vic"), await make_talk(gateway_db, world)
    await visitor_types(gateway_db, named, world)
    await visitor_types(gateway_db, nameless, world, -1)
    (found,) = await Presence(db).around(world.member, [named.id, nameless.id])
    assert (found.conversation_id, found.user_id, found.name, found.typing) == (named.id, None, "Vic", True)


async def test_stale_rows_mean_nothing(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await Presence(db).here(world.member, talk.id, typing=True)
    await later(db, world, 6.5)
    assert await seen_by(db, world.other, talk) == [(talk.id, "mia", False)]
    await later(db, world, 39)
    assert await seen_by(db, world.other, talk) == []


async def test_who_left_the_workspace_is_not_there(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await Presence(db).here(world.member, talk.id)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws AND user_id = :id",
            id=world.member.user_id,
        )
    assert await seen_by(db, world.other, talk) == []
    await Presence(db).leave(world.member)
    assert await rows(db, world) == []


async def test_typing_writes_at_most_once_in_two_seconds(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await Presence(db).here(world.member, talk.id, typing=True)
    await later(db, world, -60)  # Whatever these take, they come at once.
    (first,) = await rows(db, world)
    await asyncio.gather(*(Presence(db).here(world.member, talk.id, typing=True) for _ in range(50)))
    assert await rows(db, world) == [first]
    await later(db, world, 62.5)
    (aged,) = await rows(db, world)
    await Presence(db).here(world.member, talk.id, typing=True)
    (renewed,) = await rows(db, world)
    assert renewed.typing_until > aged.typing_until


async def test_a_change_is_written_at_once(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    one, two = await make_talk(gateway_db, world), await make_talk(gateway_db, world)
    for talk, typing in ((one, False), (one, True), (one, False), (two, False), (two, True)):
        await Presence(db).here(world.member, talk.id, typing=typing)
        await later(db, world, -60)
        assert await seen_by(db, world.other, one, two) == [(talk.id, "mia", typing)]


async def test_no_row_grows_with_time(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talks = [await make_talk(gateway_db, world) for _ in range(3)]
    for number in range(30):
        await Presence(db).here(world.member, talks[number % 3].id, typing=bool(number % 2))
    assert len(await rows(db, world)) == 1


async def test_only_what_others_would_see_wakes_them(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    one, two = await make_talk(gateway_db, world), await make_talk(gateway_db, world)
    heard: list[set[tuple[str, Any]]] = []
    db.on_commit = lambda _workspace, hints: heard.append(set(hints))
    steps: list[tuple[ConversationId | None, bool, set[Any]]] = [
        (one.id, False, {one.id}), (one.id, True, {one.id}), (one.id, False, {one.id}),
        (two.id, False, {one.id, two.id}), (None, False, {two.id}), (None, True, set()),
    ]  # fmt: skip
    for id, typing, woken in steps:
        heard.clear()
        await Presence(db).here(world.member, id, typing=typing)
        assert heard == ([{("presence", each) for each in woken}] if woken else [])
        await later(db, world, -60)
    await Presence(db).here(world.member, one.id)
    await later(db, world, 15)
    heard.clear()
    await Presence(db).here(world.member, one.id)
    assert heard == []
    await later(db, world, 50)
    await Presence(db).here(world.member, one.id)
    await Presence(db).leave(world.member)
    assert heard == [{("presence", one.id)}] * 2


async def test_presence_under_way_never_holds_up_a_message(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with gateway_db.write(world.workspace_id) as visitor, db.write(world.workspace_id) as staff:
        await visitor.execute(
            "INSERT INTO visitor_presences (workspace_id, conversation_id) VALUES (:ws, :id)", id=talk.id
        )
        await staff.execute(
            "INSERT INTO presences (workspace_id, user_id, console_id, conversation_id) VALUES (:ws, :me, :me, :id)",
            me=world.member.user_id, id=talk.id,
        )  # fmt: skip
        async with asyncio.timeout(60):
            assert await talk.say("not held up") == 1


async def test_a_message_under_way_never_holds_up_presence(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with gateway_db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE conversations SET updated_at = now() WHERE workspace_id = :ws AND id = :id", id=talk.id
        )
        async with asyncio.timeout(60):
            await Presence(db).here(world.member, talk.id, typing=True)


async def test_no_such_conversation(db: Database) -> None:
    world = await make_world(db)
    with pytest.raises(NotFoundError, match="no conversation"):
        await Presence(db).here(world.member, ConversationId(new_id()))
    assert await rows(db, world) == []


async def test_two_consoles_of_one_person_are_one_to_the_others(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    here, there = Presence(db, new_id()), Presence(db, new_id())
    await here.here(world.member, talk.id, typing=True)
    await there.here(world.member, talk.id)
    await later(db, world, -60)
    assert await seen_by(db, world.other, talk) == [(talk.id, "mia", True)]
    assert await here.leave(world.member)
    assert await seen_by(db, world.other, talk) == [(talk.id, "mia", False)]
    assert not await there.leave(world.member)
    assert await rows(db, world) == []


async def test_of_two_consoles_that_leave_at_once_one_is_the_last(db: Database) -> None:
    world = await make_world(db)
    for _ in range(20):
        both = [Presence(db, new_id()) for _ in range(2)]
        for each in both:
            await each.here(world.member, None)
        assert sorted(await asyncio.gather(*(each.leave(world.member) for each in both))) == [False, True]


async def test_a_console_that_died_is_no_other(db: Database) -> None:
    world = await make_world(db)
    await Presence(db, new_id()).here(world.member, None)
    await later(db, world, 60)
    mine = Presence(db, new_id())
    await mine.here(world.member, None)
    assert not await mine.leave(world.member)
    assert await rows(db, world) == []
