"""Each use case, called with another workspace's id, does what it does with an id that is nowhere, and is audited."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest

from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.bulk import BulkAct, BulkResult
from console.domain.conversation import Priority
from console.domain.keys import parse_visitor_token, public_key, visitor_token
from console.errors import ConsoleError, InvalidInputError, NotAllowedError, NotFoundError
from console.ids import ConversationId, UserId, WorkspaceId, new_id
from console.services.bulk import Bulk
from console.services.inbox import Inbox
from console.services.notifications import Notifications
from console.services.presence import Presence
from console.services.sources import Sources
from console.services.takeover import Takeover
from console.services.visitors import Visitors
from console.text import sanitise
from tests.safety.rows import TENANT_TABLES, Two
from tests.safety.service_calls import UseCase, use_cases
from tests.world import World, make_talk, make_world

USE_CASES = use_cases()


@pytest.fixture
async def world(db: Database) -> World:
    return await make_world(db)


def test_the_walk_finds_the_use_cases() -> None:
    names = {str(use_case) for use_case in USE_CASES}
    assert {
        "Takeover.claim(id)",
        "Messages.send(id)",
        "Conversations.get(id)",
        "Agents.edit(id)",
        "Sources.show(id)",
        "Labels.change(id)",
        "Canned.fill(id)",
        "Presence.here(conversation_id)",
    } <= names
    assert len(USE_CASES) >= 20


async def _outcome(db: Database, use_case: UseCase, actor: Actor, id: UUID) -> tuple[type[BaseException] | None, str]:
    try:
        await use_case.bound(db)(actor, **use_case.arguments(id))
    except ConsoleError as error:
        return type(error), f"{error.message} {error.hint}".replace(str(id), "?").replace(id.hex, "?")
    return None, ""


async def _denials(db: Database, actor: Actor) -> int:
    async with db.read(actor.workspace_id) as tx:
        return int(await tx.scalar("SELECT count(*) FROM audit_events WHERE workspace_id = :ws AND outcome = 'denied'"))


@pytest.mark.parametrize("role", ["owner", "admin", "member", "viewer"])
@pytest.mark.parametrize("use_case", USE_CASES, ids=str)
async def test_anothers_id_is_nowhere(db: Database, two: Two, world: World, use_case: UseCase, role: str) -> None:
    actor: Actor = getattr(world, role)
    row = two.b.rows[use_case.table]
    theirs: UUID = row["user_id" if use_case.table == "workspace_users" else "id"]
    before = {table: two.held(table, two.b) for table in TENANT_TABLES}
    known = await _outcome(db, use_case, actor, theirs)
    denied = await _denials(db, actor)
    unknown = await _outcome(db, use_case, actor, new_id())
    assert known == unknown
    assert known[0] in ({NotFoundError} if role in {"owner", "admin"} else {NotFoundError, NotAllowedError})
    assert denied == 1
    assert {table: two.held(table, two.b) for table in TENANT_TABLES} == before


async def test_a_list_of_anothers_ids_brings_nothing(db: Database, two: Two, world: World) -> None:
    theirs = two.b.rows["conversations"]["id"]
    assert await Inbox(db).rows(world.owner, [theirs]) == ()
    before = two.held("conversations", two.b)
    for act in BulkAct:
        result = await Bulk(db).apply(world.owner, act, [theirs], until=None, to=None, priority=Priority.LOW, add=["x"])
        assert result == BulkResult((), ((theirs, sanitise("there is no such conversation here")),))
    assert two.held("conversations", two.b) == before
    assert await Presence(db).around(world.owner, [theirs]) == ()


async def test_nothing_is_assigned_to_anothers_member(
    db: Database, gateway_db: Database, two: Two, world: World
) -> None:
    talk = await make_talk(gateway_db, world)
    said = []
    for stranger in (UserId(two.b.rows["workspace_users"]["user_id"]), UserId(new_id())):
        with pytest.raises(InvalidInputError) as refused:
            await Takeover(db).assign(world.owner, talk.id, stranger, epoch=0)
        said.append(refused.value.message)
    assert said[0] == said[1]


async def test_anothers_notifications_can_be_neither_seen_nor_read(db: Database, two: Two, world: World) -> None:
    row, before = two.b.rows["notifications"], two.held("notifications", two.b)
    for actor in (world.owner, replace(world.owner, user_id=UserId(row["user_id"]))):
        seen: list[object] = []
        with suppress(NotAllowedError):
            seen += await Notifications(db).all(actor, unread_only=False)
            seen += [1] * await Notifications(db).read(actor, [row["id"]]) + [1] * await Notifications(db).read(actor)
        assert seen == []
    assert two.held("notifications", two.b) == before


async def test_a_source_is_not_found_by_anothers_id_or_name(db: Database, two: Two, world: World) -> None:
    row = two.b.rows["sources"]
    for text in (str(row["id"]), row["name"]):
        with pytest.raises(NotFoundError):
            await Sources(db).find(world.owner, text)


async def test_a_visitors_token_opens_no_other_conversation(gateway_db: Database, two: Two, world: World) -> None:
    visitors = Visitors(gateway_db)
    started = await visitors.start(public_key(world.workspace_id, world.agent_id.hex), {})
    theirs = ConversationId(two.b.rows["conversations"]["id"])
    _, _, secret = parse_visitor_token(started.visitor_token)
    forged = visitor_token(WorkspaceId(two.b.id), theirs, secret)
    for token in (started.visitor_token, forged):
        with pytest.raises(NotFoundError):
            await visitors.read(token, theirs)
        with pytest.raises(NotFoundError):
            await visitors.send(token, theirs, "hello", key="k")
    assert await visitors.read(started.visitor_token, started.conversation_id) == []


async def test_a_widget_key_opens_no_other_workspace(gateway_db: Database, two: Two, world: World) -> None:
    with pytest.raises(NotFoundError):
        await Visitors(gateway_db).start(public_key(WorkspaceId(two.b.id), world.agent_id.hex), {})
