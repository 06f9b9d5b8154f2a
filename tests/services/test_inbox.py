"""The inbox: the most urgent first, page by page without a gap, narrowed by words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from console.clock import utc_now
from console.db.engine import Database
from console.domain.conversation import Priority, Status
from console.domain.inbox import Cursor, InboxFilter
from console.errors import NotAllowedError, NotFoundError
from console.ids import ConversationId, new_id
from console.services.inbox import Inbox
from console.services.labels import Labels
from console.services.sweep import wake_snoozed
from console.services.takeover import Takeover
from console.services.triage import Triage
from tests.services.desk import change, count, kinds, now_of
from tests.world import Talk, World, make_talk


async def talks(gateway_db: Database, world: World, number: int) -> list[Talk]:
    found = [await make_talk(gateway_db, world, name=f"visitor {n}") for n in range(number)]
    for n, talk in enumerate(found):
        await talk.say(f"words {n}")
    return found


async def listed(
    db: Database, world: World, filter: InboxFilter, *, text: str = "", limit: int = 50
) -> list[ConversationId]:
    """All pages, as the member sees them."""
    found: list[ConversationId] = []
    after: Cursor | None = None
    while True:
        page = await Inbox(db).page(world.member, filter, text=text, after=after, limit=limit)
        found += [row.id for row in page.rows]
        if page.next is None:
            return found
        after = page.next


async def test_what_waits_is_sorted_by_priority_then_by_how_long(
    db: Database, gateway_db: Database, world: World
) -> None:
    waiting = await talks(gateway_db, world, 8)
    for talk in waiting:
        await Takeover(db).assign(world.owner, talk.id, None, epoch=0)
    levels = [Priority.NORMAL, Priority.LOW, Priority.URGENT, Priority.NORMAL, Priority.HIGH, Priority.URGENT]
    for talk, level in zip(waiting, levels, strict=False):
        await Triage(db).set_priority(world.member, talk.id, level)
    # Two waited since the same moment: their ids decide.
    await change(
        db, world, "UPDATE conversations SET waiting_since = now() WHERE workspace_id = :ws AND id = ANY (:ids)",
        ids=[waiting[6].id, waiting[7].id],
    )  # fmt: skip
    expected = [waiting[n].id for n in (2, 5, 4, 0, 3, 6, 7, 1)]
    assert await listed(db, world, InboxFilter.WAITING) == expected
    for limit in (1, 2, 3, 7, 8):
        for filter in (InboxFilter.WAITING, InboxFilter.HUMAN, InboxFilter.ALL):
            assert await listed(db, world, filter, limit=limit) == expected


async def test_each_is_there_once_in_every_tab(db: Database, gateway_db: Database, world: World) -> None:
    found = await talks(gateway_db, world, 12)
    takeover, member, other = Takeover(db), world.member, world.other
    await takeover.claim(member, found[0].id)
    await takeover.claim(other, found[1].id)
    await takeover.assign(other, found[2].id, member.user_id, epoch=0)
    await takeover.assign(member, found[3].id, other.user_id, epoch=0)
    await takeover.assign(member, found[4].id, None, epoch=0)
    await takeover.snooze(member, found[5].id, until=None, epoch=0)
    await found[5].say("the AI's again, and mine")
    await takeover.snooze(member, found[6].id, until=None, epoch=0)
    await takeover.resolve(member, found[7].id, epoch=0)
    ids = [talk.id for talk in found]
    for limit in (1, 2, 5, 50):
        every = await listed(db, world, InboxFilter.ALL, limit=limit)
        assert sorted(every) == sorted(ids)
        assert set(every[-2:]) == {ids[6], ids[7]}
        assert set(await listed(db, world, InboxFilter.MINE, limit=limit)) == {ids[0], ids[2], ids[5]}
        assert set(await listed(db, world, InboxFilter.WAITING, limit=limit)) == {ids[2], ids[3], ids[4]}
        assert set(await listed(db, world, InboxFilter.HUMAN, limit=limit)) == {ids[n] for n in range(5)}
        assert set(await listed(db, world, InboxFilter.AI, limit=limit)) == {ids[5], *ids[8:]}
    counts = await Inbox(db).counts(member)
    assert (counts.waiting, counts.mine, counts.ai, counts.human, counts.all) == (3, 3, 5, 5, 12)
    assert counts.held == 1


async def test_what_is_counted_is_what_is_listed_also_before_a_word_is_said(
    db: Database, gateway_db: Database, world: World
) -> None:
    silent = [(await make_talk(gateway_db, world)).id for _ in range(7)]
    takeover = Takeover(db)
    await takeover.claim(world.other, silent[0])
    await takeover.claim(world.member, silent[1])
    await takeover.assign(world.member, silent[2], None, epoch=0)
    await takeover.resolve(world.member, silent[3], epoch=0)
    for who, id in ((world.member, silent[4]), (world.other, silent[5])):
        await takeover.snooze(who, id, until=utc_now() + timedelta(hours=1), epoch=0)
    await change(db, world, "UPDATE conversations SET snoozed_until = now() WHERE workspace_id = :ws")
    await wake_snoozed(db, world.workspace_id)
    shown = {filter: await listed(db, world, filter) for filter in InboxFilter}
    assert {filter: {silent.index(id) for id in ids} for filter, ids in shown.items()} == {
        InboxFilter.WAITING: {2}, InboxFilter.MINE: {1, 4}, InboxFilter.AI: {4, 5}, InboxFilter.HUMAN: {0, 1, 2},
        InboxFilter.ALL: {0, 1, 2, 3, 4, 5},
    }  # fmt: skip
    counts = await Inbox(db).counts(world.member)
    assert {filter: getattr(counts, filter.value) for filter in InboxFilter} == {
        filter: len(ids) for filter, ids in shown.items()
    }


async def test_words_narrow_it(db: Database, gateway_db: Database, world: World) -> None:
    found = await talks(gateway_db, world, 6)
    ids = [talk.id for talk in found]
    labels, takeover = Labels(db), Takeover(db)
    await labels.change(world.member, ids[0], add=["Billing", "vip"])
    await labels.change(world.member, ids[1], add=["billing-eu"])
    await Triage(db).set_priority(world.member, ids[1], Priority.HIGH)
    await takeover.claim(world.member, ids[2])
    await takeover.assign(world.member, ids[3], world.other.user_id, epoch=0)
    await takeover.resolve(world.member, ids[4], epoch=0)
    await takeover.snooze(world.other, ids[5], until=None, epoch=0)

    async def meant(text: str) -> set[int]:
        return {ids.index(id) for id in await listed(db, world, InboxFilter.ALL, text=text)}

    assert await meant("label:billing") == {0}
    assert await meant("label:BILLING label:vip") == {0}
    assert await meant("label:billing label:billing-eu") == set()
    assert await meant("priority:high") == {1}
    assert await meant("priority:normal who:nobody") == {0, 4}
    assert await meant("who:me") == {2}
    assert await meant("who:ma") == {3, 5}
    assert await meant("who:MAX status:open") == {3}
    assert await meant("status:resolved") == {4}
    assert await meant("status:snoozed") == {5}
    assert await meant("visitor status:open") == {0, 1, 2, 3}
    assert await meant("3") == {3}
    assert await meant("words 3 who:nobody") == set()
    row = (await Inbox(db).rows(world.member, [ids[0]]))[0]
    assert (row.labels, row.priority) == (("Billing", "vip"), Priority.NORMAL)
    assert (await now_of(db, world.member, found[0])).labels == ("Billing", "vip")


@pytest.mark.parametrize(
    "text", ["%", "_", "\\", "'; --", "\x00", "\ud800", "label:%", "who:%", "who:_", "label:\x1b[2J"]
)
async def test_signs_mean_themselves(db: Database, gateway_db: Database, world: World, text: str) -> None:
    await talks(gateway_db, world, 1)
    assert await listed(db, world, InboxFilter.ALL, text=text) == []


async def test_priority_needs_no_claim_and_is_told(db: Database, gateway_db: Database, world: World) -> None:
    (talk,) = await talks(gateway_db, world, 1)
    claim = await Takeover(db).claim(world.member, talk.id)
    for level in (Priority.URGENT, Priority.URGENT, Priority.LOW):
        await Triage(db).set_priority(world.other, talk.id, level)
    now = await now_of(db, world.member, talk)
    assert (now.priority, now.epoch, now.status) == (Priority.LOW, claim.epoch, Status.OPEN)
    assert await kinds(db, world, talk) == ["claimed", "priority", "priority"]
    with pytest.raises(NotAllowedError):
        await Triage(db).set_priority(world.viewer, talk.id, Priority.HIGH)
    with pytest.raises(NotFoundError):
        await Triage(db).set_priority(world.member, ConversationId(new_id()), Priority.HIGH)
    assert await count(db, world, "audit_events", "outcome = 'done'") == 1
