"""Runs, limits and counters, for tests of quotas."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec
from uuid import uuid4

from console.clock import set_back, utc_now
from console.db.engine import Database
from console.domain.run import Answer, AnswerKind, RunState
from console.ids import RunId, new_id
from console.services.answers import Answers
from tests.services.run_support import Fixed, newest_run
from tests.world import Talk, World

P = ParamSpec("P")


def at_one_moment(test: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """The clock stands while the test runs: a day that ends meanwhile would begin another window."""

    @wraps(test)
    async def standing(*given: P.args, **named: P.kwargs) -> None:
        with set_back(utc_now()):
            await test(*given, **named)

    return standing


async def limit(
    db: Database, world: World, metric: str, hard: int | None, soft: int | None = None, period: str = "month"
) -> None:
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "INSERT INTO workspace_limits (workspace_id, metric, period, soft, hard)"
            " VALUES (:ws, :metric, :period, :soft, :hard) ON CONFLICT (workspace_id, metric, period)"
            " DO UPDATE SET soft = excluded.soft, hard = excluded.hard",
            metric=metric, period=period, soft=soft, hard=hard,
        )  # fmt: skip


async def counters(db: Database, world: World) -> dict[str, tuple[int, int]]:
    """Used and reserved by metric and period, of the window now; by day where the workspace itself limits that."""
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows(
            "SELECT * FROM usage_counters u WHERE workspace_id = :ws AND window_end > :now AND (period = 'month' OR"
            " EXISTS (SELECT FROM workspace_limits l WHERE l.metric = u.metric AND l.period = u.period))",
            now=utc_now(),
        )
        return {f"{row.metric} {row.period}": (row.used, row.reserved) for row in rows}


async def held(db: Database, world: World, period: str = "month") -> list[str]:
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows(
            "SELECT state FROM usage_reservations WHERE workspace_id = :ws AND period = :period"
            " ORDER BY run_id, metric", period=period,
        )  # fmt: skip
        return [row.state for row in rows]


async def begun_run(db: Database, world: World) -> tuple[RunId, Any]:
    """A run in a worker's hand."""
    run_id, token = RunId(new_id()), uuid4()
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "INSERT INTO runs (workspace_id, id, kind, state, agent_id, lease_token, attempt, lease_expires_at)"
            " VALUES (:ws, :id, 'answer', 'running', :agent, :token, 1, now() + interval '1 hour')",
            id=run_id, agent=world.agent_id, token=token,
        )  # fmt: skip
    return run_id, token


async def ask(db: Database, world: World, talk: Talk, answer: Answer | Exception, **options: Any) -> RunState | Any:
    await talk.say("can I return it?")
    return await Answers(db, Fixed(answer), **options).run(world.workspace_id, await newest_run(db, world))


def spent(tokens: int, reason: str | None = None) -> Answer:
    trace = {"question": "q", "tokens_in": tokens - 1, "tokens_out": 1, "model_ms": 5, "model": "m"}
    return Answer(AnswerKind.MODEL, "Yes.", (), 0.9, 0.5, reason, trace)


def estimate(tokens: int) -> Callable[..., Awaitable[int]]:
    async def estimated(*_: object) -> int:
        return tokens

    return estimated


async def lapse(db: Database, world: World) -> None:
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE usage_reservations SET expires_at = now() - interval '1 second' WHERE workspace_id = :ws"
        )
