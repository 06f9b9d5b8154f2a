"""Rollups and reports: the same sums however often and however late they are made."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from console.clock import utc_now
from console.db.engine import Database
from console.domain.quota import Limit, Metric, Period
from console.domain.usage import LATENCY_MS, Sum, UsageReport
from console.errors import InvalidInputError, NotAllowedError, RefusedError
from console.ids import new_id
from console.services import audit
from console.services.ceilings import Ceilings
from console.services.rollups import roll_up, workspaces_with_usage
from console.services.usage import Usage
from tests.services.quota_support import ask, begun_run, limit, spent
from tests.services.run_support import good
from tests.world import World, make_talk, make_world

NOON = datetime(2026, 5, 17, 12, tzinfo=UTC)


async def use(db: Database, world: World, at: datetime, n: int = 1, **values: Any) -> None:
    """An event as the past would have left it."""
    row = {"metric": "answers", "model": "m", "tin": 10, "tout": 5, "cost": "0.002", "ms": 40, "agent": world.agent_id}
    row |= values
    async with db.write(world.workspace_id) as tx:
        for _ in range(n):
            await tx.execute(
                "INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, agent_id, model, tokens_in,"
                " tokens_out, cost_usd, duration_ms, occurred_at)"
                " VALUES (:ws, :id, :key, :metric, :agent, :model, :tin, :tout, :cost, :ms, :at)",
                id=new_id(), key=new_id().hex, at=at, **row,
            )  # fmt: skip


async def anchored(db: Database) -> World:
    world = await make_world(db)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE workspaces SET billing_anchor = '2026-01-10' WHERE id = :ws")
    return world


def usage(db: Database) -> Usage:
    return Usage(db, clock=lambda: NOON)


async def rollups(db: Database, world: World) -> list[Any]:
    async with db.read(world.workspace_id) as tx:
        return list(await tx.rows("SELECT * FROM usage_rollups ORDER BY grain, bucket, agent_id, model, metric"))


def by_day(report: UsageReport) -> dict[str, int]:
    return {f"{at:%m-%d}": one.answers for at, one in zip(report.steps, report.by_step, strict=True) if one.answers}


async def test_a_report_is_the_same_before_and_after_rolling_up(db: Database) -> None:
    world = await anchored(db)
    await use(db, world, NOON - timedelta(days=3), 2)
    await use(db, world, NOON - timedelta(days=1), 1, model="other/gpt-4o", ms=900)
    await use(db, world, NOON - timedelta(days=1), 1, metric="handoffs", tin=0, tout=0, cost=0, ms=None, model="")
    await use(db, world, NOON - timedelta(days=8), 4)  # the window before: it began on the 10th
    live = await usage(db).report(world.viewer)
    assert by_day(live) == {"05-14": 2, "05-16": 1}
    assert (live.total.answers, live.total.handoffs, live.total_before.answers) == (3, 1, 4)
    assert (live.total.tokens_in, live.total.tokens_out, live.total.cost_usd) == (30, 15, Decimal("0.006"))
    assert [(one.name, one.total.answers) for one in live.agents] == [("Assistant", 3)]
    assert [(one.name, one.priced) for one in live.models] == [("m", False), ("other/gpt-4o", True), ("(none)", True)]
    assert live.unpriced == ("m",)
    # Half of it is kept and half of it summed at once; then all is kept, and made again.
    for now in (NOON - timedelta(days=2), NOON, NOON):
        await roll_up(db, world.workspace_id, now=now)
        assert await usage(db).report(world.viewer) == live


async def test_what_is_dated_before_the_watermark_is_taken_in(db: Database) -> None:
    world = await anchored(db)
    await use(db, world, NOON - timedelta(days=2), 1)
    assert await roll_up(db, world.workspace_id) == 2  # an hour and a day
    await use(db, world, NOON - timedelta(days=2, hours=1), 1)
    await use(db, world, NOON - timedelta(days=2), 1)
    await roll_up(db, world.workspace_id)
    assert by_day(await usage(db).report(world.viewer)) == {"05-15": 3}
    assert [(row.grain, row.events) for row in await rollups(db, world)] == [("day", 3), ("hour", 1), ("hour", 2)]


async def test_rolling_up_at_once_and_again_changes_nothing(db: Database) -> None:
    world = await anchored(db)
    for n in range(5):
        await use(db, world, NOON - timedelta(hours=7 * n), n + 1)
    await roll_up(db, world.workspace_id)
    first = await rollups(db, world)
    await asyncio.gather(*(roll_up(db, world.workspace_id, whole=True) for _ in range(6)))
    assert await rollups(db, world) == first
    assert sum(row.events for row in first if row.grain == "day") == 15


async def test_a_histogram_holds_each_answer_once(db: Database) -> None:
    world = await anchored(db)
    for ms in (0, 4, 5, 19_999, 60_000, 10**8):
        await use(db, world, NOON, ms=ms)
    report = await usage(db).report(world.viewer)
    latency = report.total.latency
    assert (sum(latency), latency[0], latency[1], latency[-1]) == (6, 2, 1, 2)
    assert report.total.timed == 6


def test_percentiles_lie_within_their_class() -> None:
    fast = Sum(latency=(100, *[0] * len(LATENCY_MS)))
    assert fast.slowest_of(0.5) == 2.5
    assert fast.slowest_of(1.0) == 5
    slow = Sum(latency=(*[0] * len(LATENCY_MS), 1))
    assert slow.slowest_of(0.5) == LATENCY_MS[-1]
    assert Sum().slowest_of(0.5) is None
    assert (fast + slow).slowest_of(0.99) == pytest.approx(5, rel=0.01)


async def test_hours_of_a_day(db: Database) -> None:
    world = await anchored(db)
    await use(db, world, NOON, 2)
    await use(db, world, NOON - timedelta(days=1), 1)
    report = await usage(db).report(world.viewer, Period.DAY)
    assert len(report.steps) == 24
    assert (report.by_step[12].answers, report.total.answers, report.total_before.answers) == (2, 2, 1)
    assert (await usage(db).report(world.viewer, Period.DAY, back=1)).total.answers == 1


async def test_earlier_periods(db: Database) -> None:
    world = await anchored(db)
    await use(db, world, NOON - timedelta(days=31), 3)
    report = await usage(db).report(world.viewer, back=1)
    assert (report.window.start.day, report.window.start.month, report.total.answers) == (10, 4, 3)


async def test_workspaces_with_usage_are_those_that_were_not_rolled_up_since(
    db: Database, gateway_db: Database
) -> None:
    world, idle = await make_world(db), await make_world(db)
    await ask(db, world, await make_talk(gateway_db, world), good())
    found = await workspaces_with_usage(db)
    assert world.workspace_id in found
    assert idle.workspace_id not in found
    await roll_up(db, world.workspace_id, now=utc_now() + timedelta(minutes=5))
    assert world.workspace_id not in await workspaces_with_usage(db)


async def test_counters_and_events_agree_until_one_is_broken_by_hand(db: Database, gateway_db: Database) -> None:
    world = await make_world(db)
    for _ in range(2):
        await ask(db, world, await make_talk(gateway_db, world), spent(300))
    await begun_run(db, world)
    drift = await Usage(db).drift(world.viewer)
    assert [(one.quota.metric, one.used, one.events, one.ok) for one in drift] == [
        ("answers", 2, 2, True), ("tokens", 600, 600, True),
    ]  # fmt: skip
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE usage_counters SET used = used + 3, reserved = 1 WHERE metric = 'answers'")
    (answers, _) = await Usage(db).drift(world.viewer)
    assert (answers.ok, answers.used_off, answers.reserved_off) == (False, 3, 1)


async def test_an_owner_lowers_limits_and_nobody_raises_them_above_the_plan(db: Database) -> None:
    world = await make_world(db)  # on the plan free: 2,000 answers a month
    ceilings = Ceilings(db)
    meter = await ceilings.set(world.owner, Metric.ANSWERS, Period.MONTH, Limit(50, 100))
    assert (meter.quota.limit, meter.quota.plan) == (Limit(50, 100), Limit(1600, 2000))
    day = await ceilings.set(world.owner, Metric.ANSWERS, Period.DAY, Limit(None, 10))
    assert day.quota.limit == Limit(None, 10)
    for refused in (Limit(None, 2001), Limit(1601, None)):
        with pytest.raises(RefusedError, match=r"2,000|1,600"):
            await ceilings.set(world.owner, Metric.ANSWERS, Period.MONTH, refused)
    for wrong in (Limit(-1, None), Limit(None, 10**16), Limit(11, 10)):
        with pytest.raises(InvalidInputError):
            await ceilings.set(world.owner, Metric.TOKENS, Period.MONTH, wrong)
    with pytest.raises(NotAllowedError):
        await ceilings.set(world.admin, Metric.ANSWERS, Period.MONTH, Limit(1, 1))
    cleared = await ceilings.set(world.owner, Metric.ANSWERS, Period.MONTH, Limit())
    assert cleared.quota.limit == Limit(1600, 2000)
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows("SELECT outcome, evidence FROM audit_events WHERE action = 'quota.set' ORDER BY seq")
        assert [row.outcome for row in rows] == ["done", "done", "denied", "done"]
        assert rows[0].evidence == ["answers:month", "soft:50", "hard:100"]
        assert await audit.first_break(tx) is None


async def test_meters_of_a_window_without_a_counter_are_made_of_events(db: Database) -> None:
    world = await make_world(db)
    await use(db, world, utc_now(), 3)
    answers, tokens = await Usage(db).meters(world.viewer)
    assert (answers.used, tokens.used) == (3, 45)
    await limit(db, world, "answers", 3)
    (answers, _) = await Usage(db).meters(world.viewer)
    assert (answers.used, answers.percent) == (3, 100)


async def test_another_workspaces_usage_is_not_seen(db: Database) -> None:
    mine, theirs = await anchored(db), await anchored(db)
    await use(db, theirs, NOON, 5)
    await roll_up(db, theirs.workspace_id)
    report = await usage(db).report(mine.viewer)
    assert (report.total, report.agents, report.models) == (Sum(), (), ())
    assert isinstance(mine.workspace_id, UUID)
