"""Plans, for whoever runs the server: the database is opened as its owner."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from console.db.engine import Database
from console.domain.actor import System
from console.domain.quota import Limit, Metric, Period
from console.errors import NotFoundError
from console.ids import WorkspaceId
from console.services import audit
from console.text import SafeText, one_line


@dataclass(frozen=True, slots=True)
class Plan:
    """What may be subscribed to: its limits, and how many workspaces have it."""

    id: SafeText
    name: SafeText
    limits: tuple[tuple[Metric, Period, Limit], ...]
    workspaces: int


class Plans:
    """Lists plans and puts a workspace on one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> tuple[Plan, ...]:
        """The smallest first."""
        async with self._db.read(None) as tx:
            rows = await tx.rows("SELECT id, name FROM plans ORDER BY position, id")
            limits = await tx.rows("SELECT * FROM plan_limits ORDER BY plan_id, metric, period")
            counts = {row.plan: row.workspaces for row in await tx.rows("SELECT * FROM workspaces_by_plan()")}
        return tuple(
            Plan(
                one_line(row.id),
                one_line(row.name),
                tuple(
                    (Metric(one.metric), Period(one.period), Limit(one.soft, one.hard))
                    for one in limits
                    if one.plan_id == row.id
                ),
                counts.get(row.id, 0),
            )
            for row in rows
        )

    async def of(self, slug: str) -> SafeText:
        """The plan of a workspace; `NotFoundError` when there is none such."""
        async with self._db.read(await self._named(slug)) as tx:
            return one_line(await tx.scalar("SELECT plan FROM workspaces WHERE id = :ws"))

    async def put(self, slug: str, plan: str) -> SafeText:
        """Put a workspace on a plan from its next answer on; returns the plan before. `NotFoundError` for either."""
        id = await self._named(slug)
        async with self._db.write(id) as tx:
            if await tx.scalar("SELECT 1 FROM plans WHERE id = :plan", plan=plan) is None:
                raise NotFoundError(f"there is no plan {one_line(plan, 40)!r}", hint="console db plan")
            before: str = await tx.scalar("SELECT plan FROM workspaces WHERE id = :ws FOR UPDATE")
            await tx.execute("UPDATE workspaces SET plan = :plan, updated_at = now() WHERE id = :ws", plan=plan)
            evidence = [f"from:{before}", f"to:{plan}"]
            await audit.record(tx, System(id), "workspace.plan", ("workspace", id), evidence=evidence)
            return one_line(before)

    async def _named(self, slug: str) -> WorkspaceId:
        async with self._db.read(None) as tx:
            id: UUID | None = await tx.scalar("SELECT workspace_named(:slug)", slug=slug)
        if id is None:
            raise NotFoundError(f"there is no workspace {one_line(slug, 80)!r}")
        return WorkspaceId(id)
