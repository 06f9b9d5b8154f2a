"""The vector store: chunks by their embeddings. pgvector is the default, behind one small interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, Protocol

from pgvector import HalfVector
from pgvector.psycopg.halfvec import HalfVectorBinaryDumper

from console.db.engine import ReadTx, WriteTx
from console.errors import RefusedError
from console.ids import ChunkId, SourceId

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

EXACT_BELOW = 2000
"""Below so many vectors of a tenant the search is exact."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A chunk near a question, and the cosine of the two."""

    chunk_id: ChunkId
    cosine: float


class VectorStore(Protocol):
    """Keeps one vector a chunk and model; every call stays inside the transaction's tenant."""

    async def add(self, tx: WriteTx, model: str, vectors: Sequence[tuple[ChunkId, Vector]]) -> None:
        """Store vectors of chunks that have none of this model yet."""

    async def nearest(
        self, tx: ReadTx, model: str, vector: Vector, *, sources: Sequence[SourceId] | None, k: int
    ) -> tuple[Neighbour, ...]:
        """The `k` visible chunks nearest by cosine, best first; only of `sources` unless None."""

    async def cosines(self, tx: ReadTx, model: str, vector: Vector, ids: Sequence[ChunkId]) -> dict[ChunkId, float]:
        """The cosine of each of these chunks that has a vector."""


class PgVectors:
    """pgvector: exact for small tenants, one HNSW index a model for large ones."""

    def __init__(self, exact_below: int = EXACT_BELOW) -> None:
        self._exact_below = exact_below
        self._models: dict[str, tuple[int, int]] = {}

    async def add(self, tx: WriteTx, model: str, vectors: Sequence[tuple[ChunkId, Vector]]) -> None:
        """Store vectors of chunks that have none of this model yet."""
        model_id, _ = await self._model(tx, model)
        # Without an oid the server takes the column's own type, whatever its number in this database.
        tx.connection.adapters.register_dumper(HalfVector, HalfVectorBinaryDumper)
        rows = [{"w": tx.workspace_id, "c": key, "m": model_id, "v": HalfVector(vector)} for key, vector in vectors]
        await tx.many(_ADD, rows)

    async def nearest(
        self, tx: ReadTx, model: str, vector: Vector, *, sources: Sequence[SourceId] | None, k: int
    ) -> tuple[Neighbour, ...]:
        """The `k` visible chunks nearest by cosine, best first; only of `sources` unless None."""
        model_id, dimensions = await self._model(tx, model)
        values = {"vector": HalfVector(vector).to_text(), "sources": None if sources is None else list(sources), "k": k}
        held = await tx.scalar(_TUNE, model=model_id, enough=self._exact_below)
        rows: Sequence[Any] = ()
        if held >= self._exact_below:
            rows = await tx.rows(_nearest(model_id, dimensions, exact=False), **values)
        # A walk through the index gives up after some distance: few results may be too few.
        if len(rows) < k:
            rows = await tx.rows(_nearest(model_id, dimensions, exact=True), **values)
        # A vector of zeros, as others may have stored it, has no cosine.
        found = [Neighbour(row.chunk_id, 1.0 - row.distance) for row in rows if not isnan(row.distance)]
        return tuple(sorted(found, key=lambda one: -one.cosine))

    async def cosines(self, tx: ReadTx, model: str, vector: Vector, ids: Sequence[ChunkId]) -> dict[ChunkId, float]:
        """The cosine of each of these chunks that has a vector."""
        model_id, _ = await self._model(tx, model)
        rows = await tx.rows(_COSINES, model=model_id, vector=HalfVector(vector).to_text(), ids=list(ids))
        return {ChunkId(row.chunk_id): row.cosine for row in rows if not isnan(row.cosine)}

    async def _model(self, tx: ReadTx, name: str) -> tuple[int, int]:
        """The id and dimensions of a model; `RefusedError` when the database does not know it."""
        if name not in self._models:
            row = await tx.row("SELECT id, dimensions FROM embedding_models WHERE name = :name", name=name)
            if row is None:
                raise RefusedError(f"the database does not know the embedding model {name}")
            self._models[name] = (row.id, row.dimensions)
        return self._models[name]


def _nearest(model_id: int, dimensions: int, *, exact: bool) -> str:
    """The index is used only where cast and predicate stand as its definition has them, and nothing is added."""
    distance = f"e.embedding::halfvec({dimensions}) <=> cast(:vector AS halfvec({dimensions}))"
    return _NEAREST.format(distance=f"({distance}) + 0" if exact else distance, model_id=model_id)


_ADD = """
    INSERT INTO embeddings (workspace_id, chunk_id, model_id, embedding, status, attempts, embedded_at)
    VALUES (%(w)b, %(c)b, %(m)b, %(v)b, 'ready', 1, now())
"""
_TUNE = """
    SELECT count(*) FROM (SELECT FROM embeddings WHERE workspace_id = :ws AND model_id = :model LIMIT :enough) held,
        (SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true),
                set_config('plan_cache_mode', 'force_custom_plan', true)) tuned
"""
_NEAREST = """
    SELECT e.chunk_id, {distance} AS distance
    FROM embeddings e
    JOIN chunks c ON c.workspace_id = e.workspace_id AND c.id = e.chunk_id
    JOIN documents d ON d.workspace_id = c.workspace_id AND d.id = c.document_id AND d.generation = c.generation
    WHERE e.workspace_id = :ws AND e.model_id = {model_id} AND e.embedding IS NOT NULL
      AND (cast(:sources AS uuid[]) IS NULL OR c.source_id = ANY (cast(:sources AS uuid[])))
    ORDER BY 2
    LIMIT :k
"""
_COSINES = """
    SELECT e.chunk_id, 1 - (e.embedding <=> cast(:vector AS halfvec)) AS cosine FROM embeddings e
    WHERE e.workspace_id = :ws AND e.chunk_id = ANY (:ids) AND e.model_id = :model AND e.embedding IS NOT NULL
"""
