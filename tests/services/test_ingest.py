"""Every ingest is all or nothing, and says where it stands."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from console.ai.embedder import Vectors
from console.db.engine import Database
from console.db.vectors import PgVectors
from console.domain.knowledge import IngestProgress, SourceStatus
from console.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from console.ids import WorkspaceId
from console.knowledge.connectors.fetched import Fetched
from console.knowledge.connectors.folder import fetch
from console.services import crawl_lease
from console.services.agents import Agents
from console.services.crawl_lease import MAX_ATTEMPTS, Counts, LeaseLostError
from console.services.documents import Documents
from console.services.ingest import _Crawler, run_crawl
from console.services.search import Search
from console.services.sources import Sources
from tests.services.embedders import Down, Held, Watched
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
from tests.world import make_world

TOPICS = ("apples", "bread", "cheese")


async def test_a_folder_becomes_searchable_chunks(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    source = await Sources(db).add(world.admin, "folder", str(tmp_path))
    assert source.status is SourceStatus.PENDING
    seen: list[IngestProgress] = []
    assert await run_crawl(
        db, world.workspace_id, await run_of(db, world.workspace_id, source), HashEmbedder(), progress=seen.append
    )
    shown = await Sources(db).show(world.viewer, source.id)
    assert (shown.source.status, shown.source.error) == (SourceStatus.READY, "")
    assert [(d.uri, d.title, d.status) for d in shown.documents] == [
        (f"{topic}.md", f"About {topic}", "ready") for topic in TOPICS
    ]
    assert shown.run is not None
    assert (shown.run.state, shown.run.done, shown.run.total) == ("complete", 3, 3)
    chunks = await visible(db, world.workspace_id, source)
    assert len(chunks) == shown.source.chunks == shown.run.chunks > 9
    assert {heading.rpartition(" > ")[2] for _, _, heading, _ in chunks} == {"Part 0", "Part 1", "Part 2"}
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert (seen[-1].done, seen[-1].total, seen[-1].chunks) == (3, 3, len(chunks))


async def test_unchanged_documents_cost_nothing(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    source = await add_folder(db, world.admin, tmp_path)
    before = await _rows(db, world.workspace_id, "documents")
    embedder = HashEmbedder()
    run = await Sources(db).sync(world.admin, source.id)
    await crawl(db, world.admin, source, embedder)
    assert embedder.texts == 0
    assert await _rows(db, world.workspace_id, "documents") == before
    shown = await Sources(db).show(world.admin, source.id)
    assert shown.run is not None
    assert (shown.run.id, shown.run.unchanged, shown.run.chunks) == (run.id, 3, 0)


async def test_a_changed_document_swaps_at_once(db: Database, tmp_path: Path) -> None:
    """A reader polls all the while: it sees the old text or the new, never both, never none."""
    world = await make_world(db)
    write_articles(tmp_path, ["apples"])
    source = await add_folder(db, world.admin, tmp_path)
    old = await visible(db, world.workspace_id, source)
    (tmp_path / "apples.md").write_text(article("pears", 9), encoding="utf-8")
    await Sources(db).sync(world.admin, source.id)
    done = asyncio.Event()
    seen: list[list[tuple[str, int, str, str]]] = []
    looked = threading.Semaphore(0)

    async def watch() -> None:
        while not done.is_set():
            seen.append(await visible(db, world.workspace_id, source))
            looked.release()

    watching = asyncio.create_task(watch())
    await crawl(db, world.admin, source, Watched(looked))
    done.set()
    await watching
    new = await visible(db, world.workspace_id, source)
    assert new != old
    assert all("pears" in text for _, _, _, text in new)
    assert len(seen) > 10
    assert [chunks for chunks in seen if chunks not in (old, new)] == []
    assert seen[0] == old
    assert await stored(db, world.workspace_id, source) == (len(new), len(new))


async def test_documents_that_are_gone_leave_and_a_moved_folder_stays(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    source = await add_folder(db, world.admin, tmp_path)
    (tmp_path / "bread.md").unlink()
    await Sources(db).sync(world.admin, source.id)
    await crawl(db, world.admin, source)
    chunks = await visible(db, world.workspace_id, source)
    assert {uri for uri, *_ in chunks} == {"apples.md", "cheese.md"}
    assert await stored(db, world.workspace_id, source) == (len(chunks), len(chunks))


async def test_a_bad_document_fails_alone_with_its_reason(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    (tmp_path / "broken.md").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "empty.txt").write_text("  \n")
    (tmp_path / "huge.txt").write_bytes(b"word " * 1_200_000)
    (tmp_path / ".git").mkdir()
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    (tmp_path / "passwd.md").symlink_to("/etc/passwd")
    source = await add_folder(db, world.admin, tmp_path)
    shown = await Sources(db).show(world.admin, source.id)
    assert (shown.source.status, shown.source.failing) == (SourceStatus.READY, 3)
    assert shown.source.error == "3 of 6 documents can't be read"
    failed = {d.uri: d.error for d in shown.documents if d.status == "failed"}
    assert failed == {
        "broken.md": "broken.md is no text file",
        "empty.txt": "empty.txt holds no text",
        "huge.txt": "too large: 6.0 MB, the limit is 5 MB",
    }
    assert shown.run is not None
    assert shown.run.skipped == (
        (".git", "hidden"),
        ("logo.png", "no text, Markdown, HTML, PDF or Word file"),
        ("passwd.md", "a link"),
    )
    assert {uri for uri, *_ in await visible(db, world.workspace_id, source)} == {f"{t}.md" for t in TOPICS}


async def test_a_document_emptied_at_its_source_no_longer_answers(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    source = await add_folder(db, world.admin, tmp_path)
    (tmp_path / "bread.md").write_text("")
    await Sources(db).sync(world.admin, source.id)
    await crawl(db, world.admin, source)
    assert {uri for uri, *_ in await visible(db, world.workspace_id, source)} == {"apples.md", "cheese.md"}
    write_articles(tmp_path, ["bread"])
    await Sources(db).sync(world.admin, source.id)
    await crawl(db, world.admin, source)
    assert {uri for uri, *_ in await visible(db, world.workspace_id, source)} == {f"{t}.md" for t in TOPICS}


async def test_an_outage_of_the_model_keeps_the_last_good_text(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    source = await add_folder(db, world.admin, tmp_path)
    old = await visible(db, world.workspace_id, source)
    for topic in TOPICS:
        (tmp_path / f"{topic}.md").write_text(article("news"), encoding="utf-8")
    await Sources(db).sync(world.admin, source.id)
    await crawl(db, world.admin, source, Down())
    shown = await Sources(db).show(world.admin, source.id)
    assert shown.source.status is SourceStatus.FAILED
    assert shown.source.error == "none of 3 documents can be read: the model is away"
    assert await visible(db, world.workspace_id, source) == old
    assert await stored(db, world.workspace_id, source) == (len(old), len(old))


async def test_a_source_that_is_gone_fails_and_keeps_what_was_known(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    folder = tmp_path / "docs"
    folder.mkdir()
    write_articles(folder, TOPICS)
    source = await add_folder(db, world.admin, folder)
    old = await visible(db, world.workspace_id, source)
    folder.rename(tmp_path / "moved")
    await Sources(db).sync(world.admin, source.id)
    await crawl(db, world.admin, source)
    shown = await Sources(db).show(world.admin, source.id)
    assert shown.source.status is SourceStatus.FAILED
    assert "can't be read: no such file" in shown.source.error
    assert await visible(db, world.workspace_id, source) == old


async def test_one_active_run_a_source(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    source = await add_folder(db, world.admin, tmp_path)
    tries = await asyncio.gather(*(Sources(db).sync(world.admin, source.id) for _ in range(8)), return_exceptions=True)
    refused = [one for one in tries if isinstance(one, ConflictError)]
    assert len(refused) == 7
    assert "under way since" in refused[0].message
    run_id = await run_of(db, world.workspace_id, source)
    runs = await asyncio.gather(*(run_crawl(db, world.workspace_id, run_id, HashEmbedder()) for _ in range(5)))
    assert sorted(runs) == [False, False, False, False, True]


async def test_the_same_place_is_one_source_in_a_workspace_and_free_in_another(db: Database, tmp_path: Path) -> None:
    world, other = await make_world(db), await make_world(db)
    write_articles(tmp_path, TOPICS)
    await Sources(db).add(world.admin, "folder", str(tmp_path))
    with pytest.raises(ConflictError, match="is a source already"):
        await Sources(db).add(world.admin, "folder", f"{tmp_path}/../{tmp_path.name}/")
    await Sources(db).add(other.admin, "folder", str(tmp_path))


async def test_what_can_not_be_a_source_is_refused(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    sources = Sources(db)
    with pytest.raises(NotFoundError, match="there is no folder"):
        await sources.add(world.admin, "folder", str(tmp_path / "nowhere"))
    with pytest.raises(InvalidInputError, match="is no file"):
        await sources.add(world.admin, "file", str(tmp_path))
    with pytest.raises(InvalidInputError, match="no kind of source"):
        await sources.add(world.admin, "telepathy", "x")
    with pytest.raises(NotFoundError, match="there is no agent"):
        await sources.add(world.admin, "folder", str(tmp_path), agent="nobody")
    with pytest.raises(NotAllowedError):
        await sources.add(world.member, "folder", str(tmp_path))
    assert await sources.list(world.viewer) == ()


async def test_removing_a_source_leaves_nothing(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    source = await add_folder(db, world.admin, tmp_path)
    await Sources(db).remove(world.admin, source.id)
    for table in ("sources", "documents", "chunks", "embeddings", "crawl_runs"):
        assert await _rows(db, world.workspace_id, table) == []
    async with db.read(world.workspace_id) as tx:
        acts = await tx.rows("SELECT action FROM audit_events WHERE workspace_id = :ws ORDER BY seq")
    assert [row.action for row in acts] == ["source.add", "source.remove"]


async def test_a_zombie_changes_nothing(db: Database, tmp_path: Path) -> None:
    """A worker that slept through its lease finds every write refused."""
    world = await make_world(db)
    write_articles(tmp_path, ["apples"])
    source = await Sources(db).add(world.admin, "folder", str(tmp_path))
    run_id = await run_of(db, world.workspace_id, source)
    zombie = await crawl_lease.take(db, world.workspace_id, run_id, lease_seconds=0.0)
    assert zombie is not None
    documents = Documents(db, zombie, Counts(), PgVectors(), HashEmbedder())
    items = [item for item in fetch(source.uri) if item.data]
    begun = await documents.begin(items[0], None)
    assert await run_crawl(db, world.workspace_id, run_id, HashEmbedder())
    clean = await visible(db, world.workspace_id, source)
    crawler = _Crawler(zombie, Counts(), documents, HashEmbedder(), lambda _: None)
    with pytest.raises(LeaseLostError):
        await crawler._index(begun, items[0], b"zombie")
    with pytest.raises(LeaseLostError):
        await documents.fail(begun, "zombie", withdraw=True)
    with pytest.raises(LeaseLostError):
        await documents.remove([begun], {})
    with pytest.raises(LeaseLostError):
        await crawl_lease.finish(db, zombie, Counts(), "zombie")
    assert await visible(db, world.workspace_id, source) == clean
    assert await stored(db, world.workspace_id, source) == (len(clean), len(clean))


async def test_a_slow_document_keeps_its_lease(db: Database, tmp_path: Path) -> None:
    """One embedding call longer than the lease: the run is not stalled, nobody can take it."""
    write_articles(tmp_path, ["apples"])
    # A machine that stands still for longer than the lease may lose it: then a longer one is tried.
    for seconds in (1.0, 15.0, 60.0):
        if await _keeps_its_lease(db, tmp_path, seconds):
            return
    pytest.fail("the lease was lost each time")


async def _keeps_its_lease(db: Database, folder: Path, seconds: float) -> bool:
    """Whether nobody can take a run that embeds until its lease has been renewed for as long again."""
    world = await make_world(db)
    source = await Sources(db).add(world.admin, "folder", str(folder))
    run_id, held = await run_of(db, world.workspace_id, source), Held()
    slow = asyncio.create_task(run_crawl(db, world.workspace_id, run_id, held, lease_seconds=seconds))
    try:
        assert await asyncio.to_thread(held.begun.wait, 240)
        until, tried = await _leased_until(db, world.workspace_id, run_id) + timedelta(seconds=seconds), 0
        while tried <= 10 or await _leased_until(db, world.workspace_id, run_id) <= until:
            if await crawl_lease.take(db, world.workspace_id, run_id) is not None:
                return False
            tried += 1
            await asyncio.sleep(0.02)
    finally:
        held.go_on.set()
        done = await slow
    return done


async def _leased_until(db: Database, workspace_id: WorkspaceId, run_id: UUID) -> datetime:
    async with db.read(workspace_id) as tx:
        until: datetime = await tx.scalar("SELECT lease_expires_at FROM crawl_runs WHERE id = :id", id=run_id)
        return until


async def _state(db: Database, workspace_id: WorkspaceId, run_id: UUID) -> str:
    async with db.read(workspace_id) as tx:
        return str(await tx.scalar("SELECT state FROM crawl_runs WHERE workspace_id = :ws AND id = :id", id=run_id))


async def _rows(db: Database, workspace_id: WorkspaceId, table: str) -> list[tuple[object, ...]]:
    async with db.read(workspace_id) as tx:
        return [tuple(row) for row in await tx.rows(f"SELECT * FROM {table} WHERE workspace_id = :ws ORDER BY 2")]


async def test_a_source_joins_and_leaves_the_list_of_an_agent(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    agents = Agents(db)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first = await Sources(db).add(world.admin, "folder", str(tmp_path / "one"), agent="assistant")
    draft = await agents.draft(world.admin, "assistant")
    assert draft.settings["retrieval_config"]["sources"] == "all"
    listed = {**draft.settings, "retrieval_config": {**draft.settings["retrieval_config"], "sources": ["one"]}}
    await agents.edit(world.admin, world.agent_id, listed, revision=draft.agent.draft_revision)
    await Sources(db).add(world.admin, "folder", str(tmp_path / "two"), agent="assistant")
    draft = await agents.draft(world.admin, "assistant")
    assert draft.settings["retrieval_config"]["sources"] == ["one", "two"]
    await Sources(db).remove(world.admin, first.id)
    after = await agents.draft(world.admin, "assistant")
    assert after.settings["retrieval_config"]["sources"] == ["two"]
    assert after.agent.draft_revision > draft.agent.draft_revision


async def test_a_source_that_kills_every_worker_is_given_up_and_says_where(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, ["apples"])
    source = await Sources(db).add(world.admin, "folder", str(tmp_path))
    run_id = await run_of(db, world.workspace_id, source)
    dead = None
    for _ in range(MAX_ATTEMPTS):
        dead = await crawl_lease.take(db, world.workspace_id, run_id, lease_seconds=0.0)
    assert dead is not None
    documents = Documents(db, dead, Counts(), PgVectors(), HashEmbedder())
    await documents.begin(Fetched("apples.md", "apples.md", data=b"x"), None)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE crawl_runs SET lease_expires_at = now() - interval '1 s' WHERE workspace_id = :ws")
    assert not await run_crawl(db, world.workspace_id, run_id, HashEmbedder())
    shown = await Sources(db).show(world.admin, source.id)
    assert shown.source.status is SourceStatus.FAILED
    assert shown.source.error == "given up after 10 attempts: the worker died each time while reading apples.md"
    await Sources(db).sync(world.admin, source.id)
    await crawl(db, world.admin, source)
    assert (await Sources(db).show(world.admin, source.id)).source.status is SourceStatus.READY


async def test_a_worker_that_is_stopped_gives_its_run_back(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    source = await Sources(db).add(world.admin, "folder", str(tmp_path))
    run_id = await run_of(db, world.workspace_id, source)
    held = Held()
    working = asyncio.create_task(run_crawl(db, world.workspace_id, run_id, held))
    assert await asyncio.to_thread(held.begun.wait, 240)
    working.cancel()
    held.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await _state(db, world.workspace_id, run_id) == "queued"
    await crawl(db, world.admin, source)
    assert {uri for uri, *_ in await visible(db, world.workspace_id, source)} == {f"{t}.md" for t in TOPICS}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts niceness by thread")
async def test_embedding_of_pages_gives_way_to_that_of_questions(db: Database, tmp_path: Path) -> None:
    niceness: list[int] = []

    class Nice(HashEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            niceness.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
            return super().embed(texts)

    world = await make_world(db)
    write_articles(tmp_path, TOPICS)
    await crawl(db, world.admin, await Sources(db).add(world.admin, "folder", str(tmp_path)), Nice())
    pages = set(niceness)
    niceness.clear()
    await Search(db, Nice()).ask(world.workspace_id, "apples")
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert (pages, set(niceness)) == ({min(19, mine + 10)}, {mine})
