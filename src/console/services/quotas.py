"""Quotas: set aside before a model is asked, settled with the publish, given back when nothing came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from console.clock import utc_now
from console.db.engine import Database, ReadTx, WriteTx
from console.domain.quota import Meter, Metric, Quota, counted, quotas
from console.errors import OverQuotaError
from console.ids import RunId, WorkspaceId
from console.services import quota_sql
from console.services.quota_notices import tell
from console.services.quota_rows import asked, given, metered

HOLD_SECONDS = 1200.0
"""Longer than any answer may take. What the dead have set aside comes back after it, or when their run is taken up."""
_UNLIMITED = 2**62


@dataclass(frozen=True, slots=True)
class Reserved:
    """What an answer has set aside, and when: that moment decides in which window it counts."""

    at: datetime
    quotas: tuple[Quota, ...]

    @property
    def metrics(self) -> frozenset[Metric]:
        """What was set aside of."""
        return frozenset(quota.metric for quota in self.quotas)


@dataclass(frozen=True, slots=True)
class Refused:
    """The first quota in which there was no room."""

    quota: Quota


class _FullError(Exception):
    def __init__(self, quota: Quota) -> None:
        super().__init__()
        self.quota = quota


async def current(tx: ReadTx, at: datetime) -> tuple[Quota, ...]:
    """The quotas of the transaction's workspace that are shown at a moment."""
    rows = await tx.rows(quota_sql.LIMITS)
    return quotas(given(rows), rows[0].billing_anchor, at)


async def _counted(tx: ReadTx, at: datetime) -> tuple[Quota, ...]:
    rows = await tx.rows(quota_sql.LIMITS)
    return counted(given(rows), rows[0].billing_anchor, at)


async def meters(tx: ReadTx, at: datetime) -> tuple[Meter, ...]:
    """What is used of each quota."""
    found = await current(tx, at)
    return metered(found, await tx.rows(quota_sql.METERS, **asked(found)))


async def reserve(
    db: Database, workspace_id: WorkspaceId, run_id: RunId, token: UUID, tokens: int, *, now: datetime | None = None
) -> Reserved | Refused | None:
    """Set aside one answer and so many tokens for a run, all or nothing, in a transaction of its own.

    What the run held before is given back first. None when another worker has taken the run.
    """
    at = now or utc_now()
    try:
        async with db.write(workspace_id) as tx:
            attempt = await tx.scalar(quota_sql.FENCE, run=run_id, token=token)
            if attempt is None:
                return None
            if attempt > 1:
                await release(tx, run_id)
            return await _take_all(tx, run_id, {Metric.ANSWERS: 1, Metric.TOKENS: tokens}, at)
    except _FullError as full:
        return Refused(full.quota)


async def reserve_tokens(
    db: Database, workspace_id: WorkspaceId, id: RunId, tokens: int, *, now: datetime | None = None
) -> Reserved | Refused:
    """Set aside so many tokens, as `reserve` does, for what is no answer to a visitor: nobody else knows its id."""
    at = now or utc_now()
    if not tokens:
        return Reserved(at, ())
    try:
        async with db.write(workspace_id) as tx:
            return await _take_all(tx, id, {Metric.TOKENS: tokens}, at)
    except _FullError as full:
        return Refused(full.quota)


async def _take_all(tx: WriteTx, id: RunId, wanted: Mapping[Metric, int], at: datetime) -> Reserved:
    # In the order in which a settlement locks them.
    taken = [(quota, n) for quota in await _counted(tx, at) if (n := wanted.get(quota.metric, 0))]
    for quota, n in taken:
        await _take(tx, id, quota, n, at)
    return Reserved(at, tuple(quota for quota, _ in taken))


async def _take(tx: WriteTx, run_id: RunId, quota: Quota, n: int, at: datetime) -> None:
    hard = _UNLIMITED if quota.limit.hard is None else quota.limit.hard
    values = _values(quota, at) | {"n": n, "run": run_id, "seconds": HOLD_SECONDS, "hard": hard}
    if await tx.scalar(quota_sql.RESERVE, **values) is None:
        raise _FullError(quota)


