"""NOTIFY is a hint with ids only; after a gap everything is read again; without it screens poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

import psycopg
import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.hub import Hub
from console.db.listen import listen, told
from console.db.newest import Newest, newest
from console.db.notify import Notifier, channel
from console.domain.actor import Actor
from console.domain.live import Changed, Link, LinkChanged, LiveEvent, Notified, PresenceChanged
from console.ids import ConversationId, new_id
from console.services.labels import Labels
from console.services.messages import Messages
from console.services.presence import Presence
from console.services.takeover import Takeover
from tests.world import make_talk, make_world


async def following(events: AsyncIterator[LiveEvent], wanted: type[LiveEvent] | LiveEvent) -> LiveEvent:
    """The next event that equals `wanted` or is of its type."""
    async with asyncio.timeout(60):
        async for event in events:
            if event == wanted or (isinstance(wanted, type) and isinstance(event, wanted)):
                return event
    raise AssertionError("the events ended")


async def test_a_commit_reaches_a_listener_as_ids(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with Notifier(gateway_db, urls.gateway), aclosing(listen(db, urls.app, world.workspace_id)) as events:
        assert await following(events, LinkChanged) == LinkChanged(Link.LIVE)
        assert await following(events, Changed) == Changed(None)
        await talk.say("hello")
        assert await following(events, Changed) == Changed(frozenset({talk.id}))


async def test_another_workspace_hears_nothing(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    ours, theirs = await make_world(db), await make_world(db)
    talk, own = await make_talk(gateway_db, theirs), await make_talk(gateway_db, ours)
    async with Notifier(gateway_db, urls.gateway), aclosing(listen(db, urls.app, ours.workspace_id)) as events:
        await following(events, Changed(None))
        await talk.say("for them")
        await own.say("for us")
        assert await following(events, Changed) == Changed(frozenset({own.id}))


async def test_payloads_hold_opaque_ids_only(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with await psycopg.AsyncConnection.connect(urls.gateway, autocommit=True) as connection:
        await connection.execute(f'LISTEN "{channel(world.workspace_id)}"'.encode())
        async with Notifier(gateway_db, urls.gateway):
            await talk.say("my secret words")
            payloads = {note.payload async for note in connection.notifies(timeout=60, stop_after=1)}
    assert payloads == {f"conversation:{talk.id}"}


async def test_a_cut_link_comes_back_and_reads_everything_again(
    db: Database, gateway_db: Database, urls: ServerUrls
) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with Notifier(gateway_db, urls.gateway), aclosing(listen(db, urls.app, world.workspace_id)) as events:
        await following(events, Changed(None))
        await cut_listeners(urls, world.workspace_id)
        assert await following(events, LinkChanged) == LinkChanged(Link.POLLING)
        for number in range(50):
            await talk.say(f"missed {number}")
        assert await following(events, LinkChanged(Link.LIVE))
        assert await following(events, Changed(None)) == Changed(None)
        assert len(await talk.seen()) == 50


async def test_what_nobody_told_of_is_found_by_a_look_and_a_heartbeat_is_no_news(
    db: Database, urls: ServerUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a notifier nothing is told. A look costs one round trip; all is read again for news only."""
    monkeypatch.setattr("console.db.listen.LIVE_POLL_SECONDS", 0.05)
    world = await make_world(db)
    talk, looked = await make_talk(db, world), asyncio.Event()

    async def look(*given: Any) -> Newest:
        found = await newest(*given)
        looked.set()
        return found

    monkeypatch.setattr("console.db.listen.newest", look)
    heard: list[LiveEvent] = []

    async def follow() -> None:
        async with aclosing(listen(db, urls.app, world.workspace_id)) as events:
            while True:
                heard.append(await anext(events))

    async def looked_again() -> None:
        for _ in range(2):  # the first may have begun before
            looked.clear()
            await looked.wait()

    following = asyncio.create_task(follow())
    async with asyncio.timeout(60):
        await looked_again()
        before = len(heard)
        await Presence(db).here(world.member, talk.id)
        await looked_again()
        assert heard[before:] == []
        await Takeover(db).claim(world.member, talk.id)
        await looked_again()
        await talk.say("is a person there?")
        await looked_again()
        assert heard[before:] == [Changed(None), Changed(None)]
        monkeypatch.setattr("console.db.listen.UNTOLD_SECONDS", 0.0)
        await Presence(db).leave(world.member)
        await looked_again()
        assert set(heard[before:]) == {Changed(None)}
        assert len(heard) > before + 2  # whatever is committed on the server is a reason now
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


async def cut_listeners(urls: ServerUrls, workspace_id: Any) -> None:
    async with await psycopg.AsyncConnection.connect(urls.superuser, autocommit=True) as connection:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE %s",
            (f"LISTEN%{workspace_id.hex}%",),
        )


