"""LISTEN knows no tenants: what is sent to a channel may hold opaque ids and nothing else."""

from __future__ import annotations

import json
import re

import psycopg
import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.jobs import ANSWERS_QUEUE, INGEST_QUEUE
from console.db.notify import Notifier, channel
from console.domain.conversation import Priority
from console.domain.keys import public_key
from console.services.canned import Canned
from console.services.conversations import Conversations
from console.services.drafts import Drafts
from console.services.labels import Labels
from console.services.messages import Messages
from console.services.presence import Presence
from console.services.takeover import Takeover
from console.services.triage import Triage
from console.services.visitors import Visitors
from tests.world import World, make_talk, make_world

OPAQUE = re.compile(r"[a-z_]+:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SECRET = "tell-nobody"
QUEUES = ["procrastinate_any_queue_v1", *(f"procrastinate_queue_v1#{name}" for name in (ANSWERS_QUEUE, INGEST_QUEUE))]


async def _work(db: Database, gateway_db: Database, world: World) -> None:
    """A visitor asks, a person takes over, answers, notes, hands back, resolves, and the visitor writes again."""
    visitors, takeover, messages = Visitors(gateway_db), Takeover(db), Messages(db)
    profile = {"name": SECRET, "email": f"{SECRET}@example.test", "visitor_id": SECRET}
    started = await visitors.start(public_key(world.workspace_id, world.agent_id.hex), profile)
    id = started.conversation_id
    await visitors.send(started.visitor_token, id, f"{SECRET}: where is my order?", key=f"{SECRET}-1")
    epoch = (await takeover.claim(world.member, id)).epoch
    await messages.send(world.member, id, f"{SECRET}: on its way", token=SECRET, epoch=epoch)
    await messages.note(world.member, id, f"{SECRET}: angry", token=f"{SECRET}-note")
    await takeover.hand_back(world.member, id, epoch=epoch)
    epoch = (await takeover.claim(world.member, id)).epoch
    await Conversations(db).mark_read(world.member, id, 2)
    await takeover.resolve(world.member, id, epoch=epoch)
    # Last, so that its answer is still queued when the job for it is made.
    await visitors.send(started.visitor_token, id, f"{SECRET}: thanks", key=f"{SECRET}-2")


async def _desk_work(db: Database, gateway_db: Database, world: World) -> None:
    """All else that an operator and a visitor do to a conversation, with the secret wherever words may be."""
    takeover, messages, me = Takeover(db), Messages(db), world.member
    talk = await make_talk(gateway_db, world, name=SECRET)
    await talk.visitors.typing(talk.token, talk.id)
    await Presence(db).here(me, talk.id, typing=True)
    epoch = (await takeover.claim(me, talk.id)).epoch
    await Drafts(db).save(me, talk.id, SECRET)
    held = await messages.hold(me, talk.id, SECRET, token=f"{SECRET}-held", epoch=epoch)
    await messages.cancel_held(me, talk.id, held.id)
    await messages.hold(me, talk.id, SECRET, token=f"{SECRET}-sent", epoch=epoch)
    await messages.release_held(me, talk.id)
    await messages.note(me, talk.id, f"@max {SECRET}", token=f"{SECRET}-mention")
    await Labels(db).change(me, talk.id, add=[SECRET])
    await Canned(db).save(me, SECRET, title=SECRET, content=SECRET)
    await Triage(db).set_priority(me, talk.id, Priority.URGENT)
    aside = await takeover.snooze(me, talk.id, until=None, epoch=epoch)
    back = await takeover.undo(me, talk.id, epoch=aside.epoch)
    given = await takeover.assign(me, talk.id, world.other.user_id, epoch=back.epoch)
    taken = await takeover.claim(world.other, talk.id, epoch=given.epoch)
    await takeover.take_from(world.admin, talk.id, epoch=taken.epoch)
    await Presence(db).leave(me)


async def test_notifications_hold_opaque_ids_only(
    db: Database, gateway_db: Database, urls: ServerUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.db.notify.LEAVING_SECONDS", 60)
    world = await make_world(db)
    channels = [channel(world.workspace_id), *QUEUES]
    async with await psycopg.AsyncConnection.connect(urls.gateway, autocommit=True) as listener:
        for name in channels:
            await listener.execute(f'LISTEN "{name}"'.encode())
        async with Notifier(db, urls.app), Notifier(gateway_db, urls.gateway):
            await _work(db, gateway_db, world)
            await _desk_work(db, gateway_db, world)
        async with db.write(None) as tx:
            await tx.execute("SELECT pg_notify(:channel, 'end')", channel=channels[0])
        heard: list[tuple[str, str]] = []
        async for notice in listener.notifies(timeout=60):
            if notice.payload == "end":
                break
            heard.append((notice.channel, notice.payload))
        else:
            pytest.fail("the end was not heard")
    assert {name for name, _ in heard} >= {channels[0], QUEUES[0]}
    for name, payload in heard:
        assert SECRET not in name + payload
        if name == channels[0]:
            assert OPAQUE.fullmatch(payload)
        else:
            job = json.loads(payload)
            assert set(job) == {"type", "job_id"}
            assert isinstance(job["job_id"], int)
