"""Following a crawl to its end, and doing the work here when no worker takes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from console.addresses import PUBLIC, Reach
from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.domain.crawl import SourceDetails
from console.domain.knowledge import IngestProgress
from console.errors import NotFoundError
from console.ids import SourceId
from console.services.ingest import run_crawl
from console.services.models import Models
from console.services.sources import Sources
from console.services.unit import reading
from console.text import one_line

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

PATIENCE_SECONDS = 2.0
"""How long a worker has to take a queued run."""

_POLL_SECONDS = 0.25


class Crawls:
    """Crawls as seen by the admin who asked for them."""

    def __init__(self, db: Database, embedder: Embedder, models: Models | None = None, reach: Reach = PUBLIC) -> None:
        self._db = db
        self._embedder = embedder
        self._models = models or Models(db)
        self._reach = reach

    async def follow(self, actor: Actor, id: SourceId, progress: Callable[[IngestProgress], None]) -> SourceDetails:
        """Report real counts until the source's crawl has ended; how it ended is in the details.

        A run that no worker takes, or whose worker died, is worked off in this process, by the same lease. One that
        has to wait for a model is not waited for: the details say so.
        """
        since = time.monotonic()
        while (run := await self._latest(actor, id)).state in {"queued", "running"}:
            progress(_progress(id, run))
            if run.put_off:
                break
            waited = time.monotonic() - since > PATIENCE_SECONDS
            if run.abandoned or (run.state == "queued" and waited):
                embedder = await self._models.embedder(actor.workspace_id, self._embedder)
                await run_crawl(self._db, actor.workspace_id, run.id, embedder, progress=progress, reach=self._reach)
            else:
                await asyncio.sleep(_POLL_SECONDS)
        progress(_progress(id, run))
        return await Sources(self._db).show(actor, id)

    async def _latest(self, actor: Actor, id: SourceId) -> Any:
        async with reading(self._db, actor, "source.sync", ("source", id), Role.ADMIN) as tx:
            run = await tx.row(_LATEST, source=id)
            if run is None:
                raise NotFoundError(f"there is no crawl of source {id}", hint="console source list")
            return run


def _progress(id: SourceId, run: Any) -> IngestProgress:
    return IngestProgress(
        id,
        run.documents_done,
        run.documents_total,
        run.chunks,
        run.documents_failed,
        one_line(run.current or ""),
        run.chunks_total,
    )


_LATEST = """
    SELECT r.id, r.state, r.state = 'queued' AND coalesce(r.not_before > now(), false) AS put_off,
        r.documents_done, r.documents_total, r.documents_failed, r.chunks, r.chunks_total,
        coalesce(r.state = 'running' AND r.lease_expires_at < now(), false) AS abandoned,
        (SELECT d.uri FROM documents d WHERE d.workspace_id = r.workspace_id AND d.source_id = r.source_id
            AND d.status = 'processing' LIMIT 1) AS current
    FROM crawl_runs r WHERE r.workspace_id = :ws AND r.source_id = :source ORDER BY r.id DESC LIMIT 1
"""
