"""The knowledge area over a desk, with sources that are really read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from console.domain.actor import Actor
from console.domain.knowledge import Source
from console.ids import DocumentId, SourceId, new_id
from console.services.ingest import run_crawl
from console.services.sources import Sources
from console.tui.screens.knowledge import KnowledgeScreen
from tests.services.knowledge_support import HashEmbedder, run_of
from tests.tui.support.desk import Desk
from tests.tui.support.stage import Running, running
from tests.web import Site


@dataclass
class Library:
    """A desk with a web site that may be fetched from."""

    desk: Desk
    site: Site

    @property
    def admin(self) -> Actor:
        return self.desk.people.admin

    @property
    def sources(self) -> Sources:
        return Sources(self.desk.db, self.site.reach)

    async def added(self, path: str = "/returns") -> Source:
        """A page that was read once."""
        source = await self.sources.add(self.admin, "url", self.site.url(path))
        await self.read(source)
        return source

    async def read(self, source: Source, embedder: HashEmbedder | None = None) -> None:
        """Work off the run of a source, as a worker does."""
        workspace = self.desk.people.workspace_id
        run_id = await run_of(self.desk.db, workspace, source)
        assert await run_crawl(
            self.desk.db, workspace, run_id, embedder or HashEmbedder(), reach=self.site.reach
        )  # fmt: skip

    def running(self, size: tuple[int, int], actor: Actor | None = None, **around: Any) -> Any:
        given = {"sources": self.sources, "embedder": HashEmbedder(), **around}
        return running(self.desk.console(actor or self.admin, self.desk.services(**given)), size)

    async def documents(self, source: Source, count: int) -> None:
        """So many documents more, `page 0000` the first."""
        async with self.desk.db.write(self.desk.people.workspace_id) as tx:
            await tx.execute(_DOCUMENTS, source=source.id, count=count)

    async def long_document(self, source: SourceId, passages: int) -> DocumentId:
        """One more document, of so many passages."""
        id = DocumentId(new_id())
        async with self.desk.db.write(self.desk.people.workspace_id) as tx:
            await tx.execute(_LONG, id=id, source=source)
            await tx.execute(_PASSAGES, id=id, source=source, count=passages)
        return id


async def opened(stage: Running, *words: str) -> KnowledgeScreen:
    await stage.press("3")
    await stage.sees("/ filter", *words)
    screen = stage.app.screen
    assert isinstance(screen, KnowledgeScreen)
    return screen


_DOCUMENTS = """
    INSERT INTO documents (workspace_id, id, source_id, uri, title, generation, status)
    SELECT :ws, gen_random_uuid(), :source, 'page-' || n, 'page ' || lpad(n::text, 4, '0'), 1, 'ready'
    FROM generate_series(0, :count - 1) n
"""
_LONG = """
    INSERT INTO documents (workspace_id, id, source_id, uri, title, generation, status, fetched_at)
    VALUES (:ws, :id, :source, 'a-long-one', 'A long one', 1, 'ready', now())
"""
_PASSAGES = """
    INSERT INTO chunks (workspace_id, id, document_id, source_id, generation, ordinal, text, heading_path, hash,
        token_count, tsv)
    SELECT :ws, gen_random_uuid(), :id, :source, 1, n, 'words of passage ' || n + 1 || '.' || repeat(' And more.', 20),
        'Part ' || n + 1, '', 4, '' FROM generate_series(0, :count - 1) n
"""
