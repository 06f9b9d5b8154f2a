"""Labels: one a name whatever its case, on any conversation, taken off everywhere at once."""

from __future__ import annotations

import asyncio

import pytest

from console.db.engine import Database
from console.domain.label import MAX_LABEL_CHARS
from console.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from console.services.conversations import Conversations
from console.services.labels import Labels
from tests.safety.payloads import generated, naughty, storable
from tests.world import World, make_talk, make_world


async def names(db: Database, world: World) -> list[str]:
    return [str(label.name) for label in await Labels(db).all(world.viewer)]


async def test_a_hundred_who_create_one_name_get_one_label(db: Database) -> None:
    world = await make_world(db)
    cases = ["Refund", "refund", "REFUND", "reFund"]
    made = await asyncio.gather(
        *(Labels(db).create(world.member if n % 2 else world.other, cases[n % 4]) for n in range(100))
    )
    assert len({label.id for label in made}) == 1
    assert await names(db, world) == [made[0].name]


async def test_racers_with_the_same_new_labels_in_any_order_all_succeed(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talks = [await make_talk(gateway_db, world) for _ in range(10)]
    new = [f"label {n}" for n in range(6)]
    turned = [new[n % 6 :] + new[: n % 6] for n in range(10)]
    results = await asyncio.gather(
        *(Labels(db).change(world.member, talk.id, add=add) for talk, add in zip(talks, turned, strict=True))
    )
    assert {tuple(result) for result in results} == {tuple(new)}
    assert [(label.name, label.conversations) for label in await Labels(db).all(world.viewer)] == [(n, 10) for n in new]


async def test_a_label_removed_while_it_is_put_on_is_on_or_gone(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)

    async def put_on() -> None:
        for _ in range(20):
            await Labels(db).change(world.member, talk.id, add=["vip"])

    async def remove() -> None:
        for _ in range(20):
            try:
                await Labels(db).remove(world.admin, "vip")
            except NotFoundError:
                await asyncio.sleep(0)

    await asyncio.gather(put_on(), remove(), put_on(), remove())
    left = await Labels(db).change(world.member, talk.id)
    assert list(left) == await names(db, world)


async def test_changes_are_told_in_the_conversation_and_only_changes(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, labels = await make_talk(gateway_db, world), Labels(db)
    assert await labels.change(world.member, talk.id, add=["VIP", "refund"]) == ("refund", "VIP")
    assert await labels.change(world.other, talk.id, add=["vip"], remove=["nowhere"]) == ("refund", "VIP")
    assert await labels.change(world.other, talk.id, add=["late"], remove=["REFUND"]) == ("late", "VIP")
    events = (await Conversations(db).transcript(world.viewer, talk.id)).events
    assert [(event.kind, event.actor_name, event.detail) for event in events] == [
        ("labelled", "mia", "+refund +VIP"), ("labelled", "max", "+late -refund"),
    ]  # fmt: skip


async def test_labels_need_no_claim_and_leave_control_alone(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    before = await Conversations(db).get(world.member, talk.id)
    await Labels(db).change(world.member, talk.id, add=["x"])
    after = await Conversations(db).get(world.member, talk.id)
    assert (after.epoch, after.control, after.last_seq) == (before.epoch, before.control, before.last_seq)


async def test_roles(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, labels = await make_talk(gateway_db, world), Labels(db)
    await labels.create(world.member, "x")
    for refused in (
        labels.create(world.viewer, "y"), labels.change(world.viewer, talk.id, add=["x"]),
        labels.rename(world.member, "x", "z"), labels.remove(world.member, "x"),
    ):  # fmt: skip
        with pytest.raises(NotAllowedError):
            await refused
    assert await names(db, world) == ["x"]


async def test_rename_and_remove_find_any_case_and_say_what_is_wrong(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk, labels = await make_talk(gateway_db, world), Labels(db)
    await labels.change(world.member, talk.id, add=["one", "two"])
    with pytest.raises(ConflictError, match="'TWO' already"):
        await labels.rename(world.admin, "one", "TWO")
    assert (await labels.rename(world.admin, "ONE", "One")).name == "One"
    assert (await labels.rename(world.admin, "One", "three")).conversations == 1
    assert await labels.remove(world.admin, "THREE") == 1
    for gone in (labels.remove(world.admin, "three"), labels.rename(world.admin, "\x00", "x")):
        with pytest.raises(NotFoundError, match="no label"):
            await gone
    assert await labels.change(world.member, talk.id) == ("two",)


async def test_another_workspaces_label_of_the_same_name_is_another_label(db: Database, gateway_db: Database) -> None:
    ours, theirs = await make_world(db), await make_world(db)
    talk = await make_talk(gateway_db, theirs)
    await Labels(db).change(theirs.member, talk.id, add=["vip"])
    await Labels(db).create(ours.member, "vip")
    await Labels(db).rename(ours.admin, "vip", "gone")
    assert await Labels(db).remove(ours.admin, "gone") == 0
    assert await Labels(db).change(theirs.member, talk.id) == ("vip",)


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * (MAX_LABEL_CHARS + 1), "two\nlines", "a\u2028b", "\x1b[2J", "a\x00b", "\ud800"]
)
async def test_what_is_no_label(db: Database, gateway_db: Database, name: str) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    for refused in (Labels(db).create(world.member, name), Labels(db).change(world.member, talk.id, add=["ok", name])):
        with pytest.raises(InvalidInputError, match="the label"):
            await refused
    assert await names(db, world) == []


async def test_one_name_can_not_be_put_on_and_taken_off(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    talk = await make_talk(gateway_db, world)
    with pytest.raises(InvalidInputError, match="both added and removed"):
        await Labels(db).change(world.member, talk.id, add=["Vip"], remove=["vIP"])


async def test_every_name_that_is_taken_can_be_named_again(db: Database) -> None:
    world = await make_world(db)
    taken = 0
    for text in [*naughty(), *generated()]:
        try:
            label = await Labels(db).create(world.member, text)
        except InvalidInputError:
            continue
        taken += 1
        assert (await Labels(db).create(world.member, label.name)).id == label.id
        await Labels(db).remove(world.admin, label.name)
    assert taken > 100
    assert await names(db, world) == []


async def test_a_name_stored_by_other_hands_is_shown_as_text(db: Database) -> None:
    world = await make_world(db)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "INSERT INTO labels (workspace_id, id, name) VALUES (:ws, gen_random_uuid(), :name)",
            name=storable("\x1b]0;owned\x07\u202e"),
        )
    assert await names(db, world) == ["\u241b]0;owned\u2407\u27e8U+202E\u27e9"]
