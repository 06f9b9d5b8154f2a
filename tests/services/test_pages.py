"""A page of the web as a source: read, asked again, changed, gone, out of order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.addresses import PrivateAddressError
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.db.vectors import PgVectors
from console.domain.crawl import SourceDetails
from console.domain.knowledge import IngestProgress, Source, SourceStatus, counted
from console.errors import ConflictError, InvalidInputError, NotAllowedError, RefusedError
from console.knowledge.chunk import ChunkText
from console.knowledge.connectors.fetched import Fetched
from console.knowledge.media import DOCX, PDF
from console.services import crawl_lease
from console.services.crawl_lease import Counts, LeaseLostError
from console.services.documents import Documents
from console.services.ingest import run_crawl
from console.services.sources import Sources
from tests.papers import docx, encrypted_pdf, paragraph, pdf, zipped
from tests.services.knowledge_support import HashEmbedder, add_folder, article, run_of, stored, visible
from tests.web import Site, a_site, response
from tests.world import World, make_world

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with a_site() as site:
        site.page("/help", f"<title>Help</title><main>{html('apples')}</main>", etag='"1"')
        yield site


def html(topic: str) -> str:
    return "".join(f"<p>{part}</p>" for part in article(topic).split("\n\n"))


async def add(db: Database, world: World, site: Site, path: str = "/help") -> Source:
    source = await Sources(db, site.reach).add(world.admin, "url", site.url(path))
    await read(db, world, site, source)
    return source


async def read(
    db: Database, world: World, site: Site, source: Source, embedder: HashEmbedder | None = None
) -> SourceDetails:
    run_id = await run_of(db, world.workspace_id, source)
    assert await run_crawl(db, world.workspace_id, run_id, embedder or HashEmbedder(), reach=site.reach)
    return await Sources(db).show(world.viewer, source.id)


async def again(
    db: Database, world: World, site: Site, source: Source, embedder: HashEmbedder | None = None
) -> SourceDetails:
    await Sources(db).sync(world.admin, source.id)
    return await read(db, world, site, source, embedder)


async def test_a_page_becomes_searchable(db: Database, site: Site) -> None:
    world = await make_world(db)
    source = await add(db, world, site)
    assert (source.kind, source.name, source.uri) == ("url", "help", site.url("/help"))
    shown = await Sources(db).show(world.viewer, source.id)
    assert (shown.source.status, shown.source.error) == (SourceStatus.READY, "")
    assert [(d.uri, d.title, d.status) for d in shown.documents] == [(site.url("/help"), "Help", "ready")]
    assert len(await visible(db, world.workspace_id, source)) == shown.source.chunks > 3


async def test_a_page_that_has_not_changed_costs_nothing(db: Database, site: Site) -> None:
    world = await make_world(db)
    source = await add(db, world, site)
    old = await visible(db, world.workspace_id, source)
    site.answers["/help"] = response(304, b"", "")
    shown = await again(db, world, site, source, embedder := HashEmbedder())
    assert site.seen[-1].headers["if-none-match"] == '"1"'
    assert shown.run is not None
    assert (shown.run.unchanged, shown.run.done, shown.run.total, embedder.texts) == (1, 1, 1, 0)
    assert (shown.source.status, await visible(db, world.workspace_id, source)) == (SourceStatus.READY, old)


async def test_the_same_bytes_cost_nothing_where_a_server_knows_no_conditions(db: Database, site: Site) -> None:
    world = await make_world(db)
    source = await add(db, world, site)
    shown = await again(db, world, site, source, embedder := HashEmbedder())
    assert shown.run is not None
    assert (shown.run.unchanged, embedder.texts) == (1, 0)


async def test_another_model_is_not_content_with_not_changed(db: Database, site: Site) -> None:
    """What was made in another way must be made anew: then nothing conditional is asked."""
    world = await make_world(db)
    source = await add(db, world, site)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            'UPDATE documents SET fetch_metadata = fetch_metadata || \'{"made": "0 other"}\' WHERE workspace_id = :ws'
        )
    await again(db, world, site, source)
    assert "if-none-match" not in site.seen[-1].headers


async def test_a_changed_page_has_a_new_generation(db: Database, site: Site) -> None:
    world = await make_world(db)
    source = await add(db, world, site)
    site.page("/help", f"<main>{html('pears')}</main>", etag='"2"')
    await again(db, world, site, source)
    new = await visible(db, world.workspace_id, source)
    assert all("pears" in text for _, _, _, text in new)
    assert await stored(db, world.workspace_id, source) == (len(new), len(new))


@pytest.mark.parametrize("status", [404, 410])
async def test_a_page_that_is_gone_leaves_the_search_and_may_come_back(db: Database, site: Site, status: int) -> None:
    world = await make_world(db)
    source = await add(db, world, site)
    site.answers["/help"] = response(status, b"no")
    shown = await again(db, world, site, source)
    (document,) = shown.documents
    assert (document.status, document.chunks) == ("removed", 0)
    assert document.error.startswith(f"the page is gone: 127.0.0.1 answers {status}")
    assert (shown.source.status, shown.source.documents) == (SourceStatus.FAILED, 0)
    assert shown.source.error == document.error
    assert await visible(db, world.workspace_id, source) == []
    assert await stored(db, world.workspace_id, source) == (0, 0)
    await again(db, world, site, source)  # gone is gone: nothing more to remove
    site.page("/help", f"<main>{html('apples')}</main>")
    shown = await again(db, world, site, source)
    assert "if-none-match" not in site.seen[-1].headers
    assert [(d.status, d.error) for d in shown.documents] == [("ready", "")]
    assert len(await visible(db, world.workspace_id, source)) == shown.source.chunks > 3


async def test_a_page_that_never_was(db: Database, site: Site) -> None:
    world = await make_world(db)
    source = await add(db, world, site, "/nothing")
    shown = await Sources(db).show(world.viewer, source.id)
    assert (shown.source.status, shown.documents) == (SourceStatus.FAILED, ())
    assert shown.source.error == "the page is gone: 127.0.0.1 answers 404 Not Found"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (response(503, b"later"), "answers 503 Service Unavailable"),
        (response(200, b"x", "image/png"), "it is image/png, not a page"),
        (b"", "does not speak HTTP"),
        (response(302, b"", "", location="http://169.254.169.254/"), "is at a private address"),
    ],
)
async def test_a_page_that_can_not_be_had_keeps_its_text(db: Database, site: Site, answer: bytes, why: str) -> None:
    world = await make_world(db)
    source = await add(db, world, site)
    old = await visible(db, world.workspace_id, source)
    site.answers["/help"] = answer
    shown = await again(db, world, site, source)
    (document,) = shown.documents
    assert document.status == "failed"
    assert why in document.error
    assert shown.source.status is SourceStatus.FAILED
    assert why in shown.source.error
    assert await visible(db, world.workspace_id, source) == old
    site.page("/help", f"<title>Help</title><main>{html('apples')}</main>", etag='"1"')
    shown = await again(db, world, site, source, embedder := HashEmbedder())
    assert [(d.status, d.error) for d in shown.documents] == [("ready", "")]
    assert embedder.texts == 0


async def test_without_the_operators_word_nothing_private_is_added_or_read(db: Database, site: Site) -> None:
    world = await make_world(db)
    for url in ("http://127.0.0.1/", "http://localhost/", "http://10.0.0.1/", site.url("/help")):
        with pytest.raises((InvalidInputError, PrivateAddressError)):
            await Sources(db).add(world.admin, "url", url)
    assert await Sources(db).list(world.viewer) == ()
    source = await Sources(db, site.reach).add(world.admin, "url", site.url("/help"))
    run_id = await run_of(db, world.workspace_id, source)
    assert await run_crawl(db, world.workspace_id, run_id, HashEmbedder())
    shown = await Sources(db).show(world.viewer, source.id)
    assert (shown.source.status, site.seen) == (SourceStatus.FAILED, [])


async def test_one_page_is_one_source_however_it_is_written(db: Database, site: Site) -> None:
    world, other = await make_world(db), await make_world(db)
    sources = Sources(db, site.reach)
    await sources.add(world.admin, "url", site.url("/help"))
    with pytest.raises(ConflictError, match="is a source already"):
        await sources.add(world.admin, "url", site.url("/help#top").replace("http", "HTTP", 1))
    await sources.add(other.admin, "url", site.url("/help"))


async def test_a_paused_source_is_not_read_and_stays_searchable(db: Database, site: Site) -> None:
    world = await make_world(db)
    sources = Sources(db, site.reach)
    source = await add(db, world, site)
    old = await visible(db, world.workspace_id, source)
    await sources.sync(world.admin, source.id)
    run_id = await run_of(db, world.workspace_id, source)
    crawl = await crawl_lease.take(db, world.workspace_id, run_id)
    assert crawl is not None
    documents = Documents(db, crawl, Counts(), PgVectors(), HashEmbedder())
    known = (await documents.known())[site.url("/help")]
    await documents.begin(Fetched(site.url("/help"), "help", data=b"x"), known)
    chunk = ChunkText(0, "half read", (), 2, "00" * 32)
    await documents.stage(known, "Help", [chunk], HashEmbedder().embed(["half read"]))
    paused = await sources.pause(world.admin, source.id)
    assert (paused.status, paused.progress) == (SourceStatus.PAUSED, None)
    with pytest.raises(LeaseLostError):
        await documents.settle(known)
    assert await stored(db, world.workspace_id, source) == (len(old), len(old))
    shown = await sources.show(world.viewer, source.id)
    assert [d.status for d in shown.documents] == ["ready"]
    assert shown.run is not None
    assert (shown.run.state, shown.run.error) == ("cancelled", "paused")
    for act in (sources.sync, sources.pause, sources.retry):
        with pytest.raises(RefusedError, match="paused"):
            await act(world.admin, source.id)
    assert await visible(db, world.workspace_id, source) == old
    with pytest.raises(NotAllowedError):
        await sources.resume(world.member, source.id)
    assert (await sources.resume(world.admin, source.id)).status is SourceStatus.PENDING
    with pytest.raises(RefusedError, match="is not paused"):
        await sources.resume(world.admin, source.id)
    assert (await read(db, world, site, source)).source.status is SourceStatus.READY
    async with db.read(world.workspace_id) as tx:
        acts = await tx.rows(
            "SELECT action FROM audit_events WHERE workspace_id = :ws AND outcome <> 'denied' ORDER BY seq"
        )
    assert [row.action for row in acts] == ["source.add", "source.sync", "source.pause", "source.resume"]


async def test_a_run_queued_while_the_source_is_paused_is_not_taken(db: Database, site: Site) -> None:
    world = await make_world(db)
    source = await add(db, world, site)
    await Sources(db).sync(world.admin, source.id)
    run_id = await run_of(db, world.workspace_id, source)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE sources SET status = 'paused' WHERE workspace_id = :ws")
    assert not await run_crawl(db, world.workspace_id, run_id, HashEmbedder(), reach=site.reach)
    shown = await Sources(db).show(world.viewer, source.id)
    assert shown.run is not None
    assert (shown.source.status, shown.run.state) == (SourceStatus.PAUSED, "cancelled")


async def test_only_what_has_failed_is_tried_again(db: Database, site: Site) -> None:
    world = await make_world(db)
    source = await add(db, world, site)
    with pytest.raises(RefusedError, match="nothing of help has failed"):
        await Sources(db).retry(world.admin, source.id)
    site.answers["/help"] = response(500, b"")
    await again(db, world, site, source)
    site.page("/help", f"<main>{html('pears')}</main>")
    await Sources(db).retry(world.admin, source.id)
    assert (await read(db, world, site, source)).source.status is SourceStatus.READY


async def test_progress_counts_the_passages_of_a_page(db: Database, site: Site) -> None:
    world = await make_world(db)
    site.page("/long", f"<main>{''.join(html(topic) for topic in 'abcdefghij')}</main>")
    source = await Sources(db, site.reach).add(world.admin, "url", site.url("/long"))
    seen: list[tuple[int, int]] = []

    def note(progress: IngestProgress) -> None:
        seen.append(counted(progress.done, progress.total, progress.chunks, progress.chunks_total))

    run_id = await run_of(db, world.workspace_id, source)
    await run_crawl(db, world.workspace_id, run_id, HashEmbedder(), reach=site.reach, progress=note)
    (shown,) = await Sources(db).list(world.viewer)
    assert shown.progress is None
    assert seen[-1] == (shown.chunks, shown.chunks)
    assert {total for _, total in seen} == {1, shown.chunks}
    assert len(seen) > 3
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize("step", [1, 2, 4, 6])
async def test_killed_anywhere_a_page_is_whole_or_as_it_was(
    db: Database, urls: ServerUrls, site: Site, step: int
) -> None:
    world = await make_world(db)
    source = await add(db, world, site)
    old = await visible(db, world.workspace_id, source)
    site.page("/help", f"<main>{html('pears') * 4}</main>")
    await Sources(db).sync(world.admin, source.id)
    run_id = await run_of(db, world.workspace_id, source)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.services.crawl_child", urls.app, str(world.workspace_id), str(run_id),
        site.allowed,
        env=os.environ | {"CONSOLE_FAILPOINT": f"any:{step}", "PYTHONPATH": str(ROOT)}, cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await child.wait() == -signal.SIGKILL
    between = await visible(db, world.workspace_id, source)
    async with db.write(world.workspace_id) as tx:
        await tx.execute(
            "UPDATE crawl_runs SET lease_expires_at = now() WHERE workspace_id = :ws AND state = 'running'"
        )
    assert await run_crawl(db, world.workspace_id, run_id, HashEmbedder(), reach=site.reach)
    new = await visible(db, world.workspace_id, source)
    assert all("pears" in text for _, _, _, text in new)
    assert between in (old, new)
    assert await stored(db, world.workspace_id, source) == (len(new), len(new))


async def test_a_folder_goes_on_past_the_files_that_mean_harm(db: Database, tmp_path: Path) -> None:
    world = await make_world(db)
    files = {
        "a.pdf": b"no pdf", "b.pdf": encrypted_pdf("x"), "c.pdf": pdf([["x"]] * 5000),
        "good.pdf": pdf([["Good words."]]),
        "d.docx": docx(paragraph("x"), before='<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "e.docx": zipped({"word/document.xml": bytes(200_000_000)}), "good.docx": docx(paragraph("Better words.")),
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    source = await add_folder(db, world.admin, tmp_path)
    shown = await Sources(db).show(world.viewer, source.id)
    assert {d.uri: d.error for d in shown.documents} == {
        "a.pdf": "a.pdf is no PDF",
        "b.pdf": "b.pdf is encrypted: it can't be read without its password",
        "c.pdf": "c.pdf has 5,000 pages, the limit is 2,000",
        "d.docx": "d.docx declares a document type, as no Word file does",
        "e.docx": "e.docx unpacks to more than 64 MB",
        "good.docx": "",
        "good.pdf": "",
    }
    assert [text for *_, text in await visible(db, world.workspace_id, source)] == ["Better words.", "Good words."]


async def test_a_pdf_and_a_word_file_from_the_web(db: Database, site: Site) -> None:
    world = await make_world(db)
    site.page("/rules", pdf([["Unworn items can be returned."], ["Shipping takes five days."]], "Rules"), PDF)
    site.page("/sizes", docx(paragraph("Sizes", "Heading1"), paragraph("S is small.")), DOCX)
    rules, sizes = await add(db, world, site, "/rules"), await add(db, world, site, "/sizes")
    assert [(heading, text) for _, _, heading, text in await visible(db, world.workspace_id, rules)] == [
        ("Page 1", "Unworn items can be returned."), ("Page 2", "Shipping takes five days."),
    ]  # fmt: skip
    assert [text for *_, text in await visible(db, world.workspace_id, sizes)] == ["S is small."]
    site.page("/rules", encrypted_pdf("x"), PDF)
    shown = await again(db, world, site, rules)
    assert shown.source.error == "rules is encrypted: it can't be read without its password"
