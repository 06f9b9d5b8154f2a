"""A visitor's conversation: begin, write, read, retry, in order."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from console.db.engine import Database
from console.ids import RunId
from console.services.answers import Answers
from tests.gateway.support import Gateway, refused
from tests.services.run_support import Fixed, good
from tests.world import make_talk, make_world


async def test_a_visitor_starts_writes_and_reads(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start(name="Vera", email="vera@example.test", page="/returns", domain="shop.example")
    sent = await gateway.send(talk, "Where is my order?")
    assert (sent.status_code, sent.json()) == (201, {"seq": 1})
    (message,) = (await gateway.read(talk)).json()["messages"]
    assert set(message) == {"seq", "role", "content", "citations", "created_at"}
    assert (message["seq"], message["role"], message["content"]) == (1, "user", "Where is my order?")
    assert (await gateway.read(talk, after=1)).json() == {"messages": []}
    async with db.read(gateway.world.workspace_id) as tx:
        row = await tx.row(
            "SELECT c.page, c.domain, c.control, p.name, p.email FROM conversations c"
            " JOIN contacts p ON p.workspace_id = c.workspace_id AND p.id = c.contact_id"
            " WHERE c.workspace_id = :ws AND c.id = :id",
            id=UUID(talk.id),
        )
    assert row is not None
    assert tuple(row) == ("/returns", "shop.example", "ai", "Vera", "vera@example.test")


async def test_a_start_needs_no_body(gateway: Gateway) -> None:
    assert (await gateway.client.post(gateway.start_path)).status_code == 201


async def test_what_is_not_known_of_the_visitor_may_be_null(gateway: Gateway) -> None:
    reply = await gateway.client.post(gateway.start_path, json={"name": None, "email": None})
    assert reply.status_code == 201


async def test_one_key_in_parallel_is_one_message_and_one_run(gateway: Gateway, db: Database) -> None:
    talk, key = await gateway.start(), str(uuid4())
    # Connections first, or the sends would come one by one as theirs open.
    await asyncio.gather(*(gateway.read(talk) for _ in range(40)))
    replies = await asyncio.gather(*(gateway.send(talk, "once", key) for _ in range(20)))
    assert sorted(reply.status_code for reply in replies) == [200] * 19 + [201]
    assert {reply.text for reply in replies} == {'{"seq": 1}'}
    async with db.read(gateway.world.workspace_id) as tx:
        assert await tx.scalar("SELECT count(*) FROM messages WHERE workspace_id = :ws") == 1
        assert await tx.scalar("SELECT count(*) FROM runs WHERE workspace_id = :ws AND state = 'queued'") == 1


async def test_one_key_in_parallel_is_one_reply_and_one_usage_event(gateway: Gateway, db: Database) -> None:
    talk, key = await gateway.start(), str(uuid4())
    await asyncio.gather(*(gateway.send(talk, "once", key) for _ in range(20)))
    async with db.read(gateway.world.workspace_id) as tx:
        runs = [RunId(row.id) for row in await tx.rows("SELECT id FROM runs WHERE workspace_id = :ws")]
    answers = Answers(db, Fixed(good()))
    await asyncio.gather(*(answers.run(gateway.world.workspace_id, id) for id in runs * 3))
    await gateway.send(talk, "once", key)
    messages = (await gateway.read(talk)).json()["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant"]
    async with db.read(gateway.world.workspace_id) as tx:
        assert await tx.scalar("SELECT count(*) FROM usage_events WHERE workspace_id = :ws") == 1
        assert await tx.scalar("SELECT count(*) FROM runs WHERE workspace_id = :ws AND state = 'queued'") == 0


async def test_a_retry_after_other_messages_gets_the_first_seq(gateway: Gateway) -> None:
    talk, key = await gateway.start(), str(uuid4())
    await gateway.send(talk, "one", key)
    await gateway.send(talk, "two")
    again = await gateway.send(talk, "one", key)
    assert (again.status_code, again.json()) == (200, {"seq": 1})


async def test_one_key_for_other_words_is_a_conflict(gateway: Gateway) -> None:
    talk, key = await gateway.start(), str(uuid4())
    await gateway.send(talk, "one", key)
    assert refused(await gateway.send(talk, "two", key), 409)["code"] == "conflict"


async def test_a_key_belongs_to_its_conversation(gateway: Gateway) -> None:
    one, two, key = await gateway.start(), await gateway.start(), str(uuid4())
    assert (await gateway.send(one, "here", key)).status_code == 201
    assert (await gateway.send(two, "there", key)).status_code == 201


async def test_parallel_messages_have_one_order_without_a_gap(gateway: Gateway) -> None:
    talk = await gateway.start()
    replies = await asyncio.gather(*(gateway.send(talk, f"message {number}") for number in range(50)))
    assert {reply.status_code for reply in replies} == {201}
    messages = (await gateway.read(talk)).json()["messages"]
    assert [message["seq"] for message in messages] == list(range(1, 51))
    said = {message["seq"]: message["content"] for message in messages}
    assert all(said[reply.json()["seq"]] == f"message {number}" for number, reply in enumerate(replies))


async def test_a_burst_queues_one_answer(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start()
    await asyncio.gather(*(gateway.send(talk, f"and {number}") for number in range(10)))
    async with db.read(gateway.world.workspace_id) as tx:
        assert await tx.scalar("SELECT count(*) FROM runs WHERE workspace_id = :ws") == 1


@pytest.mark.parametrize(
    "content", ["\x1b]52;c;aGk=\x07", "[@click=app.quit]x[/]", "a\u202eb", "\U0001f469\u200d\U0001f680", "ñ" * 20_000]
)
async def test_what_a_visitor_writes_comes_back_to_him_unchanged(gateway: Gateway, content: str) -> None:
    talk = await gateway.start()
    assert (await gateway.send(talk, content)).status_code == 201
    assert [m["content"] for m in (await gateway.read(talk)).json()["messages"]] == [content]


@pytest.mark.parametrize(
    "change",
    ["status = 'inactive'", "status = 'maintenance'", "published_version_id = NULL", "widget_key = 'another-key'"],
)
async def test_only_a_published_active_agent_can_be_visited(gateway: Gateway, db: Database, change: str) -> None:
    async with db.write(gateway.world.workspace_id) as tx:
        await tx.execute(f"UPDATE agents SET {change} WHERE workspace_id = :ws")
    refused(await gateway.client.post(gateway.start_path), 404)


async def test_an_inactive_workspace_has_no_visitors(gateway: Gateway, db: Database) -> None:
    async with db.write(gateway.world.workspace_id) as tx:
        await tx.execute("UPDATE workspaces SET active = false WHERE id = :ws")
    refused(await gateway.client.post(gateway.start_path), 404)


async def test_a_head_reads_without_a_body(gateway: Gateway) -> None:
    talk = await gateway.start()
    reply = await gateway.client.head(talk.path, headers=talk.bearer)
    assert (reply.status_code, reply.content) == (200, b"")


async def test_every_answer_is_closed_to_caches_and_to_other_sites(gateway: Gateway) -> None:
    talk = await gateway.start()
    origins = ["https://goodsite.com", "https://goodsite.com.evil.com", "null", ""]
    replies: list[httpx.Response] = []
    for origin in origins:
        headers = {"Origin": origin} if origin else {}
        replies += [
            await gateway.client.get("/healthz", headers=headers),
            await gateway.client.get("/nowhere", headers=headers),
            await gateway.client.post(gateway.start_path, headers=headers),
            await gateway.client.get(talk.path, headers=headers | talk.bearer),
            await gateway.client.options(talk.path, headers=headers | {"Access-Control-Request-Method": "POST"}),
        ]
    for reply in replies:
        assert not [name for name in reply.headers if name.startswith("access-control-")]
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "server" not in reply.headers
    assert {replies[-1].status_code} == {405}


async def test_a_typed_email_shows_nobody_under_anothers_name(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    first = await make_talk(gateway_db, world, name="Ann", email="ann@example.test")
    again = await make_talk(gateway_db, world, name="ann", email="ANN@example.test")
    other = await make_talk(gateway_db, world, name="Bob", email="ann@example.test")
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows(
            "SELECT c.id, k.id AS contact, k.name, k.email, k.attributes FROM conversations c"
            " JOIN contacts k ON k.workspace_id = c.workspace_id AND k.id = c.contact_id"
        )
    by_talk = {row.id: row for row in rows}
    assert by_talk[first.id].contact == by_talk[again.id].contact
    assert (by_talk[other.id].name, by_talk[other.id].email) == ("Bob", None)
    assert by_talk[other.id].attributes == {"claimed_email": "ann@example.test"}
