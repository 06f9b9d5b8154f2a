"""A reply that is held becomes one message or its author's draft: never both, never neither, never another's to see."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from console.clock import utc_now
from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.conversation import Claim
from console.domain.held import HOLD_SECONDS
from console.errors import ConflictError, InvalidInputError, NotAllowedError
from console.ids import new_id
from console.services.conversations import Conversations
from console.services.drafts import Drafts
from console.services.held import release_due, workspaces_holding
from console.services.inbox import Inbox
from console.services.messages import Messages
from console.services.sweep import return_abandoned
from console.services.takeover import Takeover
from tests.services.desk import change, count, draft_of, expire_leases, kinds, make_due, now_of
from tests.world import Talk, World, make_talk

RACES = 100


@pytest.fixture
async def claim(db: Database, world: World, talk: Talk) -> Claim:
    return await Takeover(db).claim(world.member, talk.id)


async def hold(db: Database, world: World, talk: Talk, claim: Claim, words: str = "hi", key: str = "t") -> object:
    return await Messages(db).hold(world.member, talk.id, words, token=key, epoch=claim.epoch)


async def test_it_is_a_message_when_it_is_due_and_not_before(
    db: Database, world: World, talk: Talk, claim: Claim
) -> None:
    before = utc_now()
    held = await Messages(db).hold(world.member, talk.id, "hi", token="t", epoch=claim.epoch)
    assert held.due_at - held.created_at == timedelta(seconds=HOLD_SECONDS)
    assert abs(held.created_at - before) < timedelta(minutes=1)
    assert await Messages(db).held(world.member, talk.id) == (held,)
    await make_due(db, world, 60)
    assert await release_due(db, world.workspace_id) == 0
    assert await talk.seen() == [("user", "hello?")]
    await make_due(db, world)
    assert await release_due(db, world.workspace_id) == 1
    assert await release_due(db, world.workspace_id) == 0
    assert await talk.seen() == [("user", "hello?"), ("human", "hi")]
    assert await Messages(db).held(world.member, talk.id) == ()
    transcript = await Conversations(db).transcript(world.member, talk.id)
    assert (transcript.messages[-1].author_id, transcript.messages[-1].seq) == (world.member.user_id, 2)
    row = (await Inbox(db).rows(world.member, [talk.id]))[0]
    assert (row.snippet, row.snippet_role) == ("hi", "human")


async def test_nobody_else_sees_it(db: Database, world: World, talk: Talk, claim: Claim) -> None:
    await hold(db, world, talk, claim, "a secret so far")
    for other in (world.owner, world.other, world.viewer):
        assert await Messages(db).held(other, talk.id) == ()
        assert "secret" not in str(await Conversations(db).transcript(other, talk.id))
        assert "secret" not in str(await Inbox(db).rows(other, [talk.id]))
        assert await draft_of(db, other, talk) is None


async def test_the_same_token_holds_once_also_after_it_went_out(
    db: Database, world: World, talk: Talk, claim: Claim
) -> None:
    assert len({await hold(db, world, talk, claim) for _ in range(3)}) == 1
    assert len(set(await asyncio.gather(*(hold(db, world, talk, claim) for _ in range(20))))) == 1
    with pytest.raises(ConflictError, match="another message"):
        await hold(db, world, talk, claim, "other words")
    await make_due(db, world)
    await release_due(db, world.workspace_id)
    again = await Messages(db).hold(world.member, talk.id, "hi", token="t", epoch=claim.epoch)
    assert again.due_at <= utc_now()
    assert await count(db, world, "held_sends") == 0
    with pytest.raises(ConflictError, match="not held back any more"):
        await Messages(db).cancel_held(world.member, talk.id, again.id)
    assert (await Messages(db).send(world.member, talk.id, "hi", token="t", epoch=claim.epoch)).repeated
    assert await talk.seen() == [("user", "hello?"), ("human", "hi")]


async def test_its_token_is_no_other_message_s(db: Database, world: World, talk: Talk, claim: Claim) -> None:
    await hold(db, world, talk, claim)
    for author in (world.member, world.other):
        with pytest.raises(ConflictError, match="another message"):
            await Messages(db).note(author, talk.id, "hi", token="t")
    # Were it taken all the same, the words would still not be lost, nor the worker stuck.
    await change(
        db, world, "INSERT INTO messages (workspace_id, conversation_id, seq, role, content, client_token)"
        " VALUES (:ws, :id, 9, 'note', 'x', 't')", id=talk.id,
    )  # fmt: skip
    await make_due(db, world)
    assert await release_due(db, world.workspace_id) == 0
    assert (await draft_of(db, world.member, talk), await count(db, world, "held_sends")) == ("hi", 0)


async def test_sent_after_all_at_once_it_is_one_message(db: Database, world: World, talk: Talk, claim: Claim) -> None:
    await hold(db, world, talk, claim)
    sent = await Messages(db).send(world.member, talk.id, "hi", token="t", epoch=claim.epoch)
    assert (sent.seq, sent.repeated) == (2, True)
    assert await talk.seen() == [("user", "hello?"), ("human", "hi")]


async def test_replies_go_out_in_the_order_they_were_said(db: Database, world: World, talk: Talk, claim: Claim) -> None:
    await hold(db, world, talk, claim, "one", "t1")
    await hold(db, world, talk, claim, "two", "t2")
    await Messages(db).send(world.member, talk.id, "three", token="t3", epoch=claim.epoch)
    assert [words for _, words in await talk.seen()] == ["hello?", "one", "two", "three"]
    await hold(db, world, talk, claim, "four", "t4")
    await hold(db, world, talk, claim, "five", "t5")
    assert await Messages(db).release_held(world.other, talk.id) == 0
    assert await Messages(db).release_held(world.member, talk.id) == 2
    assert [words for _, words in await talk.seen()][4:] == ["four", "five"]


async def test_held_sent_and_written_at_once_they_have_one_gapless_order(
    db: Database, world: World, talk: Talk, claim: Claim
) -> None:
    messages = Messages(db)

    async def release(n: int) -> int:
        return await (messages.release_held(world.member, talk.id) if n % 2 else release_due(db, world.workspace_id))

    await asyncio.gather(
        *(hold(db, world, talk, claim, f"h{n}", f"h{n}") for n in range(30)),
        *(messages.send(world.member, talk.id, f"s{n}", token=f"s{n}", epoch=claim.epoch) for n in range(10)),
        *(messages.note(world.other, talk.id, f"n{n}", token=f"n{n}") for n in range(10)),
        *(talk.say(f"v{n}") for n in range(30)),
        *(release(n) for n in range(20)),
    )
    await messages.release_held(world.member, talk.id)
    transcript = await Conversations(db).transcript(world.member, talk.id)
    assert [message.seq for message in transcript.messages] == list(range(1, 82))
    assert len({message.content for message in transcript.messages}) == 81


async def test_called_back_it_comes_first_in_the_draft(db: Database, world: World, talk: Talk, claim: Claim) -> None:
    await Drafts(db).save(world.member, talk.id, "hi")
    held = await Messages(db).hold(world.member, talk.id, "hi", token="t", epoch=claim.epoch)
    assert await draft_of(db, world.member, talk) is None
    await Drafts(db).save(world.member, talk.id, "and then")
    with pytest.raises(ConflictError, match="not held back any more"):
        await Messages(db).cancel_held(world.other, talk.id, held.id)
    assert await Messages(db).cancel_held(world.member, talk.id, held.id) == held
    assert await draft_of(db, world.member, talk) == "hi\nand then"
    with pytest.raises(ConflictError, match="not held back any more"):
        await Messages(db).cancel_held(world.member, talk.id, held.id)
    await make_due(db, world)
    assert await release_due(db, world.workspace_id) == 0
    assert await talk.seen() == [("user", "hello?")]


async def test_what_was_called_back_outlives_the_next_reply(
    db: Database, world: World, talk: Talk, claim: Claim
) -> None:
    messages = Messages(db)
    held = await messages.hold(world.member, talk.id, "called back", token="t1", epoch=claim.epoch)
    await messages.cancel_held(world.member, talk.id, held.id)
    await messages.send(world.member, talk.id, "sent", token="t2", epoch=claim.epoch)
    await hold(db, world, talk, claim, "held", "t3")
    assert await draft_of(db, world.member, talk) == "called back"
    await hold(db, world, talk, claim, "called back, and more", "t4")
    assert await draft_of(db, world.member, talk) is None


@pytest.mark.timeout(240)
async def test_of_calling_back_and_going_out_exactly_one_happens(
    db: Database, world: World, talk: Talk, claim: Claim
) -> None:
    messages, ends = Messages(db), []
    for n in range(RACES):
        held = await messages.hold(world.member, talk.id, f"words {n}", token=f"t{n}", epoch=claim.epoch)
        await make_due(db, world)
        gate = asyncio.Barrier(3)

        async def racer(act: Callable[[], Awaitable[object]], gate: asyncio.Barrier = gate) -> object:
            await gate.wait()
            return await act()

        acts: list[Callable[[], Awaitable[object]]] = [
            lambda held=held: messages.cancel_held(world.member, talk.id, held.id),  # type: ignore[misc]
            lambda: messages.release_held(world.member, talk.id),
            lambda: release_due(db, world.workspace_id),
        ]
        first = n % 3  # Who is first at the gate changes.
        order = [*range(first, 3), *range(first)]
        results = await asyncio.gather(*(racer(acts[i]) for i in order), return_exceptions=True)
        back, sent, due = (results[order.index(i)] for i in range(3))
        drafted = await draft_of(db, world.member, talk) == f"words {n}"
        said = [words for _, words in await talk.seen()].count(f"words {n}")
        assert (said, drafted) in {(1, False), (0, True)}
        assert isinstance(back, ConflictError) is (said == 1)
        assert [sent, due].count(1) == said
        ends.append(said)
        await Drafts(db).save(world.member, talk.id, "")
    assert await count(db, world, "held_sends") == 0
    assert set(ends) == {0, 1}  # Each way was gone.


MOVES: dict[str, Callable[[Database, World, Talk, Claim], Awaitable[object]]] = {
    "release": lambda db, world, talk, claim: Takeover(db).release(world.member, talk.id, epoch=claim.epoch),
    "hand back": lambda db, world, talk, claim: Takeover(db).hand_back(world.member, talk.id, epoch=claim.epoch),
    "resolve": lambda db, world, talk, claim: Takeover(db).resolve(world.member, talk.id, epoch=claim.epoch),
    "snooze": lambda db, world, talk, claim: Takeover(db).snooze(
        world.member, talk.id, until=None, epoch=claim.epoch
    ),
    "assign": lambda db, world, talk, claim: Takeover(db).assign(
        world.member, talk.id, world.other.user_id, epoch=claim.epoch
    ),
    "assign to nobody": lambda db, world, talk, claim: Takeover(db).assign(
        world.member, talk.id, None, epoch=claim.epoch
    ),
}  # fmt: skip
LAPSES: dict[str, Callable[[Database, World, Talk, Claim], Awaitable[object]]] = {
    "abandoned": lambda db, world, _talk, _claim: return_abandoned(db, world.workspace_id),
    "claim": lambda db, world, talk, _claim: Takeover(db).claim(world.other, talk.id),
    "take from": lambda db, world, talk, claim: Takeover(db).take_from(world.admin, talk.id, epoch=claim.epoch),
    "resolve": lambda db, world, talk, claim: Takeover(db).resolve(world.other, talk.id, epoch=claim.epoch),
    "due": lambda db, world, _talk, _claim: release_due(db, world.workspace_id),
}


@pytest.mark.parametrize("move", MOVES)
async def test_what_moves_control_sends_it_first(
    db: Database, world: World, talk: Talk, claim: Claim, move: str
) -> None:
    await hold(db, world, talk, claim)
    await MOVES[move](db, world, talk, claim)
    assert await talk.seen() == [("user", "hello?"), ("human", "hi")]
    assert await count(db, world, "held_sends") == 0
    assert await draft_of(db, world.member, talk) is None
    # The visitor has been answered by a person: the AI has no turn.
    assert await count(db, world, "runs", "state = 'queued'") == 0
    assert "not_sent" not in await kinds(db, world, talk)


@pytest.mark.parametrize("move", LAPSES)
async def test_a_holder_who_vanished_is_heard_out(
    db: Database, world: World, talk: Talk, claim: Claim, move: str
) -> None:
    await hold(db, world, talk, claim)
    await expire_leases(db, world)
    await make_due(db, world)
    await LAPSES[move](db, world, talk, claim)
    assert await talk.seen() == [("user", "hello?"), ("human", "hi")]
    assert await count(db, world, "held_sends") == 0


async def test_an_author_who_left_the_workspace_is_heard_out(
    db: Database, world: World, talk: Talk, claim: Claim
) -> None:
    await hold(db, world, talk, claim)
    await change(
        db, world, "UPDATE workspace_users SET left_at = now() WHERE workspace_id = :ws AND user_id = :id",
        id=world.member.user_id,
    )  # fmt: skip
    assert await Takeover(db).renew(world.member) == 0
    await expire_leases(db, world)
    assert await return_abandoned(db, world.workspace_id) == 1
    assert await talk.seen() == [("user", "hello?"), ("human", "hi")]
    assert await count(db, world, "held_sends") == 0
    assert (await now_of(db, world.other, talk)).waiting


async def test_a_refused_move_sends_nothing(db: Database, world: World, talk: Talk, claim: Claim) -> None:
    await hold(db, world, talk, claim)
    assert not (await Takeover(db).claim(world.other, talk.id)).claimed
    for act in (Takeover(db).release, Takeover(db).hand_back, Takeover(db).resolve):
        with pytest.raises(ConflictError):
            await act(world.other, talk.id, epoch=claim.epoch)
        with pytest.raises(ConflictError):
            await act(world.member, talk.id, epoch=claim.epoch - 1)
    with pytest.raises(ConflictError):
        await Messages(db).send(world.other, talk.id, "me", token="t2", epoch=claim.epoch)
    assert not (await Takeover(db).take_from(world.admin, talk.id, epoch=claim.epoch - 1)).claimed
    assert await count(db, world, "held_sends") == 1
    assert await talk.seen() == [("user", "hello?")]


async def test_taking_over_from_a_live_holder_gives_it_back(
    db: Database, world: World, talk: Talk, claim: Claim
) -> None:
    await hold(db, world, talk, claim, "one", "t1")
    await hold(db, world, talk, claim, "two", "t2")
    await Drafts(db).save(world.member, talk.id, "three")
    taken = await Takeover(db).take_from(world.admin, talk.id, epoch=claim.epoch)
    assert taken.claimed
    assert await draft_of(db, world.member, talk) == "one\ntwo\nthree"
    assert await draft_of(db, world.admin, talk) is None
    assert await talk.seen() == [("user", "hello?")]
    assert (await kinds(db, world, talk)).count("not_sent") == 2
    with pytest.raises(ConflictError, match="adam has held"):
        await hold(db, world, talk, claim, "one", "t1")


async def test_held_under_another_epoch_it_is_never_said(db: Database, world: World, talk: Talk, claim: Claim) -> None:
    await hold(db, world, talk, claim)
    await change(db, world, "UPDATE conversations SET epoch = epoch + 1 WHERE workspace_id = :ws")
    await make_due(db, world)
    assert await release_due(db, world.workspace_id) == 0
    assert await talk.seen() == [("user", "hello?")]
    assert await draft_of(db, world.member, talk) == "hi"
    assert (await kinds(db, world, talk))[-1] == "not_sent"


@pytest.mark.timeout(240)
async def test_holding_and_losing_the_claim_at_once_keeps_the_words_once(
    db: Database, world: World, talk: Talk
) -> None:
    """An acknowledged hold is a message or a draft whatever raced it; a refused one is neither."""
    takeover, messages = Takeover(db), Messages(db)
    for n in range(RACES):
        claim = await takeover.claim(world.member, talk.id)
        words, gate = f"words {n}", asyncio.Barrier(2)

        async def say(claim: Claim = claim, words: str = words, gate: asyncio.Barrier = gate) -> object:
            await gate.wait()
            return await messages.hold(world.member, talk.id, words, token=words, epoch=claim.epoch)

        async def lose(claim: Claim = claim, n: int = n, gate: asyncio.Barrier = gate) -> object:
            await gate.wait()
            if n % 2:
                return await takeover.take_from(world.admin, talk.id, epoch=claim.epoch)
            return await takeover.hand_back(world.member, talk.id, epoch=claim.epoch)

        held, lost = await asyncio.gather(say(), lose(), return_exceptions=True)
        assert not isinstance(lost, BaseException), lost
        assert not isinstance(held, BaseException) or isinstance(held, ConflictError)
        said = [text for _, text in await talk.seen()].count(words)
        drafted = await draft_of(db, world.member, talk) == words
        assert said + drafted == (0 if isinstance(held, ConflictError) else 1)
        assert not drafted or n % 2
        assert await count(db, world, "held_sends") == 0
        await Drafts(db).save(world.member, talk.id, "")
        if n % 2:
            await takeover.release(world.admin, talk.id, epoch=claim.epoch + 1)


async def test_only_a_live_claim_holds(db: Database, world: World, talk: Talk, claim: Claim) -> None:
    refused: list[tuple[Actor, int]] = [(world.other, claim.epoch), (world.member, claim.epoch - 1)]
    for actor, epoch in refused:
        with pytest.raises(ConflictError):
            await Messages(db).hold(actor, talk.id, "hi", token="t", epoch=epoch)
    with pytest.raises(NotAllowedError):
        await Messages(db).hold(world.viewer, talk.id, "hi", token="t", epoch=claim.epoch)
    for content in ("", " \n", "a\x00b", "x" * 1_000_000):
        with pytest.raises(InvalidInputError):
            await hold(db, world, talk, claim, content)
    await expire_leases(db, world)
    with pytest.raises(ConflictError, match="don't hold"):
        await hold(db, world, talk, claim)
    assert await count(db, world, "held_sends") == 0


async def test_a_locked_conversation_keeps_no_other_one_waiting(
    db: Database, gateway_db: Database, world: World, talk: Talk, claim: Claim
) -> None:
    await hold(db, world, talk, claim)
    second = await make_talk(gateway_db, world)
    other = await Takeover(db).claim(world.other, second.id)
    await Messages(db).hold(world.other, second.id, "ho", token="t", epoch=other.epoch)
    await make_due(db, world)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("SELECT 1 FROM conversations WHERE workspace_id = :ws AND id = :id FOR UPDATE", id=talk.id)
        async with asyncio.timeout(60):
            assert await release_due(db, world.workspace_id) == 1
    assert await second.seen() == [("human", "ho")]
    assert await release_due(db, world.workspace_id) == 1


async def test_the_worker_is_told_where_and_when(db: Database, world: World, talk: Talk, claim: Claim) -> None:
    assert world.workspace_id not in dict(await workspaces_holding(db))
    await hold(db, world, talk, claim)
    assert dict(await workspaces_holding(db))[world.workspace_id] <= HOLD_SECONDS
    await make_due(db, world, 60)
    assert 0 < dict(await workspaces_holding(db))[world.workspace_id] <= 60
    await make_due(db, world)
    assert dict(await workspaces_holding(db))[world.workspace_id] < 0
    assert new_id() not in dict(await workspaces_holding(db))
