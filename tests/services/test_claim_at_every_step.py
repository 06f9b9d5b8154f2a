"""A claim at every single step of an answer: nothing is said by the assistant once it stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database, ReadTx, WriteTx
from console.domain.conversation import Claim
from console.domain.message import MessageRole
from console.domain.run import Answer
from console.services.answers import Answers
from console.services.conversations import Conversations
from console.services.takeover import Takeover
from tests.services.run_support import Fixed, blocked, good, newest_run, unsure
from tests.world import Talk, World, make_talk, make_world

Act = Callable[[], Awaitable[None]]
FEWEST = 12


class Stepping(Database):
    """Counts its steps, each begin, statement, commit and return, and does `act` before one of them."""

    at, steps = 0, 0
    act: Act | None = None

    async def step(self) -> None:
        """One more."""
        self.steps += 1
        if self.steps == self.at and self.act is not None:
            await self.act()

    @asynccontextmanager
    async def read(self, workspace_id: UUID | None, *, one_moment: bool = False) -> AsyncIterator[ReadTx]:
        await self.step()
        async with super().read(workspace_id, one_moment=one_moment) as tx:
            yield self._stepping(tx)
        await self.step()

    @asynccontextmanager
    async def write(self, workspace_id: UUID | None) -> AsyncIterator[WriteTx]:
        await self.step()
        async with super().write(workspace_id) as tx:
            yield self._stepping(tx)
            await self.step()
        await self.step()

    async def read_once(self, *what: Any, **values: Any) -> Any:
        return await self._stepped(super().read_once(*what, **values))

    async def write_once(self, *what: Any, **values: Any) -> Any:
        return await self._stepped(super().write_once(*what, **values))

    async def _stepped(self, once: Awaitable[Any]) -> Any:
        await self.step()
        result = await once
        await self.step()
        return result

    def _stepping(self, tx: Any) -> Any:
        execute = tx.execute

        async def stepped(*statement: Any, **values: Any) -> Any:
            await self.step()
            return await execute(*statement, **values)

        tx.execute = stepped
        return tx


async def through(db: Database, claiming: asyncio.Task[Claim]) -> None:
    """Wait until the claim stands, or waits for a lock that the run holds."""
    async with asyncio.timeout(240):
        while not claiming.done() and not await blocked(db):
            await asyncio.sleep(0.005)


async def claimed_at(
    stepping: Stepping, db: Database, world: World, talk: Talk, at: int, answer: Answer
) -> tuple[int, Claim | None]:
    """Answer, and claim before that step; how many steps it was, and the claim."""
    claiming: list[asyncio.Task[Claim]] = []

    async def claim() -> None:
        claiming.append(asyncio.create_task(Takeover(db).claim(world.member, talk.id)))
        await through(db, claiming[0])

    stepping.at, stepping.act, stepping.steps = at, claim, 0
    run_id = await newest_run(db, world)
    await Answers(stepping, Fixed(answer)).run(world.workspace_id, run_id)
    return stepping.steps, await claiming[0] if claiming else None


@pytest.mark.parametrize("answer", [good(), unsure()], ids=["answer", "handoff"])
async def test_nothing_is_said_after_a_claim(
    db: Database, gateway_db: Database, urls: ServerUrls, answer: Answer
) -> None:
    stepping, world, at, last = Stepping(urls.app), await make_world(db), 0, 1
    outcomes = set()
    while at < last:
        at += 1
        talk = await make_talk(gateway_db, world)
        await talk.say("can I return it?")
        last, claim = await claimed_at(stepping, db, world, talk, at, answer)
        assert claim is not None, (at, last)
        assert claim.claimed, at
        transcript = await Conversations(db).transcript(world.member, talk.id)
        (after,) = [event.after_seq for event in transcript.events if event.kind == "claimed"]
        said = [message.seq for message in transcript.messages if message.role is MessageRole.ASSISTANT]
        assert all(seq <= after for seq in said), at
        assert len(said) <= 1
        suggestion = await Conversations(db).suggestion(world.member, talk.id)
        outcomes.add((bool(said), suggestion is not None))
    await stepping.close()
    assert last >= FEWEST
    # Before it was taken, while it was found, and after it was said; a handoff's words are nobody's suggestion.
    assert outcomes == {(False, False), (False, answer.reason is None), (True, False)}
