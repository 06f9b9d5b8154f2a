"""What it costs to publish an answer: the fence, its sequence, the run's trace and the usage, in one transaction.

Floor: an INSERT of the same message with its commit, on a connection of the driver alone, as the same role.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import count

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


class Watch:
    """The time between two steps of a run."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    async def __call__(self, point: str) -> None:
        self.at[point] = time.perf_counter()

    @property
    def publishing(self) -> float:
        """Milliseconds from the answer in hand to the answer published."""
        return (self.at["published"] - self.at["answered"]) * 1000


async def asked(visitors: Visitors, db: Database, seated: Desk) -> tuple[RunId, object]:
    """A visitor's question that waits for its answer, and the conversation."""
    begun = await visitors.start(seated.widget_key, {})
    await visitors.send(begun.visitor_token, begun.conversation_id, "where is it?", key="1")
    async with db.read(seated.workspace_id) as tx:
        run = await tx.scalar(
            "SELECT id FROM runs WHERE workspace_id = :ws AND conversation_id = :id", id=begun.conversation_id
        )
    return RunId(run), begun.conversation_id


async def measure(seated: Desk, rounds: int) -> None:
    db, gateway_db, watch = Database(seated.urls.app), Database(seated.urls.gateway), Watch()
    answers, visitors = Answers(db, Ready(), estimate=some_tokens, checkpoint=watch), Visitors(gateway_db)
    published, plain, numbers = [], [], count(1000)
    async with await psycopg.AsyncConnection.connect(seated.urls.app, autocommit=True) as bare:
        # For the session: this connection is the floor's own and comes from no pool.
        await bare.execute(f"SET app.workspace_id = '{seated.workspace_id}'")
        for _ in range(rounds):
            run_id, conversation_id = await asked(visitors, db, seated)
            assert await answers.run(seated.workspace_id, run_id) is RunState.COMPLETE
            published.append(watch.publishing)
            started = time.perf_counter()
            await bare.execute(
                "INSERT INTO messages (workspace_id, conversation_id, seq, role, content)"
                " VALUES (%s, %s, %s, 'assistant', %s)",
                (seated.workspace_id, conversation_id, next(numbers), WORDS),
            )
            plain.append((time.perf_counter() - started) * 1000)
    skip = rounds // 10
    ours, floor = statistics.median(published[skip:]), statistics.median(plain[skip:])
    report(ms={"publish": ours, "plain insert": floor}, ratio=ours / floor, promised=2.0)
    await db.close()
    await gateway_db.close()


def main() -> None:
    with desk(1000) as seated:
        asyncio.run(measure(seated, int(sys.argv[1]) if len(sys.argv) > 1 else 300))


if __name__ == "__main__":
    main()
