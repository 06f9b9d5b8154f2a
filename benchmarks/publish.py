"""What it costs to publish an answer: the fence, its sequence, the run's trace and the usage, in one transaction.

Floor: an INSERT of the same message with its commit, on a connection of the driver alone, as the same role. How fast
the disk is decides much of the ratio: the same for both, it weighs the less the faster it is. So the processor's time
is told as well, the client's and the backend's, which hardly depends on it (Linux only).
"""

from __future__ import annotations

import asyncio
import math
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import psycopg

from benchmarks.common import report
from benchmarks.desk import Desk, desk
from console.db.engine import Database
from console.domain.agent import Published
from console.domain.run import Answer, AnswerKind, RunState, Turn
from console.ids import RunId, WorkspaceId
from console.services.answers import Answers
from console.services.visitors import Visitors

WORDS = "Parcels take three working days; yours left our house yesterday and should be with you tomorrow."


class Ready:
    """Has its answer at once."""

    async def answer(self, _workspace_id: WorkspaceId, published: Published, _turns: Sequence[Turn]) -> Answer:
        trace = {"question": "where is it?", "passages": [{"score": 0.9}], "model": "none", "tokens_in": 1}
        return Answer(AnswerKind.MODEL, WORDS, (), 0.9, published.threshold, None, trace)


async def some_tokens(*_: object) -> int:
    """As a model's prompt would take: they are set aside before and settled with the publish."""
    return 200


Spent = tuple[float, float, float]
"""Milliseconds: by the clock, of this process, of the server's backend."""


def spent(connection: psycopg.AsyncConnection[object]) -> Spent:
    """So far."""
    try:
        backend = int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text("ascii").split()[0]) / 1e6
    except OSError:
        backend = math.nan
    return time.perf_counter() * 1000, time.thread_time() * 1000, backend


def since(before: Spent, after: Spent) -> Spent:
    """What was spent between."""
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


class Watch:
    """What is spent between two steps of a run, on a pool of one connection."""

    def __init__(self) -> None:
        self.at: dict[str, Spent] = {}
        self.connection: psycopg.AsyncConnection[object] | None = None

    async def __call__(self, point: str) -> None:
        if self.connection is not None:
            self.at[point] = spent(self.connection)

    @property
    def publishing(self) -> Spent:
        """From the answer in hand to the answer published."""
        return since(self.at["answered"], self.at["published"])


async def asked(visitors: Visitors, db: Database, seated: Desk) -> tuple[RunId, object]:
    """A visitor's question that waits for its answer, and the conversation."""
    begun = await visitors.start(seated.widget_key, {})
    await visitors.send(begun.visitor_token, begun.conversation_id, "where is it?", key="1")
    async with db.read(seated.workspace_id) as tx:
        run = await tx.scalar(
            "SELECT id FROM runs WHERE workspace_id = :ws AND conversation_id = :id", id=begun.conversation_id
        )
    return RunId(run), begun.conversation_id


async def plain_insert(bare: psycopg.AsyncConnection[object], row: Sequence[object]) -> Spent:
    """The floor, for a row like the published one: it has the same pointers to be checked."""
    before = spent(bare)
    await bare.execute(
        "INSERT INTO messages (workspace_id, conversation_id, seq, role, content, citations, confidence,"
        " agent_version_id, run_id, created_at) VALUES (%s, %s, %s, 'assistant', %s, '[]', 0.9, %s, %s, now())",
        row,
    )
    return since(before, spent(bare))


async def measure(seated: Desk, rounds: int) -> None:
    db, gateway_db, watch = Database(seated.urls.app, pool_size=1), Database(seated.urls.gateway), Watch()
    answers, visitors = Answers(db, Ready(), estimate=some_tokens, checkpoint=watch), Visitors(gateway_db)
    published, plain, numbers = list[Spent](), list[Spent](), count(1000)
    async with await psycopg.AsyncConnection.connect(seated.urls.app, autocommit=True) as bare:
        # For the session: this connection is the floor's own and comes from no pool.
        await bare.execute(f"SET app.workspace_id = '{seated.workspace_id}'")
        async with db.read(seated.workspace_id) as tx:
            watch.connection = tx.connection
            version = await tx.scalar("SELECT published_version_id FROM agents WHERE workspace_id = :ws")
        for _ in range(rounds):
            run_id, conversation_id = await asked(visitors, db, seated)
            assert await answers.run(seated.workspace_id, run_id) is RunState.COMPLETE
            published.append(watch.publishing)
            row = (seated.workspace_id, conversation_id, next(numbers), WORDS, version, run_id)
            plain.append(await plain_insert(bare, row))
    told(published[rounds // 10 :], plain[rounds // 10 :])
    await db.close()
    await gateway_db.close()


def told(published: Sequence[Spent], plain: Sequence[Spent]) -> None:
    """Report the medians."""
    names = "clock", "client's processor", "backend's processor"
    ours, floor = ([statistics.median(values) for values in zip(*each, strict=True)] for each in (published, plain))
    report(
        ms={"publish": dict(zip(names, ours, strict=True)), "plain insert": dict(zip(names, floor, strict=True))},
        ratio=ours[0] / floor[0],
        ratio_of_processors=(ours[1] + ours[2]) / (floor[1] + floor[2]), promised=2.0,
    )  # fmt: skip


def main() -> None:
    with desk(1000) as seated:
        asyncio.run(measure(seated, int(sys.argv[1]) if len(sys.argv) > 1 else 300))


if __name__ == "__main__":
    main()
