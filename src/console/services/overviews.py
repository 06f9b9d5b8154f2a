"""A workspace at a glance."""

from __future__ import annotations

from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.overview import Overview
from console.services.unit import reading


class Overviews:
    """What the areas' titles show beside them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, actor: Actor) -> Overview:
        """The actor's workspace now."""
        async with reading(self._db, actor, "workspace.overview", ("workspace", actor.workspace_id)) as tx:
            row = await tx.row(_OVERVIEW)
        return Overview(row.gaps, row.failing) if row else Overview()


_OVERVIEW = """
    SELECT (SELECT count(*) FROM knowledge_gaps WHERE workspace_id = :ws AND status IN ('open', 'drafted')) AS gaps,
        (SELECT count(*) FROM sources WHERE workspace_id = :ws AND status = 'failed') AS failing
"""
