"""Finding passages: by meaning and by words at once, inside the tenant and the agent's sources."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.db.engine import Database, ReadTx
from console.db.vectors import PgVectors, VectorStore
from console.domain.actor import Actor
from console.domain.agent import Published
from console.domain.knowledge import Passage
from console.domain.search import Explanation, SearchResult
from console.errors import InvalidInputError, NotFoundError
from console.ids import AgentId, ChunkId, DocumentId, SourceId, WorkspaceId
from console.knowledge.rank import DEPTH, Fused, fuse
from console.services.agent_rows import agent_row
from console.services.documents import plain
from console.services.embedding_usage import add_embeddings
from console.services.models import Models
from console.services.token_estimate import question_tokens
from console.services.trial import count_trial, trial
from console.services.unit import reading
from console.services.versions import published
from console.text import one_line

if TYPE_CHECKING:
    from console.ai.embedder import Embedder
    from console.db.vectors import Vector

CANDIDATES = DEPTH
"""How many chunks each of the two searches may bring."""

MAX_RESULTS = 100
MAX_QUESTION_CHARS = 4000
"""A longer question is searched by its beginning and its end."""


@dataclass(frozen=True, slots=True)
class QueryVector:
    """A question as a vector, the name of the model that made it, and what an endpoint was `used` for it."""

    model: str
    vector: Vector
    used: Mapping[str, Any] | None = None


class Search:
    """Search over a workspace's visible chunks."""

    def __init__(
        self, db: Database, embedder: Embedder, vectors: VectorStore | None = None, models: Models | None = None
    ) -> None:
        self._db = db
        self._embedder = embedder
        self._vectors = vectors or PgVectors()
        self.models = models or Models(db)

    @property
    def db(self) -> Database:
        """The database that it searches."""
        return self._db

    async def search(self, actor: Actor, agent: str, query: str, k: int = 10) -> SearchResult:
        """What an agent (a slug) would find; raises `NotFoundError`, and `InvalidInputError` for an empty query.

        `OverQuotaError` where an endpoint's model would read the question and no tokens are left.
        """
        started = time.perf_counter()
        question = _checked(query)
        version = await self._published(actor, agent)
        asked = await self._try(actor.workspace_id, version, question)
        found = await self.passages(actor.workspace_id, version.sources, question, asked, k=min(k, MAX_RESULTS))
        return SearchResult(found, (time.perf_counter() - started) * 1000)

    async def ask(self, workspace_id: WorkspaceId, question: str, embedder: Embedder | None = None) -> QueryVector:
        """The question as a vector of the workspace's model; no transaction is open meanwhile. Raises `ModelError`."""
        from console.ai.endpoint_embedder import EndpointEmbedder, embedded, used_by

        embedder = embedder or await self.models.embedder(workspace_id, self._embedder)
        found = await embedded(embedder, [shortened(question)])
        used = used_by(embedder, found.tokens) if isinstance(embedder, EndpointEmbedder) else None
        return QueryVector(embedder.model.name, found.vectors[0], used)

    async def _try(self, workspace_id: WorkspaceId, version: Published, question: str) -> QueryVector:
        """`ask` for somebody who tries the search: its tokens are set aside before, and counted after."""
        embedder = await self.models.embedder(workspace_id, self._embedder)
        tokens = 0 if embedder is self._embedder else question_tokens(shortened(question))
        async with trial(self._db, workspace_id, tokens) as held:
            asked = await self.ask(workspace_id, question, embedder)
            if asked.used is not None:
                async with self._db.write(workspace_id) as tx:
                    await add_embeddings(tx, held.id, asked.used, held.reserved.at, agent=version.agent_id)
                    await count_trial(tx, held, asked.used["tokens"])
        return asked

    async def passages(
        self,
        workspace_id: WorkspaceId,
        sources: Sequence[SourceId] | None,
        question: str,
        asked: QueryVector,
        *,
        k: int = 10,
    ) -> tuple[Passage, ...]:
        """The best `k` passages of the workspace's `sources` (None: of all), as of one moment."""
        # Both searches see the same generation of each document.
        async with self._db.read(workspace_id, one_moment=True) as tx:
            return (await self._ranked(tx, sources, question, asked))[:k]

    async def explain(self, actor: Actor, agent: str, query: str, chunk_id: ChunkId, k: int = 10) -> Explanation:
        """Why a chunk is or is not among the first `k`; `NotFoundError` for a chunk that is not here at all."""
        question = _checked(query)
        version = await self._published(actor, agent)
        asked = await self._try(actor.workspace_id, version, question)
        async with self._db.read(actor.workspace_id, one_moment=True) as tx:
            chunk = await tx.row(_CHUNK, id=chunk_id)
            if chunk is None:
                raise NotFoundError(f"there is no chunk {chunk_id}", hint="chunk ids are in `console search --json`")
            cosines = await self._vectors.cosines(tx, asked.model, asked.vector, [chunk_id])
            ranked = await self._ranked(tx, version.sources, question, asked)
        return _explained(chunk, cosines.get(chunk_id), ranked, version, k)

    async def _published(self, actor: Actor, slug: str) -> Published:
        async with reading(self._db, actor, "search", ("agent", None)) as tx:
            return await published(tx, AgentId((await agent_row(tx, slug)).id))

    async def _ranked(
        self, tx: ReadTx, sources: Sequence[SourceId] | None, question: str, asked: QueryVector
    ) -> tuple[Passage, ...]:
        """Every candidate of either search, best first."""
        wanted = None if sources is None else list(sources)
        near = await self._vectors.nearest(tx, asked.model, asked.vector, sources=wanted, k=CANDIDATES)
        by_text = await tx.rows(_BY_TEXT, question=shortened(question), k=CANDIDATES, sources=wanted)
        fused = fuse([(one.chunk_id, one.cosine) for one in near], [(row.chunk_id, row.score) for row in by_text])
        rows = {row.id: row for row in await tx.rows(_PASSAGES, ids=[one.id for one in fused])}
        return tuple(_passage(rows[one.id], one) for one in fused if one.id in rows)


