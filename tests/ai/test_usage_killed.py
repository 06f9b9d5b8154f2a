"""What an endpoint has read for a crawl that is killed in mid-document is counted, but for the batch in hand."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.knowledge import Source
from console.services.ingest import BATCH, run_crawl
from console.services.sources import Sources
from console.services.usage import Usage
from tests.ai.endpoint import EMBEDDING_MODEL, FakeEndpoint
from tests.ai.house import MODEL, House, defaults, models
from tests.services.knowledge_support import run_of
from tests.services.quota_support import counters
from tests.world import make_world

ROOT = Path(__file__).parents[2]
EVENTS = "SELECT quantity, tokens_in FROM usage_events WHERE workspace_id = :ws ORDER BY id"


async def counted(house: House) -> list[tuple[int, int]]:
    """Texts and tokens of each event; the counters say what the events say."""
    events = [(int(row.quantity), row.tokens_in) for row in await house.rows(EVENTS)]
    assert all(drift.ok for drift in await Usage(house.db).drift(house.world.owner))
    assert (await counters(house.db, house.world)).get("tokens month", (0, 0))[0] == sum(n for _, n in events)
    return events


async def kill_at(point: str, urls: ServerUrls, house: House, source: Source, endpoint: FakeEndpoint) -> None:
    run = await run_of(house.db, house.world.workspace_id, source)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.ai.crawl_child", urls.app, str(house.world.workspace_id), str(run),
        endpoint.base_url, cwd=ROOT, env=os.environ | {"CONSOLE_FAILPOINT": point, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert await child.wait() == -signal.SIGKILL
    async with house.db.write(house.world.workspace_id) as tx:
        await tx.execute("UPDATE crawl_runs SET lease_expires_at = now() - interval '1 second' WHERE id = :id", id=run)


@pytest.mark.parametrize(("point", "kept"), [("ingest.staged:2", 2), ("ingest.embedded:2", 1)])
async def test_what_was_read_before_a_kill_is_counted_and_what_is_read_after_it_too(
    db: Database, gateway_db: Database, urls: ServerUrls, endpoint: FakeEndpoint, tmp_path: Path, point: str, kept: int
) -> None:
    (tmp_path / "a.md").write_text("\n".join(f"# Part {n}\n\n{'word ' * 200}\n" for n in range(2 * BATCH + 1)))
    found = defaults(endpoint, embedding=EMBEDDING_MODEL)
    house = House(db, gateway_db, await make_world(db), models(db, found))
    source = await Sources(db).add(house.world.admin, "folder", str(tmp_path))
    await kill_at(point, urls, house, source, endpoint)
    assert (len(endpoint.calls), await counted(house)) == (2, [(BATCH, 5)] * kept)
    run = await run_of(db, house.world.workspace_id, source)
    embedder = await house.models.embedder(house.world.workspace_id, MODEL)
    assert await run_crawl(db, house.world.workspace_id, run, embedder)
    assert (await Sources(db).show(house.world.admin, source.id)).documents[0].status == "ready"
    assert len(endpoint.calls) == 5
    assert await counted(house) == [(BATCH, 5)] * (kept + 2) + [(1, 5)]
