"""`console db plan`: what workspaces may subscribe to, for whoever runs the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call

if TYPE_CHECKING:
    from console.domain.quota import Limit, Metric, Period
    from console.services.plans import Plan, Plans


async def plan(call: Call) -> None:
    """List the plans, show the plan of a workspace, or put it on one."""
    from console.cli.db import owner_url
    from console.db.engine import Database
    from console.services.plans import Plans

    with owner_url(call, "only the server's owner can see to plans", "console db plan") as url:
        db = Database(url, pool_size=1)
        try:
            await _plan(call, Plans(db))
        finally:
            await db.close()


async def _plan(call: Call, plans: Plans) -> None:
    slug, wanted = call.args.slug, call.args.plan
    if slug is None:
        _list(call, await plans.all())
        return
    before = await plans.put(slug, wanted) if wanted else await plans.of(slug)
    if call.out.json:
        call.out.data({"workspace": slug, "plan": wanted or before, "before": before})
    else:
        call.out.text(f"{slug} is on {wanted or before}" + (f", before on {before}" if wanted else ""))


def _list(call: Call, found: tuple[Plan, ...]) -> None:
    if call.out.json:
        call.out.lines([{"plan": one.id, "name": one.name, "workspaces": one.workspaces,
                         "limits": list(map(_limit_json, one.limits))} for one in found])  # fmt: skip
        return
    rows = [(one.id, one.name, "; ".join(map(_words, one.limits)) or "no limit", one.workspaces) for one in found]
    call.out.table(["plan", "name", "limits", "workspaces"], rows)


def _limit_json(limit: tuple[Metric, Period, Limit]) -> dict[str, object]:
    metric, period, numbers = limit
    return {"metric": metric, "period": period, "soft": numbers.soft, "hard": numbers.hard}


def _words(limit: tuple[Metric, Period, Limit]) -> str:
    metric, period, numbers = limit
    return f"{numbers.hard:,} {metric} a {period}" if numbers.hard is not None else f"{metric} without limit"
