"""Who is told that a quota is nearly used up, and in which words."""

from __future__ import annotations

from console.db.engine import WriteTx
from console.domain.notification import NotificationType
from console.domain.quota import Meter
from console.ids import new_id

KIND = "quota"
_TELL = """
    INSERT INTO notifications (workspace_id, id, user_id, type, resource_kind, resource_id, seq)
    VALUES (:ws, :id, :person, :type, :kind, :ws, :percent)
"""


async def tell(tx: WriteTx, meter: Meter) -> None:
    """Notify the owners and admins of the workspace. The row names metric and period, and the percent used then."""
    kind = f"{KIND} {meter.quota.metric} {meter.quota.period}"
    people = await tx.rows(
        "SELECT user_id FROM workspace_users WHERE workspace_id = :ws AND left_at IS NULL"
        " AND role IN ('owner', 'admin') ORDER BY user_id"
    )
    for person in people:
        await tx.execute(
            _TELL, id=new_id(), person=person.user_id, type=NotificationType.QUOTA.value, kind=kind,
            percent=min(int(meter.percent or 0), 1_000_000),
        )  # fmt: skip
        tx.hint("person", person.user_id)


def words(resource_kind: str, percent: int | None) -> str:
    """What a row of `tell` says."""
    _, metric, period = resource_kind.split(" ")
    when = {"day": "today", "month": "this month"}[period]
    return f"{percent or 0}% of the {metric} of {when} are used"
