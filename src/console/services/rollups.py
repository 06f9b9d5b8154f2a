"""Rollups: sums of the events by hour and day, made again from them whenever something was written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from console.clock import utc_now
from console.db.engine import Database, WriteTx
from console.ids import WorkspaceId
from console.services import rollup_sql

GRAINS = {"hour": 3600, "day": 86400}
"""How many seconds a bucket of a grain lasts."""
GRACE = timedelta(hours=1)
"""For transactions that were open over the last round, and clocks that differ."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 1000


async def workspaces_with_usage(db: Database) -> list[WorkspaceId]:
    """Workspaces in which something was counted since their last round."""
    async with db.read(None) as tx:
        return [WorkspaceId(row[0]) for row in await tx.rows("SELECT workspaces_with_usage()")]


async def roll_up(db: Database, workspace_id: WorkspaceId, *, whole: bool = False, now: datetime | None = None) -> int:
    """Make every bucket anew in which something was written since the last round, or all; returns how many.

    Each grain is one transaction, and two at once wait for each other: what is read is always whole.
    """
    made = 0
    for grain in GRAINS:
        async with db.write(workspace_id) as tx:
            made += await _roll_up(tx, grain, whole, now or utc_now())
    return made


async def _roll_up(tx: WriteTx, grain: str, whole: bool, now: datetime) -> int:
    # The row is locked from here on, by whoever comes first.
    until: datetime = await tx.scalar(rollup_sql.WATERMARK, grain=grain, beginning=_BEGINNING)
    since = _BEGINNING if whole else max(until - GRACE, _BEGINNING)
    rows = await tx.rows(rollup_sql.TOUCHED, grain=grain, since=_first_id(since))
    buckets = sorted(row.bucket for row in rows)
    for start in range(0, len(buckets), _AT_ONCE):
        some = buckets[start : start + _AT_ONCE]
        await tx.execute(rollup_sql.FORGET, grain=grain, buckets=some)
        await tx.execute(rollup_sql.MAKE, grain=grain, buckets=some, seconds=GRAINS[grain])
    await tx.execute(rollup_sql.ADVANCE, grain=grain, until=max(now, until))
    return len(buckets)


def _first_id(at: datetime) -> UUID:
    """The lowest UUIDv7 (RFC 9562) of that millisecond."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))
