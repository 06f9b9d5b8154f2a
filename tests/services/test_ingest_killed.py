"""A worker killed in the middle of an ingest leaves nothing half done, and the next one finishes its work."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.knowledge import Source, SourceStatus
from console.ids import WorkspaceId
from console.services.ingest import run_crawl
from console.services.sources import Sources
from tests.services.knowledge_support import (
    HashEmbedder,
    add_folder,
    article,
    crawl,
    run_of,
    stored,
    visible,
    write_articles,
)
from tests.world import World, make_world

Chunks = list[tuple[str, int, str, str]]
ROOT = Path(__file__).parents[2]
POINTS = [
    "taken", "begun", "begun:3", "embedded", "embedded:2", "staged", "staged:2", "staged:3", "showing", "showing:2",
    "shown", "shown:3", "removed", "finishing",
]  # fmt: skip
PASSINGS = 24
"""How often a whole run passes any failpoint, about."""


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_a_failpoint(
    db: Database, urls: ServerUrls, tmp_path: Path, bytecode: Path, point: str
) -> None:
    await _kill_and_resume(db, urls, tmp_path, bytecode, [f"ingest.{point}"])


@pytest.mark.parametrize("seed", range(5))
async def test_killed_again_and_again(
    db: Database, urls: ServerUrls, tmp_path: Path, bytecode: Path, seed: int
) -> None:
    points = random.Random(seed)  # noqa: S311 - no secret
    await _kill_and_resume(db, urls, tmp_path, bytecode, [f"any:{points.randint(1, PASSINGS)}" for _ in range(4)])


@pytest.mark.parametrize("seed", range(4))
async def test_killed_at_any_moment(db: Database, urls: ServerUrls, tmp_path: Path, bytecode: Path, seed: int) -> None:
    world, source, old = await _prepared(db, tmp_path)
    run_id = await run_of(db, world.workspace_id, source)
    with _child(urls, bytecode, world.workspace_id, run_id) as child:
        assert child.stdout is not None
        child.stdout.readline()
        await asyncio.sleep(random.Random(seed).uniform(0, 0.25))  # noqa: S311 - no secret
        child.kill()
    await _check_and_resume(db, world, source, run_id, old)


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the children keep their bytecode: they start often."""
    return tmp_path_factory.mktemp("bytecode")


async def _prepared(db: Database, folder: Path) -> tuple[World, Source, Chunks]:
    """A folder that was read once, then changed: one changed, one new, one gone, one broken, one as before."""
    world = await make_world(db)
    write_articles(folder, ["apples", "bread", "cheese", "dates"])
    source = await add_folder(db, world.admin, folder)
    old = await visible(db, world.workspace_id, source)
    (folder / "apples.md").write_text(article("pears", 24), encoding="utf-8")
    (folder / "bread.md").unlink()
    (folder / "dates.md").write_bytes(bytes(range(256)))
    write_articles(folder, ["eggs"])
    await Sources(db).sync(world.admin, source.id)
    return world, source, old


async def _kill_and_resume(db: Database, urls: ServerUrls, folder: Path, bytecode: Path, points: Sequence[str]) -> None:
    world, source, old = await _prepared(db, folder)
    run_id = await run_of(db, world.workspace_id, source)
    killed = 0
    for point in points:
        child = _child(urls, bytecode, world.workspace_id, run_id, point)
        child.communicate()
        killed += child.returncode == -signal.SIGKILL
        await _expire(db, world.workspace_id, run_id)
    assert killed
    await _check_and_resume(db, world, source, run_id, old)


async def _check_and_resume(db: Database, world: World, source: Source, run_id: UUID, old: Chunks) -> None:
    clean = await _clean(db, source)
    between = await visible(db, world.workspace_id, source)
    for uri in {chunk[0] for chunk in [*old, *clean, *between]}:
        assert _of(between, uri) in (_of(old, uri), _of(clean, uri)), f"a half document is visible: {uri}"
    await _expire(db, world.workspace_id, run_id)
    await run_crawl(db, world.workspace_id, run_id, HashEmbedder())
    assert await visible(db, world.workspace_id, source) == clean
    assert await stored(db, world.workspace_id, source) == (len(clean), len(clean))
    shown = await Sources(db).show(world.admin, source.id)
    assert shown.source.status is SourceStatus.READY
    assert {d.uri: d.status for d in shown.documents} == {
        "apples.md": "ready", "bread.md": "removed", "cheese.md": "ready", "dates.md": "failed", "eggs.md": "ready",
    }  # fmt: skip
    assert shown.run is not None
    assert (shown.run.id, shown.run.state, shown.run.done, shown.run.failed) == (run_id, "complete", 4, 1)


async def _clean(db: Database, source: Source) -> Chunks:
    """What an undisturbed run makes of the same folder."""
    world = await make_world(db)
    other = await Sources(db).add(world.admin, "folder", source.uri.removeprefix("file://"))
    await crawl(db, world.admin, other)
    return await visible(db, world.workspace_id, other)


async def _expire(db: Database, workspace_id: WorkspaceId, run_id: UUID) -> None:
    """Let the time of the lease pass."""
    async with db.write(workspace_id) as tx:
        await tx.execute(
            "UPDATE crawl_runs SET lease_expires_at = now() - interval '1 second'"
            " WHERE workspace_id = :ws AND id = :id AND state = 'running'",
            id=run_id,
        )  # fmt: skip


def _of(chunks: Chunks, uri: str) -> Chunks:
    return [chunk for chunk in chunks if chunk[0] == uri]


def _child(
    urls: ServerUrls, bytecode: Path, workspace_id: WorkspaceId, run_id: UUID, failpoint: str = ""
) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.services.crawl_child", urls.app, str(workspace_id), str(run_id)],
        cwd=ROOT,
        env=kept | {"CONSOLE_FAILPOINT": failpoint, "PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
