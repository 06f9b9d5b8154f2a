"""A token opens its own conversation and nothing else, and whatever else is tried gets one and the same answer."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest

from console.db.engine import Database
from console.domain.keys import parse_visitor_token, visitor_token
from console.errors import NotFoundError
from console.ids import ConversationId, WorkspaceId, new_id
from console.services.messages import Messages
from tests.gateway.support import Gateway, Talk, refused
from tests.world import make_talk, make_world


async def _both_ways(gateway: Gateway, talk: Talk) -> None:
    """Reading, following and writing are refused, in the words that an unknown conversation gets."""
    nowhere = Talk(str(new_id()), talk.token)
    expected = refused(await gateway.read(nowhere), 404)
    assert refused(await gateway.read(talk), 404) == expected
    assert refused(await gateway.send(talk, "let me in"), 404) == expected
    base = f"/v1/conversations/{talk.id}"
    for method, path in (("GET", "events"), ("POST", "typing")):
        reply = await gateway.client.request(method, f"{base}/{path}", headers=talk.bearer)
        assert refused(reply, 404) == expected


async def test_a_token_does_not_open_another_conversation(gateway: Gateway) -> None:
    mine, theirs = await gateway.start(), await gateway.start()
    await _both_ways(gateway, Talk(theirs.id, mine.token))
    assert (await gateway.read(theirs)).json() == {"messages": []}


async def test_a_token_does_not_open_another_workspace(gateway: Gateway, db: Database) -> None:
    theirs = await Gateway(gateway.client, await make_world(db)).start()
    mine = await gateway.start()
    await _both_ways(gateway, Talk(theirs.id, mine.token))
    _, _, secret = parse_visitor_token(theirs.token)
    forged = visitor_token(WorkspaceId(gateway.world.workspace_id), ConversationId(UUID(theirs.id)), secret)
    await _both_ways(gateway, Talk(theirs.id, forged))


async def test_a_token_does_not_open_another_agent(gateway: Gateway, db: Database) -> None:
    mine = await gateway.start()
    async with db.write(gateway.world.workspace_id) as tx:
        agent = await tx.scalar(
            "INSERT INTO agents (workspace_id, id, slug, name, draft_hash, widget_key)"
            " VALUES (:ws, :id, 'other', 'Other', '', 'other-key') RETURNING id",
            id=new_id(),
        )
        theirs = await tx.scalar(
            "INSERT INTO conversations (workspace_id, id, agent_id, visitor_id, visitor_token_hash)"
            " SELECT workspace_id, :id, :agent, 'v', sha256('x') FROM conversations RETURNING id",
            id=new_id(), agent=agent,
        )  # fmt: skip
    await _both_ways(gateway, Talk(str(theirs), mine.token))
    _, _, secret = parse_visitor_token(mine.token)
    await _both_ways(gateway, Talk(str(theirs), visitor_token(gateway.world.workspace_id, theirs, secret)))


async def test_an_expired_token_opens_nothing(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start()
    await gateway.send(talk, "hello")
    async with db.write(gateway.world.workspace_id) as tx:
        await tx.execute("UPDATE conversations SET last_message_at = now() - interval '31 days'")
    await _both_ways(gateway, talk)


@pytest.mark.parametrize("secret", ["A" * 43, "A" * 16, "A" * 128])
async def test_a_guessed_secret_opens_nothing(gateway: Gateway, secret: str) -> None:
    talk = await gateway.start()
    forged = visitor_token(gateway.world.workspace_id, ConversationId(UUID(talk.id)), secret)
    await _both_ways(gateway, Talk(talk.id, forged))


@pytest.mark.parametrize("token", ["x", "vt_", "vt_" + "A" * 500, "pk_" + "A" * 60, "null", "vt_%00", "a b"])
async def test_what_is_no_token_opens_nothing(gateway: Gateway, token: str) -> None:
    await _both_ways(gateway, Talk((await gateway.start()).id, token))


@pytest.mark.parametrize("id", ["x", "0", "-", "null", "%00", "a" * 3000, "{}", "00000000-0000-0000-0000-00000000000g"])
async def test_what_is_no_conversation_is_not_found(gateway: Gateway, id: str) -> None:
    await _both_ways(gateway, Talk(id, (await gateway.start()).token))


async def test_a_conversation_without_a_visitors_token_is_not_found(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start()
    async with db.write(gateway.world.workspace_id) as tx:
        await tx.execute("UPDATE conversations SET visitor_token_hash = NULL WHERE workspace_id = :ws")
    await _both_ways(gateway, talk)


async def test_an_operators_words_are_read_and_notes_are_not(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start()
    async with db.write(gateway.world.workspace_id) as tx:
        for seq, role in enumerate(("human", "note", "system", "tool", "assistant"), 1):
            await tx.execute(
                "INSERT INTO messages (workspace_id, conversation_id, seq, role, content)"
                " VALUES (:ws, :id, :seq, :role, :words)",
                id=UUID(talk.id), seq=seq, role=role, words=role,
            )  # fmt: skip
    messages = (await gateway.read(talk)).json()["messages"]
    assert [(m["seq"], m["content"]) for m in messages] == [(1, "human"), (5, "assistant")]


async def test_the_token_is_stored_as_a_hash(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start()
    _, _, secret = parse_visitor_token(talk.token)
    async with db.read(gateway.world.workspace_id) as tx:
        rows = await tx.rows("SELECT c::text AS whole FROM conversations c WHERE workspace_id = :ws")
    assert len(rows) == 1
    assert secret not in rows[0].whole
    assert secret.encode().hex() not in rows[0].whole


async def test_the_log_holds_neither_tokens_nor_words(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    talk = await gateway.start(name="Planted Name")
    await gateway.send(talk, "planted words")
    await gateway.read(talk)
    await gateway.post(talk, b'{"content": "planted words"', idempotency_key=str(uuid4()))
    assert isinstance(gateway.client, httpx.AsyncClient)
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    logged = "\n".join(ours) + "".join(capfd.readouterr())
    assert not [word for word in (talk.token[30:], "planted words", "Planted Name") if word in logged]


async def test_a_token_ends_thirty_days_after_the_last_word(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("hello")
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE conversations SET last_message_at = now() - interval '31 days' WHERE workspace_id = :ws"
        )
    with pytest.raises(NotFoundError):
        await talk.seen()
    with pytest.raises(NotFoundError):
        await talk.say("still there?")


async def test_a_visitors_key_never_meets_an_operators_token(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await Messages(db).note(world.member, talk.id, "a note", token="same")
    assert await talk.say("hello", key="same") == 2