async def test_an_unreachable_server_is_offline(urls: ServerUrls, db: Database) -> None:
    world = await make_world(db)
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    async with aclosing(listen(Database(nowhere), nowhere, world.workspace_id)) as events:
        assert await following(events, LinkChanged) == LinkChanged(Link.OFFLINE)


async def test_two_operators_and_a_visitor_see_each_other(
    db: Database, gateway_db: Database, urls: ServerUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in ("presence", "visitors"):
        monkeypatch.setattr(f"console.services.{service}.TYPING_SECONDS", 600)
    world = await make_world(db)
    talk, presence = await make_talk(gateway_db, world, name="Vic"), Presence(db)
    changed = PresenceChanged(frozenset({talk.id}))
    async with (
        Notifier(db, urls.app),
        Notifier(gateway_db, urls.gateway),
        aclosing(listen(db, urls.app, world.workspace_id)) as mias,
        aclosing(listen(db, urls.app, world.workspace_id)) as maxs,
    ):
        for events in (mias, maxs):
            await following(events, Changed(None))
        await presence.here(world.member, talk.id)
        await following(maxs, changed)
        assert await around(presence, world.other, talk.id) == [("mia", False)]
        await presence.here(world.other, talk.id, typing=True)
        await following(mias, changed)
        assert await around(presence, world.member, talk.id) == [("max", True)]
        await talk.visitors.typing(talk.token, talk.id)
        for events, other in ((mias, ("max", True)), (maxs, ("mia", False))):
            actor = world.member if events is mias else world.other
            await following(events, changed)
            assert sorted(await around(presence, actor, talk.id)) == sorted([("Vic", True), other])
        await presence.leave(world.other)
        await following(mias, changed)
        assert await around(presence, world.member, talk.id) == [("Vic", True)]


async def around(presence: Presence, actor: Actor, id: ConversationId) -> list[tuple[str, bool]]:
    return [(str(each.name), each.typing) for each in await presence.around(actor, [id])]


async def test_typing_wakes_the_gateway_with_an_id_alone(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk, hub = await make_talk(gateway_db, world), Hub(urls.gateway)
    async with Notifier(db, urls.app), hub.listening():
        with hub.follow(talk.id) as woken:
            async with asyncio.timeout(60):
                await woken.wait()  # The link is there.
                woken.clear()
                await Presence(db).here(world.member, talk.id, typing=True)
                await woken.wait()


async def test_a_mention_reaches_the_person_meant(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with Notifier(db, urls.app), aclosing(listen(db, urls.app, world.workspace_id)) as events:
        await following(events, Changed(None))
        await Messages(db).note(world.member, talk.id, "@max @nobody", token="t")
        assert await following(events, Notified) == Notified(world.other.user_id)
        assert await following(events, Changed) == Changed(frozenset({talk.id}))


async def test_a_label_renamed_is_read_again_everywhere(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    async with Notifier(db, urls.app), aclosing(listen(db, urls.app, world.workspace_id)) as events:
        await following(events, Changed(None))
        await Labels(db).change(world.member, talk.id, add=["x"])
        assert await following(events, Changed) == Changed(frozenset({talk.id}))
        await Labels(db).rename(world.admin, "x", "y")
        assert await following(events, Changed) == Changed(None)


async def test_what_is_rolled_back_is_told_to_nobody(db: Database, gateway_db: Database, urls: ServerUrls) -> None:
    world = await make_world(db)
    talk, other = await make_talk(gateway_db, world), await make_talk(gateway_db, world)
    async with await psycopg.AsyncConnection.connect(urls.gateway, autocommit=True) as connection:
        await connection.execute(f'LISTEN "{channel(world.workspace_id)}"'.encode())
        async with Notifier(db, urls.app):
            with suppress(ZeroDivisionError):
                async with db.write(world.workspace_id) as tx:
                    await tx.execute("UPDATE conversations SET priority = 0 WHERE workspace_id = :ws")
                    tx.hint("conversation", talk.id)
                    raise ZeroDivisionError
            await Messages(db).note(world.member, other.id, "a note", token="t")
            payloads = [note.payload async for note in connection.notifies(timeout=60, stop_after=1)]
        payloads += [note.payload async for note in connection.notifies(timeout=0)]
    assert set(payloads) == {f"conversation:{other.id}"}  # twice, where the notifier ends before its answer came


def test_a_burst_is_told_once_and_what_is_none_of_ours_not_at_all() -> None:
    one, two = new_id(), new_id()
    burst = [f"presence:{one}", f"conversation:{two}", f"presence:{one}", f"person:{two}", f"conversation:{one}"] * 50
    noise = ["", "presence", "presence:", "conversation:x", "person:\x1b[2J", f"crawl:{one}", str(one)]
    assert told([*noise, *burst, *noise]) == [
        Notified(two), PresenceChanged(frozenset({one})), Changed(frozenset({one, two})),
    ]  # fmt: skip
    assert told(noise) == []
