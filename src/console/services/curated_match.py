"""Which curated answer of a published version answers a question: by its words, else by its meaning; rather none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from console.db.engine import Database
from console.domain.agent import Published
from console.domain.curated import CuratedHit
from console.ids import WorkspaceId
from console.knowledge.same_question import SAME_ENOUGH, may_be_same
from console.services.curated_draft import among_drafted
from console.services.curated_rows import exact, nearest

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

_LOOKED_AT = 5


class CuratedAnswers:
    """Looks among what the version answers in an admin's words; no transaction is open while the model reads."""

    def __init__(self, db: Database, embedder: Embedder) -> None:
        """`embedder` is the packaged one."""
        self._db = db
        self._embedder = embedder

    async def find(
        self, workspace_id: WorkspaceId, published: Published, question: str, trace: dict[str, Any]
    ) -> CuratedHit | None:
        """The curated answer to the question alone; `trace` learns what matched, or the question's embedding."""
        if not published.snapshot.get("curated_answers"):
            return None
        if published.is_draft:
            hit = await among_drafted(published.snapshot, question, self._embedder)
        else:
            async with self._db.read(workspace_id) as tx:
                hit = await exact(tx, published.version_id, question)
            hit = hit or await self._by_meaning(workspace_id, published, question, trace)
        if hit:
            trace["curated"] = {"id": str(hit.id), "question": hit.question, "similarity": round(hit.similarity, 4)}
        return hit

    async def _by_meaning(
        self, workspace_id: WorkspaceId, published: Published, question: str, trace: dict[str, Any]
    ) -> CuratedHit | None:
        vector = (await asyncio.to_thread(self._embedder.embed, [question]))[0]
        trace["embedding"] = [float(value) for value in vector]
        async with self._db.read(workspace_id) as tx:
            near = await nearest(tx, published.version_id, trace["embedding"], _LOOKED_AT)
        return next(
            (one for one in near if one.similarity >= SAME_ENOUGH and may_be_same(question, one.question)), None
        )
