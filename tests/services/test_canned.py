"""Canned replies: found by shortcut, filled in once, for a workspace alone."""

from __future__ import annotations

import asyncio

import pytest

from console.db.engine import Database
from console.domain.canned import MAX_TITLE_CHARS
from console.domain.message import MAX_MESSAGE_CHARS
from console.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from console.services.canned import Canned
from console.text import sanitise
from tests.safety.payloads import generated, naughty, storable
from tests.world import make_talk, make_world


async def test_saved_found_changed_and_removed(db: Database) -> None:
    world = await make_world(db)
    canned = Canned(db)
    first = await canned.save(world.member, "returns", title="Returns", content="Within 30 days.")
    await canned.save(world.other, "hello", title="", content="Hello!")
    changed = await canned.save(world.other, "returns", title="Returns", content="Within 14 days.")
    assert (changed.id, changed.content) == (first.id, "Within 14 days.")
    assert changed.updated_at > first.updated_at
    assert [reply.shortcut for reply in await canned.all(world.viewer)] == ["hello", "returns"]
    assert [reply.shortcut for reply in await canned.all(world.viewer, "RE")] == ["returns"]
    assert await canned.all(world.viewer, "%") == ()
    assert await canned.get(world.viewer, "returns") == changed
    await canned.remove(world.admin, "returns")
    for gone in (canned.get(world.viewer, "returns"), canned.remove(world.admin, "returns")):
        with pytest.raises(NotFoundError, match="no canned reply 'returns'"):
            await gone


async def test_of_those_who_make_the_same_new_one_one_wins(db: Database) -> None:
    world = await make_world(db)
    made = await asyncio.gather(
        *(Canned(db).save(world.member, "hi", title="", content=f"{n}", new=True) for n in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, ConflictError) for each in made) == 19
    (winner,) = (each for each in made if not isinstance(each, BaseException))
    assert await Canned(db).get(world.viewer, "hi") == winner


async def test_roles(db: Database) -> None:
    world = await make_world(db)
    with pytest.raises(NotAllowedError, match="member"):
        await Canned(db).save(world.viewer, "hi", title="", content="x")
    await Canned(db).save(world.member, "hi", title="", content="x")
    with pytest.raises(NotAllowedError, match="admin"):
        await Canned(db).remove(world.member, "hi")


async def test_placeholders_are_filled_in(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    named, nameless = await make_talk(gateway_db, world, name="Vic"), await make_talk(gateway_db, world)
    content = "Hello {visitor}, {me} of {agent} here. {unknown} {} {{me}} {Me}"
    await Canned(db).save(world.member, "hi", title="", content=content)
    fill = Canned(db).fill
    assert await fill(world.member, "hi", named.id) == ("Hello Vic, mia of Assistant here. {unknown} {} {mia} {Me}")
    assert (await fill(world.other, "hi", nameless.id)).startswith("Hello, max of Assistant here.")


@pytest.mark.parametrize("name", ["{me}", "{visitor}", "{agent} {me}", "\\1", "\\g<0>", "{", "%s"])
async def test_what_was_filled_in_is_not_filled_in_again(db: Database, gateway_db: Database, name: str) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world, name=name)
    await Canned(db).save(world.member, "hi", title="", content="{visitor}|{me}")
    assert await Canned(db).fill(world.member, "hi", talk.id) == f"{name}|mia"


async def test_hostile_names_and_words_come_out_as_text(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    texts = [text for text in map(storable, [*naughty(), *generated()]) if text.strip()][::7]
    for text in texts:
        talk = await make_talk(gateway_db, world, name=text[:200])
        await Canned(db).save(world.member, "hi", title="", content=f"{{visitor}} {text}")
        filled = await Canned(db).fill(world.member, "hi", talk.id)
        assert filled == sanitise(filled)
        assert sanitise(text) in filled


@pytest.mark.parametrize("shortcut", ["", "-a", "A", "a b", "a\n", "x" * 33, "\u00e9", "a/b", "\x00", "\ud800"])
async def test_what_is_no_shortcut(db: Database, shortcut: str) -> None:
    world = await make_world(db)
    with pytest.raises(InvalidInputError, match="no shortcut"):
        await Canned(db).save(world.member, shortcut, title="", content="x")
    with pytest.raises(NotFoundError):
        await Canned(db).get(world.member, shortcut)
    await Canned(db).all(world.member, shortcut)


@pytest.mark.parametrize(
    ("title", "content"),
    [("", " "), ("", "x" * (MAX_MESSAGE_CHARS + 1)), ("", "\x00"), ("a\nb", "x"), ("x" * (MAX_TITLE_CHARS + 1), "x")],
)
async def test_what_can_not_be_kept(db: Database, title: str, content: str) -> None:
    world = await make_world(db)
    with pytest.raises(InvalidInputError):
        await Canned(db).save(world.member, "hi", title=title, content=content)
    assert await Canned(db).all(world.viewer) == ()


async def test_another_workspaces_shortcut_is_not_ours(db: Database, gateway_db: Database) -> None:
    ours, theirs = await make_world(db), await make_world(db)
    talk = await make_talk(gateway_db, theirs)
    await Canned(db).save(theirs.member, "hi", title="", content="theirs")
    with pytest.raises(NotFoundError, match="no canned reply"):
        await Canned(db).get(ours.owner, "hi")
    await Canned(db).save(ours.member, "hi", title="", content="ours", new=True)
    with pytest.raises(NotFoundError, match="no conversation"):
        await Canned(db).fill(ours.owner, "hi", talk.id)
    await Canned(db).remove(ours.admin, "hi")
    assert (await Canned(db).get(theirs.viewer, "hi")).content == "theirs"
