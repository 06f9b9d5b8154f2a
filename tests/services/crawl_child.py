"""A worker of its own process, for tests that kill it: URL, workspace, crawl run and what may be fetched from."""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

from console.addresses import Reach
from console.db.engine import Database
from console.ids import WorkspaceId
from console.services.ingest import run_crawl
from tests.services.knowledge_support import HashEmbedder


async def main(url: str, workspace: str, run: str, allowed: str = "") -> None:
    db = Database(url, pool_size=2)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await run_crawl(db, WorkspaceId(UUID(workspace)), UUID(run), HashEmbedder(), reach=Reach.parse(allowed))
    await db.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
