"""Runs in tests: an answerer whose answer is given, a checkpoint to act at, and what became of the runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from console.db.engine import Database
from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.run import Answer, AnswerKind, Turn
from console.ids import RunId, WorkspaceId
from console.services.answers import Answers
from tests.world import World

SAID = "You can return it within 90 days."


class Fixed:
    """An answerer whose answer is given; what is tested is everything around it."""

    def __init__(self, answer: Answer | Exception) -> None:
        self.answer_with = answer
        self.turns: list[tuple[str, ...]] = []

    async def answer(self, workspace_id: WorkspaceId, published: Published, turns: Sequence[Turn]) -> Answer:
        self.turns.append(tuple(turn.content for turn in turns))
        if isinstance(self.answer_with, Exception):
            raise self.answer_with
        return self.answer_with


def good(content: str = SAID) -> Answer:
    return Answer(AnswerKind.EXTRACTIVE, content, (), 0.9, 0.5, None, {"question": "q"})


def unsure(question: str = "q", embedding: tuple[float, ...] = (1.0, *[0.0] * 383)) -> Answer:
    trace = {"question": question, "normalised": question, "embedding": embedding, "passages": [{"score": 0.1}]}
    content = "I am not sure about that. A person will help you."
    return Answer(AnswerKind.HANDOFF, content, (), 0.2, 0.5, HandoffReason.MISSING_KNOWLEDGE, trace)


async def newest_run(db: Database, world: World) -> RunId:
    async with db.read(world.workspace_id) as tx:
        return RunId(await tx.scalar("SELECT id FROM runs ORDER BY id DESC LIMIT 1"))


async def run_states(db: Database, world: World) -> list[str]:
    async with db.read(world.workspace_id) as tx:
        return [row[0] for row in await tx.rows("SELECT state FROM runs ORDER BY id")]


async def run_all(db: Database, world: World, answer: Answer) -> None:
    """Work off whatever is queued, as workers and sweeps do."""
    while True:
        async with db.read(world.workspace_id) as tx:
            queued = await tx.rows("SELECT id FROM runs WHERE state = 'queued'")
        if not queued:
            return
        for row in queued:
            await Answers(db, Fixed(answer)).run(world.workspace_id, RunId(row.id))


async def lose_leases(db: Database, world: World) -> None:
    """No worker holds a run of this workspace any more."""
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE runs SET lease_expires_at = now() - interval '1 second' WHERE workspace_id = :ws")


def at(point: str, act: Callable[[], Awaitable[object]]) -> Callable[[str], Awaitable[None]]:
    """A checkpoint that does `act` once, when the run reaches `point`."""
    done = False

    async def checkpoint(reached: str) -> None:
        nonlocal done
        if reached == point and not done:
            done = True
            await act()

    return checkpoint


async def until_blocked(db: Database) -> None:
    """Wait until some backend of this database waits for a lock."""
    async with asyncio.timeout(240):
        while not await blocked(db):
            await asyncio.sleep(0.005)


async def blocked(db: Database) -> bool:
    """Whether some backend of this database waits for a lock; those of other databases are other tests'."""
    async with db.read(None) as tx:
        waiting = await tx.scalar(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
    return bool(waiting)
