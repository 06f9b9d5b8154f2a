"""Origins of an agent: admins list them, each act is audited, none is listed by itself."""

from __future__ import annotations

import psycopg
import pytest

from console.db.embedded.urls import ServerUrls
from console.db.engine import Database
from console.domain.keys import public_key
from console.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError, RefusedError
from console.ids import ConversationId, new_id
from console.services import origins
from console.services.origins import Origins
from console.services.visitors import Visitors
from tests.world import World, make_talk, make_world

SHOP = "https://shop.example"


async def test_an_origin_is_added_listed_and_removed(db: Database, world: World) -> None:
    service = Origins(db)
    assert await service.list(world.viewer, "assistant") == ()
    assert await service.add(world.admin, "assistant", "HTTPS://Shop.example:443") == SHOP
    assert await service.add(world.admin, world.agent_id, "https://a.example") == "https://a.example"
    assert await service.list(world.viewer, "assistant") == ("https://a.example", SHOP)
    with pytest.raises(ConflictError, match="already"):
        await service.add(world.admin, "assistant", SHOP)
    assert await service.remove(world.admin, "assistant", "https://SHOP.example") == SHOP
    with pytest.raises(NotFoundError, match="not on the list"):
        await service.remove(world.admin, "assistant", SHOP)
    async with db.read(world.workspace_id) as tx:
        acts = await tx.rows(
            "SELECT action, outcome, evidence, resource_id FROM audit_events WHERE workspace_id = :ws ORDER BY seq"
        )
    assert [(act.action.rpartition(".")[2], act.outcome, act.evidence) for act in acts] == [
        ("add", "done", [f"origin:{SHOP}"]),
        ("add", "done", ["origin:https://a.example"]),
        ("remove", "done", [f"origin:{SHOP}"]),
        ("remove", "denied", []),
    ]
    assert {act.resource_id for act in acts[:3]} == {world.agent_id}


async def test_members_may_look_and_not_change(db: Database, world: World) -> None:
    service = Origins(db)
    for act in (service.add, service.remove):
        with pytest.raises(NotAllowedError):
            await act(world.member, "assistant", SHOP)
    assert await service.list(world.member, "assistant") == ()


async def test_an_agent_that_is_not_there_has_no_list(db: Database, world: World) -> None:
    theirs = await make_world(db)
    for which in ("nobody", theirs.agent_id):
        with pytest.raises(NotFoundError):
            await Origins(db).list(world.admin, which)
        with pytest.raises(NotFoundError):
            await Origins(db).add(world.admin, which, SHOP)
    with pytest.raises(InvalidInputError, match="null"):
        await Origins(db).add(world.admin, "assistant", "null")


async def test_a_list_does_not_grow_without_end(db: Database, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "MAX_ORIGINS", 2)
    for name in ("a", "b"):
        await Origins(db).add(world.admin, "assistant", f"https://{name}.example")
    with pytest.raises(RefusedError, match="2 origins"):
        await Origins(db).add(world.admin, "assistant", SHOP)


async def test_the_gateway_asks_for_one_agent_and_one_conversation(
    db: Database, gateway_db: Database, world: World
) -> None:
    visitors, other = Visitors(gateway_db), await make_world(db)
    talk, theirs = await make_talk(gateway_db, world), await make_talk(gateway_db, other)
    await Origins(db).add(world.admin, "assistant", SHOP)
    key, their_key = (public_key(each.workspace_id, each.agent_id.hex) for each in (world, other))
    assert await visitors.agent_lists(key, SHOP)
    assert await visitors.conversation_lists(talk.id, SHOP)
    assert not await visitors.agent_lists(their_key, SHOP)
    assert not await visitors.conversation_lists(theirs.id, SHOP)
    assert not await visitors.conversation_lists(ConversationId(new_id()), SHOP)
    for wrong in ("pk_nobody", "", key[:-1]):
        assert not await visitors.agent_lists(wrong, SHOP)
    for origin in ("", "null", "https://shop.example.evil.example", "http://shop.example", f"{SHOP}:444", "*", "%"):
        assert not await visitors.agent_lists(key, origin)
        assert not await visitors.conversation_lists(talk.id, origin)


async def test_a_conversations_origin_is_found_by_an_index(urls: ServerUrls) -> None:
    async with (
        await psycopg.AsyncConnection.connect(urls.superuser) as connection,
        connection.transaction(force_rollback=True),
    ):
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(
            "INSERT INTO agent_origins (workspace_id, agent_id, origin)"
            " SELECT gen_random_uuid(), gen_random_uuid(), 'https://shop' || n FROM generate_series(1, 5000) n"
        )
        await connection.execute("ANALYZE agent_origins")
        source = await (
            await connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'conversation_lists_origin'")
        ).fetchone()
        assert source is not None
        query = source[0].replace("given", "'https://shop7'").replace("= conversation ", f"= '{new_id()}' ")
        plan = await (await connection.execute(f"EXPLAIN {query}")).fetchall()
    shown = "\n".join(line for (line,) in plan)
    assert "agent_origins_origin" in shown
    assert "Seq Scan on agent_origins" not in shown