def shortened(question: str) -> str:
    """A question that can be searched: storable, and not too long."""
    text = plain(question)
    half = MAX_QUESTION_CHARS // 2
    return text if len(text) <= MAX_QUESTION_CHARS else f"{text[:half]} {text[-half:]}"


def _checked(query: str) -> str:
    if not query.strip():
        raise InvalidInputError("an empty query finds nothing", hint="give some words")
    return query


def _passage(row: Any, found: Fused[ChunkId]) -> Passage:
    return Passage(
        ChunkId(row.id), DocumentId(row.document_id), SourceId(row.source_id), row.uri, row.title, row.heading_path,
        row.text, found.score, found.dense_rank, found.text_rank, found.dense_score or 0.0, found.text_score or 0.0,
    )  # fmt: skip


def _explained(chunk: Any, cosine: float | None, ranked: Sequence[Passage], version: Published, k: int) -> Explanation:
    places = {passage.chunk_id: rank for rank, passage in enumerate(ranked, 1)}
    rank = places.get(chunk.id)
    passage = ranked[rank - 1] if rank else None
    return Explanation(
        ChunkId(chunk.id), one_line(chunk.title or chunk.uri), one_line(chunk.source), rank is not None and rank <= k,
        rank, passage.score if passage else None, passage.dense_rank if passage else None,
        passage.text_rank if passage else None, cosine, passage.text_score if passage else None,
        _reason(chunk, cosine, rank, version, k),
    )  # fmt: skip


def _reason(chunk: Any, cosine: float | None, rank: int | None, version: Published, k: int) -> str:
    if rank is not None:
        return "" if rank <= k else f"ranked {rank}, and only {k} were asked for"
    if chunk.generation != chunk.visible:
        return "not visible: its document is being read, and this is not its present text"
    if version.sources is not None and chunk.source_id not in version.sources:
        return f"its source {one_line(chunk.source)} is not among those of version {version.number} of the agent"
    if cosine is None:
        return "it has no vector of the present embedding model"
    return f"not among the {CANDIDATES} nearest by meaning, nor the {CANDIDATES} best by words"


_BY_TEXT = "SELECT chunk_id, score FROM search_chunks(:question, :k, cast(:sources AS uuid[]))"
_PASSAGES = """
    SELECT c.id, c.document_id, c.source_id, d.uri, d.title, c.heading_path, c.text
    FROM chunks c JOIN documents d ON d.workspace_id = c.workspace_id AND d.id = c.document_id
    WHERE c.workspace_id = :ws AND c.id = ANY (:ids)
"""
_CHUNK = """
    SELECT c.id, c.source_id, c.generation, d.generation AS visible, d.uri, d.title, s.name AS source
    FROM chunks c
    JOIN documents d ON d.workspace_id = c.workspace_id AND d.id = c.document_id
    JOIN sources s ON s.workspace_id = c.workspace_id AND s.id = c.source_id
    WHERE c.workspace_id = :ws AND c.id = :id
"""
