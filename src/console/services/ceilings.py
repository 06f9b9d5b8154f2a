"""A workspace's own ceilings, below those of its plan."""

from __future__ import annotations

from console.clock import utc_now
from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.domain.quota import MOST, Limit, Meter, Metric, Period
from console.errors import InvalidInputError, RefusedError
from console.services import audit, quota_sql
from console.services.quota_rows import given
from console.services.quotas import meters
from console.services.unit import writing


class Ceilings:
    """Sets and clears them: the owner's to decide, each in the audit log."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def set(self, actor: Actor, metric: Metric, period: Period, limit: Limit) -> Meter:
        """Set the workspace's own limit; what is None in it is left to the plan, and both None clear it.

        Raises `InvalidInputError` for numbers that are no limit, `RefusedError` for one above the plan's.
        """
        _check(limit)
        async with writing(self._db, actor, "quota.set", ("workspace", actor.workspace_id), Role.OWNER) as tx:
            # The row is locked, so that two at once follow one another.
            await tx.execute("SELECT 1 FROM workspaces WHERE id = :ws FOR NO KEY UPDATE")
            rows = await tx.rows(quota_sql.LIMITS)
            stored = {(one.metric, one.period): one for one in given(rows) if not one.own}
            plan = stored.get((metric, period))
            _check_plan(Limit(plan.soft, plan.hard) if plan else Limit(), limit, metric, period, rows[0].plan)
            if limit == Limit():
                await tx.execute(_CLEAR, metric=metric.value, period=period.value)
            else:
                values = {"metric": metric.value, "period": period.value, "soft": limit.soft, "hard": limit.hard}
                await tx.execute(_SET, **values, now=utc_now())
            found = {(one.quota.metric, one.quota.period): one for one in await meters(tx, utc_now())}
            evidence = [f"{metric}:{period}", f"soft:{limit.soft}", f"hard:{limit.hard}"]
            await audit.record(tx, actor, "quota.set", ("workspace", actor.workspace_id), evidence=evidence)
        # A limit by day that is cleared has no meter any more.
        return found.get((metric, period)) or found[metric, Period.MONTH]


def _check(limit: Limit) -> None:
    for number in (limit.soft, limit.hard):
        if number is not None and not 0 <= number <= MOST:
            raise InvalidInputError(f"a limit is a whole number from 0 to {MOST:,}")
    if limit.soft is not None and limit.hard is not None and limit.soft > limit.hard:
        raise InvalidInputError(
            f"people would be told at {limit.soft:,}, after the limit of {limit.hard:,}", hint="a lower --soft"
        )


def _check_plan(plan: Limit, own: Limit, metric: Metric, period: Period, name: str) -> None:
    tells = plan.hard if plan.soft is None else plan.soft
    for word, does, number, most in (("hard", "allows", own.hard, plan.hard), ("soft", "warns at", own.soft, tells)):
        if number is not None and most is not None and number > most:
            raise RefusedError(
                f"the plan {name} {does} {most:,} {metric} a {period}, less than {number:,}",
                hint=f"--{word} {most} or lower; whoever runs the server can change the plan",
            )


_SET = """
    INSERT INTO workspace_limits (workspace_id, metric, period, soft, hard, updated_at)
    VALUES (:ws, :metric, :period, :soft, :hard, :now)
    ON CONFLICT (workspace_id, metric, period)
    DO UPDATE SET soft = excluded.soft, hard = excluded.hard, updated_at = excluded.updated_at
"""
_CLEAR = "DELETE FROM workspace_limits WHERE workspace_id = :ws AND metric = :metric AND period = :period"
