"""A visitor leaves an address: one lead for each agent and e-mail, and never another person's name."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import httpx
import pytest

from console.db.engine import Database
from console.ids import ConversationId
from console.services.agents import Agents
from console.services.conversations import Conversations
from console.services.leads import Leads
from console.services.versions import Versions
from console.tui.present.transcript import event_words
from tests.gateway.support import JSON, Gateway, Talk, refused
from tests.gateway.test_rates import limited, too_many
from tests.world import World, make_world


async def leave(gateway: Gateway, talk: Talk, **lead: Any) -> httpx.Response:
    """Leave this as the visitor of that conversation."""
    path = talk.path.replace("/messages", "/lead")
    return await gateway.client.post(path, content=json.dumps(lead).encode(), headers=JSON | talk.bearer)


async def rows(db: Database, gateway: Gateway, query: str) -> list[tuple[Any, ...]]:
    async with db.read(gateway.world.workspace_id) as tx:
        return [tuple(row) for row in await tx.rows(query)]


async def test_a_lead_is_kept_with_its_contact_and_conversation(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start()
    reply = await leave(gateway, talk, email=" Tess@Example.test ", name="Tess", phone=None, message="call me")
    assert (reply.status_code, reply.content) == (204, b"")
    (lead,) = await Leads(db).list(gateway.world.viewer)
    assert (lead.email, lead.name, lead.phone, lead.message) == ("Tess@Example.test", "Tess", "", "call me")
    assert (lead.agent_slug, str(lead.conversation_id)) == ("assistant", talk.id)
    tied = """
        SELECT k.name, k.email_key, l.contact_id = k.id FROM conversations c, contacts k, leads l
        WHERE k.id = c.contact_id
    """
    assert await rows(db, gateway, tied) == [("Tess", "tess@example.test", True)]


async def test_the_same_again_changes_nothing(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start()
    everything = "SELECT l.*, c.contact_id FROM leads l, conversations c"
    events = "SELECT kind, actor_user_id FROM conversation_events"
    for _ in range(3):
        assert (await leave(gateway, talk, email="tess@example.test", name="Tess")).status_code == 204
        first = await rows(db, gateway, everything)
    assert len(first) == 1
    assert await rows(db, gateway, everything) == first
    assert await rows(db, gateway, events) == [("left_address", None)]


async def test_a_hundred_at_once_are_one_lead(gateway: Gateway, db: Database) -> None:
    talks = [await gateway.start() for _ in range(10)]
    replies = await asyncio.gather(
        *(
            leave(gateway, talks[n % 10], email=f"{'RaCe' if n % 2 else 'race'}@example.test", message=f"I am {n}")
            for n in range(100)
        )
    )
    assert {reply.status_code for reply in replies} == {204}
    ((message, conversation, contact),) = await rows(
        db, gateway, "SELECT message, conversation_id, contact_id FROM leads"
    )
    assert [talk.id for talk in talks][int(message.split()[-1]) % 10] == str(conversation)
    assert await rows(db, gateway, "SELECT id FROM contacts") == [(contact,)]
    kept = [event["message"] for (event,) in await rows(db, gateway, "SELECT detail FROM conversation_events") if event]
    assert sorted([message, *kept]) == sorted(f"I am {n}" for n in range(100))


async def test_words_that_come_later_are_kept_in_their_conversation(gateway: Gateway, db: Database) -> None:
    await leave(gateway, await gateway.start(), email="tess@example.test", name="Tess", phone="1", message="call me")
    lead = "SELECT name, phone, message, conversation_id, contact_id FROM leads"
    first = await rows(db, gateway, lead)
    moved = "SELECT updated_at > created_at FROM leads"
    assert await rows(db, gateway, moved) == [(False,)]
    later = await gateway.start()
    assert (await gateway.send(later, "me again")).status_code == 201
    words = "call me at_home\n<b>today</b>\x1b[2J " + "x" * 4900
    await leave(gateway, later, email="TESS@example.test", name="Tess", phone="+49 2", message=words)
    transcript = await Conversations(db).transcript(gateway.world.viewer, ConversationId(UUID(later.id)))
    (event,) = transcript.events
    said = "phone +49 2; message call me at_home <b>today</b>\u241b[2J " + "x" * 4900
    assert (event.kind, event.after_seq, event.detail) == ("left_address", 1, said)
    assert event_words(event, gateway.world.viewer).endswith(said)
    assert await rows(db, gateway, lead) == first
    assert await rows(db, gateway, moved) == [(True,)]
    seen = await gateway.client.get(later.path, headers=later.bearer)
    assert "+49 2" not in seen.text


async def test_other_words_sent_again_are_kept_once(gateway: Gateway, db: Database) -> None:
    await leave(gateway, await gateway.start(), email="tess@example.test", name="Tess")
    later = await gateway.start()
    for name in ("Max", "Max", "Max", "Mia", "Mia"):
        assert (await leave(gateway, later, email="tess@example.test", name=name)).status_code == 204
    kept = await rows(db, gateway, f"SELECT detail FROM conversation_events WHERE conversation_id = '{later.id}'")
    assert sorted(detail["name"] for (detail,) in kept) == ["Max", "Mia"]


async def test_later_ones_fill_what_is_empty_and_nothing_else(gateway: Gateway, db: Database) -> None:
    for lead in (
        {"email": "tess@example.test", "name": "Tess"},
        {"email": "TESS@example.test", "name": "Mallory", "phone": "1"},
        {"email": "tess@EXAMPLE.test", "phone": "2", "message": "hello"},
    ):
        assert (await leave(gateway, await gateway.start(), **lead)).status_code == 204
    found = await rows(db, gateway, "SELECT email, name, phone, message FROM leads")
    assert found == [("tess@example.test", "Tess", "1", "hello")]


async def test_an_e_mail_does_not_make_one_its_owner(gateway: Gateway, db: Database) -> None:
    owner = await gateway.start(name="Tess", email="tess@example.test")
    thief = await gateway.start()
    assert (await leave(gateway, thief, email="tess@example.test", name="Mallory")).status_code == 204
    quiet = await gateway.start()
    assert (await leave(gateway, quiet, email="tess@example.test")).status_code == 204
    shown = """
        SELECT c.id::text, k.name, k.email, k.attributes->>'claimed_email' FROM conversations c
        JOIN contacts k ON k.id = c.contact_id ORDER BY c.id
    """
    assert await rows(db, gateway, shown) == [
        (owner.id, "Tess", "tess@example.test", None),
        (thief.id, "Mallory", None, "tess@example.test"),
        (quiet.id, "", None, "tess@example.test"),
    ]
    # What is known of the owner is told to nobody.
    seen = await gateway.client.get(thief.path, headers=thief.bearer)
    assert "Tess" not in seen.text


async def test_who_has_a_name_keeps_it(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start(name="Tess")
    assert (await leave(gateway, talk, email="other@example.test", name="Somebody else")).status_code == 204
    assert await rows(db, gateway, "SELECT name, email FROM contacts") == [("Tess", None)]


async def test_another_agents_lead_is_another(gateway: Gateway, db: Database) -> None:
    talk = await gateway.start()
    await leave(gateway, talk, email="tess@example.test", name="Tess")
    second = await Agents(db).create(gateway.world.admin, "second", "Second")
    await Versions(db).publish(gateway.world.admin, second.id, expected=None)
    started = (await gateway.client.post(f"/v1/agents/{second.public_key}/conversations", json={})).json()
    beside = Talk(started["conversation_id"], started["visitor_token"])
    await leave(gateway, beside, email="tess@example.test", name="Tess too")
    elsewhere = Gateway(gateway.client, await make_world(db))
    await leave(elsewhere, await elsewhere.start(), email="tess@example.test", name="Tess three")
    both = await rows(db, gateway, "SELECT name, agent_id FROM leads ORDER BY name")
    assert both == [("Tess", gateway.world.agent_id), ("Tess too", second.id)]
    assert await rows(db, elsewhere, "SELECT name FROM leads") == [("Tess three",)]


@pytest.mark.parametrize(
    ("lead", "word"),
    [
        ({}, "email is missing"),
        ({"email": None}, "email is missing"),
        ({"email": 1}, "must be text"),
        ({"email": ["a@b.test"]}, "must be text"),
        ({"email": ""}, "no e-mail"),
        ({"email": "tess"}, "no e-mail"),
        ({"email": "tess@nowhere"}, "no e-mail"),
        ({"email": "a@b.test, c@d.test"}, "no e-mail"),
        ({"email": "a@b.test\r\nBcc: c@d.test"}, "no e-mail"),
        ({"email": "a@@b.test"}, "no e-mail"),
        ({"email": "a@-b.test"}, "no e-mail"),
        ({"email": "\u0430dmin@b.test"}, "no e-mail"),
        ({"email": "a@b.test\x00"}, "NUL"),
        ({"email": f"{'a' * 250}@b.test"}, "more than 254"),
        ({"email": "a@b.test", "name": "n" * 201}, "more than 200"),
        ({"email": "a@b.test", "phone": "1" * 51}, "more than 50"),
        ({"email": "a@b.test", "message": "m" * 5001}, "more than 5000"),
        ({"email": "a@b.test", "message": "m\ud800"}, "half"),
        ({"email": "a@b.test", "contact_id": "x"}, "unknown field"),
    ],
)
async def test_a_bad_lead_is_refused(gateway: Gateway, db: Database, lead: dict[str, Any], word: str) -> None:
    talk = await gateway.start()
    assert word in refused(await leave(gateway, talk, **lead), 422)["message"]
    assert await rows(db, gateway, "SELECT 1 FROM leads UNION ALL SELECT 1 FROM contacts") == []


@pytest.mark.parametrize("what", ["lead", "feedback"])
async def test_only_the_conversations_own_token_opens_it(gateway: Gateway, db: Database, what: str) -> None:
    one, two = await gateway.start(), await gateway.start()
    body = {"email": "a@b.test"} if what == "lead" else {"seq": 1, "rating": "up"}
    path = one.path.replace("/messages", f"/{what}")
    refused(await gateway.client.post(path, json=body), 401)
    refused(await gateway.client.post(path, json=body, headers=two.bearer), 404)
    refused(await gateway.client.post(path, content=b"[]", headers=one.bearer | JSON), 400)
    refused(await gateway.client.post(path, content=b"{}", headers=one.bearer), 415)
    refused(await gateway.client.post(path, json=body | {"comment": "c" * 200_000}, headers=one.bearer), 413)
    refused(await gateway.client.get(path, headers=one.bearer), 405)
    assert await rows(db, gateway, "SELECT 1 FROM leads") == []


async def test_they_count_as_messages(gateway_db: Database, world: World) -> None:
    async with limited(gateway_db, world, messages=2) as gateway:
        talk = await gateway.start()
        assert (await gateway.send(talk, "hello")).status_code == 201
        assert (await leave(gateway, talk, email="a@b.test")).status_code == 204
        too_many(await leave(gateway, talk, email="a@b.test"), "messages", 30)
