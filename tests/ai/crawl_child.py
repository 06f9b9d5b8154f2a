"""A worker of its own process that embeds by an endpoint, for a test that kills it: URL, workspace, run, endpoint."""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

from console.db.engine import Database
from console.domain.model import Endpoint, ModelDefaults
from console.ids import WorkspaceId
from console.services.ingest import run_crawl
from tests.ai.endpoint import EMBEDDING_MODEL
from tests.ai.house import MODEL, models


async def main(url: str, workspace: str, run: str, base_url: str) -> None:
    db, workspace_id = Database(url, pool_size=2), WorkspaceId(UUID(workspace))
    found = ModelDefaults(endpoint=Endpoint(base_url=base_url), embedding=EMBEDDING_MODEL)
    await run_crawl(db, workspace_id, UUID(run), await models(db, found).embedder(workspace_id, MODEL))
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
