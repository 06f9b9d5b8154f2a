"""A workspace at a glance."""

from __future__ import annotations

from console.clock import utc_now
from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.overview import Overview
from console.domain.quota import Level, worst
from console.services.quotas import meters
from console.services.source_rows import FAILS
from console.services.unit import reading


class Overviews:
    """What the areas' titles show beside them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, actor: Actor) -> Overview:
        """The actor's workspace now."""
        async with reading(self._db, actor, "workspace.overview", ("workspace", actor.workspace_id)) as tx:
            row = await tx.row(_OVERVIEW)
            found = await meters(tx, utc_now())
        highest = worst(found)
        percent, soft = None if highest is None else int(highest), any(one.level is not Level.FINE for one in found)
        return Overview(row.gaps, row.failing, percent, soft) if row else Overview()


_OVERVIEW = f"""
    SELECT (SELECT count(*) FROM knowledge_gaps WHERE workspace_id = :ws AND status IN ('open', 'drafted')) AS gaps,
        (SELECT count(*) FROM sources s WHERE s.workspace_id = :ws AND {FAILS}) AS failing
"""  # noqa: S608 - constants only
