"""A note that mentions somebody tells them once; nobody sees what another was told."""

from __future__ import annotations

import asyncio

from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.domain.notification import NotificationType
from console.ids import new_id
from console.services.messages import Messages
from console.services.notifications import Notifications
from console.text import sanitise
from tests.safety.payloads import generated, naughty, storable
from tests.world import World, add_person, make_talk, make_world


def handle(actor: Actor) -> str:
    """What comes after the `@`."""
    return actor.email.partition("@")[0]


async def told(db: Database, actor: Actor) -> list[str]:
    """The words each was told of, newest first."""
    return [str(notification.snippet) for notification in await Notifications(db).all(actor)]


async def test_a_mention_tells_a_person_once(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    note = f"@{handle(world.other).upper()} and @{handle(world.viewer)}, @Max: look at\nthis, not @nobody"
    sent = await Messages(db).note(world.member, talk.id, note, token="t")
    for person in (world.other, world.viewer):
        (found,) = await Notifications(db).all(person)
        assert (found.type, found.actor_name, found.conversation_id, found.seq, found.read_at) == (
            NotificationType.MENTION, "mia", talk.id, sent.seq, None,
        )  # fmt: skip
        assert found.snippet == note.replace("\n", " ")
        assert await Notifications(db).unread(person) == 1
    for person in (world.owner, world.admin, world.member):
        assert await Notifications(db).unread(person) == 0


async def test_a_repeated_note_tells_once_under_race(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await asyncio.gather(*(Messages(db).note(world.member, talk.id, "@max ?", token="t") for _ in range(20)))
    assert await told(db, world.other) == ["@max ?"]


async def test_nobody_is_told_of_their_own_note(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await Messages(db).note(world.member, talk.id, "@mia remember", token="t")
    assert await told(db, world.member) == []


async def test_neither_a_reply_nor_a_visitor_can_mention(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await talk.say("@max @mia @olivia")
    for person in (world.owner, world.member, world.other):
        assert await told(db, person) == []


async def test_somebody_who_left_or_is_elsewhere_is_not_told(db: Database, gateway_db: Database) -> None:
    world, elsewhere = await make_world(db), await make_world(db)
    talk = await make_talk(gateway_db, world)
    await end_membership(db, world, world.other)
    await Messages(db).note(world.member, talk.id, f"@max @{handle(elsewhere.other)} @vera", token="t")
    assert await told(db, elsewhere.other) == []
    assert await told(db, world.viewer) == [f"@max @{handle(elsewhere.other)} @vera"]
    async with db.read(world.workspace_id) as tx:
        assert await tx.scalar("SELECT count(*) FROM notifications") == 1


async def end_membership(db: Database, world: World, actor: Actor) -> None:
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws AND user_id = :id", id=actor.user_id
        )


async def test_the_note_and_its_notifications_are_one_transaction(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    await Messages(db).note(world.member, talk.id, "@max @vera", token="t")
    async with db.read(world.workspace_id) as tx:
        joined = await tx.rows("SELECT m.xmin::text = n.xmin::text AS one FROM messages m, notifications n")
    assert [row.one for row in joined] == [True, True]


async def test_reading_marks_once_and_only_ones_own(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, notes = await make_talk(gateway_db, world), Notifications(db)
    for number in range(3):
        await Messages(db).note(world.member, talk.id, f"@max @vera {number}", token=f"{number}")
    newest, *_ = await notes.all(world.other)
    assert await told(db, world.other) == [f"@max @vera {number}" for number in (2, 1, 0)]
    assert await notes.read(world.viewer, [newest.id]) == 0
    assert await notes.read(world.other, [newest.id, new_id()]) == 1
    assert await notes.read(world.other, [newest.id]) == 0
    assert await notes.read(world.other, []) == 0
    assert await notes.unread(world.other) == 2
    assert await notes.read(world.other) == 2
    assert await told(db, world.other) == []
    every = await notes.all(world.other, unread_only=False, limit=2)
    assert [bool(notification.read_at) for notification in every] == [True, True]
    assert await notes.unread(world.viewer) == 3


async def test_who_can_be_mentioned(db: Database) -> None:
    world = await make_world(db)
    await add_person(db, world.workspace_id, "Mia Moore", Role.VIEWER)
    found = Notifications(db).mentionable
    assert [m.name for m in await found(world.member)] == ["adam", "max", "Mia Moore", "olivia", "vera"]
    assert [m.name for m in await found(world.owner, "MI")] == ["mia", "Mia Moore"]
    assert [m.name for m in await found(world.owner, "miamo")] == ["Mia Moore"]
    assert await found(world.owner, "%") == ()
    await end_membership(db, world, world.other)
    assert await found(world.member, "max") == ()


async def test_hostile_notes_and_names_are_told_as_text(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    texts = [text for text in map(storable, [*naughty(), *generated()]) if text.strip()][::9]
    for number, text in enumerate(texts):
        person = await add_person(db, world.workspace_id, f"{text[:60]}{number}", Role.MEMBER)
        await Messages(db).note(person, talk.id, f"@vera {text}", token=f"{number}")
        newest, *_ = await Notifications(db).all(world.viewer, limit=1)
        for shown in (newest.snippet, newest.actor_name):
            assert shown == sanitise(shown)
            assert "\n" not in shown
        await Notifications(db).mentionable(world.viewer, text)
    assert await Notifications(db).unread(world.viewer) == len(texts)
