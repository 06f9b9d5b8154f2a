"""Sources on disk and in the database, for the tests of ingest and search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import numpy as np

from console.ai.embedder import Embedder, EmbeddingModel, Vectors
from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.knowledge import Source
from console.ids import WorkspaceId
from console.services.ingest import run_crawl
from console.services.sources import Sources


class HashEmbedder:
    """A quick stand-in for a model that is not under test: each text has its own unit vector."""

    model = EmbeddingModel("all-MiniLM-L6-v2-int8", 384, 256)

    def __init__(self) -> None:
        self.texts = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        rows = [np.random.default_rng(list(text.encode())).standard_normal(384) for text in texts]
        vectors = np.asarray(rows, np.float32).reshape(len(texts), 384)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def article(topic: str, sections: int = 3) -> str:
    """A Markdown article with several sections, long enough for some chunks."""
    parts = [f"# About {topic}"]
    for number in range(sections):
        sentences = [f"Sentence {i} of part {number} tells something about {topic}." for i in range(40)]
        parts.append(f"## Part {number}\n\n{' '.join(sentences)}")
    return "\n\n".join(parts)


def write_articles(folder: Path, topics: Sequence[str]) -> None:
    """One Markdown file a topic."""
    for topic in topics:
        (folder / f"{topic}.md").write_text(article(topic), encoding="utf-8")


async def run_of(db: Database, workspace_id: WorkspaceId, source: Source) -> UUID:
    """The id of the source's active crawl run."""
    async with db.read(workspace_id) as tx:
        found = await tx.scalar(
            "SELECT id FROM crawl_runs WHERE workspace_id = :ws AND source_id = :source"
            " AND state IN ('queued', 'running')",
            source=source.id,
        )  # fmt: skip
    assert isinstance(found, UUID)
    return found


async def crawl(db: Database, actor: Actor, source: Source, embedder: Embedder | None = None) -> None:
    """Work off the source's active crawl run."""
    run_id = await run_of(db, actor.workspace_id, source)
    assert await run_crawl(db, actor.workspace_id, run_id, embedder or HashEmbedder())


async def add_folder(db: Database, actor: Actor, folder: Path) -> Source:
    """A folder source, read once."""
    source = await Sources(db).add(actor, "folder", str(folder))
    await crawl(db, actor, source)
    return source


async def visible(db: Database, workspace_id: WorkspaceId, source: Source) -> list[tuple[str, int, str, str]]:
    """What a search may see of a source: (document, ordinal, heading, text), with vectors only."""
    async with db.read(workspace_id) as tx:
        rows = await tx.rows(
            "SELECT d.uri, c.ordinal, c.heading_path, c.text FROM chunks c"
            " JOIN documents d ON d.workspace_id = c.workspace_id AND d.id = c.document_id"
            " AND d.generation = c.generation"
            " JOIN embeddings e ON e.workspace_id = c.workspace_id AND e.chunk_id = c.id AND e.status = 'ready'"
            " WHERE c.workspace_id = :ws AND c.source_id = :source ORDER BY 1, 2",
            source=source.id,
        )  # fmt: skip
    return [tuple(row) for row in rows]


async def stored(db: Database, workspace_id: WorkspaceId, source: Source) -> tuple[int, int]:
    """How many chunks and vectors are kept for a source, visible or not."""
    async with db.read(workspace_id) as tx:
        row = await tx.row(
            "SELECT count(*) AS chunks, count(e.chunk_id) AS vectors FROM chunks c LEFT JOIN embeddings e"
            " ON e.workspace_id = c.workspace_id AND e.chunk_id = c.id"
            " WHERE c.workspace_id = :ws AND c.source_id = :source",
            source=source.id,
        )  # fmt: skip
    assert row is not None
    return row.chunks, row.vectors
