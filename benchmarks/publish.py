"""What it costs to publish an answer: the fence, its sequence, the run's trace and the usage, in one transaction.

Floor: an INSERT of the same message with its commit, on a connection of the driver alone, prepared, as the same role.
Its tenant is set once for the session, which no transaction of the console may do: beside it stands the same INSERT
with the tenant set for the transaction, in one round trip.

How fast the disk is decides much of the ratio: the same for all, it weighs the less the faster it is. So the
processor's time is told as well, the client's and the backend's, which hardly depends on it (Linux only).
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
from console.db.begin import for_driver
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
Own = tuple[float, float]
"""The first two of them."""
Moment = tuple[Own, float, Own]
"""What was spent so far, before and after the backend's time was looked up: that takes a while itself."""


def own() -> Own:
    return time.perf_counter() * 1000, time.thread_time() * 1000


def moment(connection: psycopg.AsyncConnection[object]) -> Moment:
    """So far."""
    arrived = own()
    try:
        backend = int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text("ascii").split()[0]) / 1e6
    except OSError:
        backend = math.nan
    return arrived, backend, own()


def since(before: Moment, after: Moment) -> Spent:
    """What was spent between."""
    (clock, process), (clock_before, process_before) = after[0], before[2]
    return clock - clock_before, process - process_before, after[1] - before[1]


class Watch:
    """What is spent between two steps of a run, on a pool of one connection."""

    def __init__(self) -> None:
        self.at: dict[str, Moment] = {}
        self.connection: psycopg.AsyncConnection[object] | None = None

    async def __call__(self, point: str) -> None:
        if self.connection is not None:
            self.at[point] = moment(self.connection)

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


INSERT = """
    INSERT INTO messages (workspace_id, conversation_id, seq, role, content, citations, confidence, agent_version_id,
                          run_id, created_at)
    VALUES (:workspace, :conversation, :seq, 'assistant', :words, '[]', 0.9, :version, :run, now())
"""
"""A row like the published one: it has the same pointers to be checked."""


class Floors:
    """The plain INSERT by the driver alone, and as a transaction of its tenant."""

    def __init__(self, db: Database, bare: psycopg.AsyncConnection[object], workspace_id: WorkspaceId) -> None:
        self._db, self._bare, self._workspace_id = db, bare, workspace_id
        self._numbers = count(1000)

    async def tenants(self, connection: psycopg.AsyncConnection[object], row: dict[str, object]) -> Spent:
        """In a transaction of its tenant; `connection` is the one it runs on."""
        before = moment(connection)
        await self._db.write_once(self._workspace_id, INSERT, **self._numbered(row))
        return since(before, moment(connection))

    async def plain(self, row: dict[str, object]) -> Spent:
        """By the driver alone."""
        row = self._numbered(row)
        before = moment(self._bare)
        await self._bare.execute(for_driver(INSERT).encode(), row)
        return since(before, moment(self._bare))

    def _numbered(self, row: dict[str, object]) -> dict[str, object]:
        return row | {"workspace": self._workspace_id, "seq": next(self._numbers), "words": WORDS}


async def measure(seated: Desk, rounds: int) -> None:
    db, gateway_db, watch = Database(seated.urls.app, pool_size=1), Database(seated.urls.gateway), Watch()
    plain_db = Database(seated.urls.app, pool_size=1)
    answers, visitors = Answers(db, Ready(), estimate=some_tokens, checkpoint=watch), Visitors(gateway_db)
    found: dict[str, list[Spent]] = {"publish": [], "plain insert": [], "a tenant's insert": []}
    async with await psycopg.AsyncConnection.connect(seated.urls.app, autocommit=True) as bare:
        # For the session: this connection comes from no pool.
        await bare.execute(f"SET app.workspace_id = '{seated.workspace_id}'")
        floors = Floors(plain_db, bare, seated.workspace_id)
        async with db.read(seated.workspace_id) as tx, plain_db.read(seated.workspace_id) as plain_tx:
            watch.connection, plain = tx.connection, plain_tx.connection
            version = await tx.scalar("SELECT published_version_id FROM agents WHERE workspace_id = :ws")
        for _ in range(rounds):
            run_id, conversation_id = await asked(visitors, db, seated)
            assert await answers.run(seated.workspace_id, run_id) is RunState.COMPLETE
            row = {"conversation": conversation_id, "version": version, "run": run_id}
            found["publish"].append(watch.publishing)
            found["plain insert"].append(await floors.plain(row))
            found["a tenant's insert"].append(await floors.tenants(plain, row))
    told({name: times[rounds // 10 :] for name, times in found.items()})
    for each in (db, plain_db, gateway_db):
        await each.close()


def told(found: dict[str, list[Spent]]) -> None:
    """Report the medians."""
    names = "clock", "client's processor", "backend's processor"
    medians = {
        which: dict(zip(names, map(statistics.median, zip(*times, strict=True)), strict=True))
        for which, times in found.items()
    }
    publish, plain, tenants = medians.values()
    processors = [sum(each[name] for name in names[1:]) for each in (publish, plain)]
    report(
        ms=medians, ratio=publish["clock"] / plain["clock"], promised=2.0,
        ratio_of_processors=processors[0] / processors[1],
        ratio_to_a_tenants_insert=publish["clock"] / tenants["clock"],
    )  # fmt: skip


def main() -> None:
    with desk(1000) as seated:
        asyncio.run(measure(seated, int(sys.argv[1]) if len(sys.argv) > 1 else 300))


if __name__ == "__main__":
    main()
