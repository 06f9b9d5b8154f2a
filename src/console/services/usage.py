"""What a workspace used: its meters, a report by time, agent and model, and whether counters and events agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from console.clock import utc_now
from console.db.engine import Database, ReadTx
from console.domain.actor import Actor
from console.domain.quota import Drift, Meter, Period, Window, window
from console.domain.usage import Slice, Sum, UsageReport, added, step_of, steps
from console.services import quota_sql, rollup_sql
from console.services.quota_rows import asked
from console.services.quotas import current, meters
from console.services.unit import reading
from console.text import SafeText, one_line

_TICK = timedelta(microseconds=1)
_GRAINS = {Period.DAY: "hour", Period.MONTH: "day"}
_REST = SafeText("(none)")


class Usage:
    """Reads what was used; nothing here changes anything."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._db = db
        self._clock = clock

    async def meters(self, actor: Actor) -> tuple[Meter, ...]:
        """What is used of each quota in the window now."""
        async with reading(self._db, actor, "usage.read", ("workspace", actor.workspace_id)) as tx:
            return await meters(tx, self._clock())

    async def report(self, actor: Actor, period: Period = Period.MONTH, *, back: int = 0) -> UsageReport:
        """The window of `period` that is `back` windows before the one now, beside the one before it."""
        async with reading(self._db, actor, "usage.read", ("workspace", actor.workspace_id)) as tx:
            anchor = await tx.scalar("SELECT billing_anchor FROM workspaces WHERE id = :ws")
            shown = window(period, anchor, self._clock())
            for _ in range(back):
                shown = window(period, anchor, shown.start - _TICK)
            before = window(period, anchor, shown.start - _TICK)
            rows = await tx.rows(rollup_sql.CUBE, grain=_GRAINS[period], start=_first(period, before),
                                 end=_first(period, shown) + step_of(period) * len(steps(period, shown)))  # fmt: skip
            return await _report(tx, period, (before, shown), rows, await meters(tx, self._clock()))

    async def drift(self, actor: Actor) -> tuple[Drift, ...]:
        """Each counter of the windows now, where there is one, beside what events and reservations say."""
        async with reading(self._db, actor, "usage.check", ("workspace", actor.workspace_id)) as tx:
            found = await current(tx, self._clock())
            rows = {(row.metric, row.period): row for row in await tx.rows(quota_sql.DRIFT, **asked(found))}
        named = [(quota, rows[quota.metric.value, quota.period.value]) for quota in found]
        return tuple(
            Drift(quota, row.used, row.reserved, int(row.events), int(row.held))
            for quota, row in named
            if row.used is not None
        )


async def _report(
    tx: ReadTx, period: Period, windows: tuple[Window, Window], rows: Sequence[Any], found: tuple[Meter, ...]
) -> UsageReport:
    before, shown = windows
    now = [row for row in rows if row.bucket >= _first(period, shown)]
    places = {start: place for place, start in enumerate(steps(period, shown))}
    names = {
        row.id: one_line(row.name) for row in await tx.rows("SELECT id, name FROM agents WHERE workspace_id = :ws")
    }
    prices = {row.model for row in await tx.rows("SELECT model FROM model_prices")}
    agents = _grouped(now, lambda row: row.agent_id)
    models = _grouped(now, lambda row: row.model)
    return UsageReport(
        period,
        shown,
        found,
        tuple(places),
        _by_step(now, places),
        _by_step(rows, {start: place for place, start in enumerate(steps(period, before))}),
        _sorted([_slice(names.get(id, _REST), of, places, _known(of, prices)) for id, of in agents.items()]),
        _sorted([_slice(one_line(name) or _REST, of, places, _known(of, prices)) for name, of in models.items()]),
    )


def _first(period: Period, of: Window) -> datetime:
    return steps(period, of)[0]


def _grouped(rows: Sequence[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _slice(name: SafeText, rows: Sequence[Any], places: dict[datetime, int], priced: bool = True) -> Slice:
    by_step = _by_step(rows, places)
    return Slice(name, added(by_step), by_step, priced)


def _by_step(rows: Sequence[Any], places: dict[datetime, int]) -> tuple[Sum, ...]:
    sums = [Sum()] * len(places)
    for row in rows:
        if row.bucket in places:
            sums[places[row.bucket]] += _sum(row)
    return tuple(sums)


def _sum(row: Any) -> Sum:
    is_answer = row.metric == "answers"
    used = Sum(
        answers=int(row.quantity) if is_answer else 0,
        handoffs=int(row.quantity) if row.metric == "handoffs" else 0,
        tokens_in=int(row.tokens_in),
        tokens_out=int(row.tokens_out),
        cost_usd=Decimal(row.cost_usd),
    )
    return (
        used + Sum(duration_ms=int(row.duration_ms), timed=row.timed, latency=tuple(row.latency)) if is_answer else used
    )


def _known(rows: Sequence[Any], prices: set[str]) -> bool:
    """Whether the cost is: a model that read and wrote nothing costs nothing, any other needs a price."""
    spoke = {row.model for row in rows if row.tokens_in or row.tokens_out}
    return all(model in prices or model.rpartition("/")[2] in prices for model in spoke)


def _sorted(slices: list[Slice]) -> tuple[Slice, ...]:
    return tuple(sorted(slices, key=lambda one: (-one.total.answers, -one.total.tokens, one.name)))