async def release(tx: WriteTx, run_id: UUID) -> None:
    """Give back what a run has set aside, if it has."""
    await tx.execute(quota_sql.RELEASE_RUN, run=run_id, now=utc_now())


async def release_lapsed(db: Database, workspace_id: WorkspaceId) -> int:
    """Give back what nobody settled in time, by the database's clock; returns how many reservations."""
    async with db.write(workspace_id) as tx:
        count: int = await tx.scalar(quota_sql.RELEASE_LAPSED, now=utc_now())
        return count


async def settle(tx: WriteTx, run_id: RunId, answers: int, tokens: int) -> Mapping[str, int] | None:
    """Settle what a run has set aside; as a part of another statement, `quota_sql.SETTLED` does the same.

    Returns what is used of the counters of which nobody was told yet, by metric and period.
    """
    moved: Mapping[str, int] | None = await tx.scalar(
        quota_sql.SETTLE, run=run_id, answers=answers, tokens=tokens, now=utc_now()
    )
    return moved


async def warn(tx: WriteTx, reserved: Reserved | None, moved: Mapping[str, int] | None) -> None:
    """Tell owners and admins, once in a window, of the quotas whose soft limit this transaction has reached."""
    for quota in reached(reserved, moved):
        await warn_of(tx, quota)


def reached(reserved: Reserved | None, moved: Mapping[str, int] | None) -> tuple[Quota, ...]:
    """Of what was set aside, the quotas whose soft limit is reached by what is used now."""
    return tuple(quota for quota in reserved.quotas if _is_reached(quota, moved)) if reserved and moved else ()


def _is_reached(quota: Quota, moved: Mapping[str, int]) -> bool:
    threshold = quota.limit.hard if quota.limit.soft is None else quota.limit.soft
    used = moved.get(f"{quota.metric} {quota.period}")
    return threshold is not None and used is not None and used >= threshold


async def warn_of(tx: WriteTx, quota: Quota) -> None:
    """Tell owners and admins of a quota, unless they were told in this window."""
    used = await tx.scalar(quota_sql.WARN, **_values(quota, utc_now()))
    if used is not None:
        await tell(tx, Meter(quota, used, 0))


async def spend(tx: WriteTx, metric: Metric, n: int, at: datetime) -> None:
    """Count what was used without a reservation, in the transaction that has just added its event."""
    for quota in await _counted(tx, at):
        if quota.metric is metric:
            row = await tx.row(quota_sql.SPEND, **_values(quota, at), n=n)
            if row is not None and row.warned_at is None:
                await warn(tx, Reserved(at, (quota,)), {f"{quota.metric} {quota.period}": row.used})


def settling(reserved: Reserved | None, tokens: int) -> int:
    """How many of a run's tokens its settlement counts: none where it had set aside none.

    What an earlier attempt has given back stays a row of the run, and a settlement moves every row.
    """
    return tokens if reserved and Metric.TOKENS in reserved.metrics else 0


async def spend_rest(tx: WriteTx, reserved: Reserved | None, tokens: int) -> None:
    """Count the tokens of a run that its settlement leaves out; their event is there already."""
    if rest := tokens - settling(reserved, tokens):
        await spend(tx, Metric.TOKENS, rest, reserved.at if reserved else utc_now())


async def require_room(tx: ReadTx, metric: Metric, at: datetime, n: int = 1) -> None:
    """Raise `OverQuotaError` when there is no room for `n` more of a metric, for what is not worth a reservation."""
    for meter in await meters(tx, at):
        if meter.quota.metric is metric and not meter.quota.limit.allows(meter.used + meter.reserved, n):
            raise over(meter.quota)


def over(quota: Quota) -> OverQuotaError:
    """The one line for a quota that is used up."""
    return OverQuotaError(
        f"the limit of {quota.limit.hard:,} {quota.metric} a {quota.period} is reached; it begins anew at"
        f" {quota.window.end:%Y-%m-%d %H:%M} UTC",
        hint="console quota check",
    )


def _values(quota: Quota, at: datetime) -> dict[str, Any]:
    return {
        "metric": quota.metric.value, "period": quota.period.value, "start": quota.window.start,
        "end": quota.window.end, "now": at,
    }  # fmt: skip
