"""Vector and text search stay inside the tenant, and find its own as well as if it were alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from console.db.embedded.server import ServerUrls
from console.db.engine import Database, ReadTx
from console.db.vectors import PgVectors, _nearest
from console.ids import ChunkId, WorkspaceId, new_id
from tests.world import make_world

MODEL, WIDTH = "all-MiniLM-L6-v2-int8", 384
MINE, THEIRS, ASKED = 250, 2500, 40
Vectors = NDArray[np.float32]
_CHUNK = """
    INSERT INTO chunks (workspace_id, id, document_id, source_id, generation, ordinal, text, hash, token_count, tsv)
    VALUES (%(w)s, %(i)s, %(d)s, %(s)s, 1, %(n)s, %(t)s, '', 3, to_tsvector('english', %(t)s))
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """A workspace's chunks and their vectors, in the same order."""

    workspace_id: WorkspaceId
    ids: list[ChunkId]
    vectors: Vectors


def _vectors(seed: int, count: int) -> Vectors:
    """Points in a few clusters, the same clusters whatever the seed: everybody's topics are alike."""
    centres = np.random.default_rng(7).standard_normal((20, WIDTH))
    random = np.random.default_rng(seed)
    points = centres[random.integers(0, 20, count)] + 0.8 * random.standard_normal((count, WIDTH))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), np.float32)


async def _hold(db: Database, seed: int, count: int, word: str) -> Holding:
    workspace_id = (await make_world(db)).workspace_id
    source, document, ids = new_id(), new_id(), [ChunkId(new_id()) for _ in range(count)]
    vectors = _vectors(seed, count)
    async with db.write(workspace_id) as tx:
        await tx.execute(
            "INSERT INTO sources (workspace_id, id, kind, name, uri) VALUES (:ws, :id, 'file', 'f', '/f')", id=source
        )
        await tx.execute(
            "INSERT INTO documents (workspace_id, id, source_id, uri, generation) VALUES (:ws, :id, :source, '/f', 1)",
            id=document, source=source,
        )  # fmt: skip
        shared = {"w": workspace_id, "d": document, "s": source}
        rows = [shared | {"i": id, "n": n, "t": f"{word} returns number{n}"} for n, id in enumerate(ids)]
        await tx.many(_CHUNK, rows)
        await PgVectors().add(tx, MODEL, list(zip(ids, vectors, strict=True)))
    return Holding(workspace_id, ids, vectors)


async def _both(urls: ServerUrls) -> tuple[Holding, Holding]:
    database = Database(urls.app)
    try:
        return await _hold(database, 1, MINE, "apricot"), await _hold(database, 2, THEIRS, "banana")
    finally:
        await database.close()


@pytest.fixture(scope="module")
def holdings(urls: ServerUrls) -> tuple[Holding, Holding]:
    """A small tenant beside one with ten times its chunks, on the same topics."""
    return asyncio.run(_both(urls))


async def _by_the_index(tx: ReadTx) -> int:
    """Make the planner walk the HNSW index, even where sorting would be cheaper."""
    await tx.execute("SET LOCAL enable_sort = off")
    await tx.execute("SET LOCAL enable_bitmapscan = off")
    values = {"vector": f"[{','.join(['1'] * WIDTH)}]", "sources": None, "k": 10}
    plan = await tx.rows(f"EXPLAIN {_nearest(1, WIDTH, exact=False)}", **values)
    assert "embeddings_hnsw_1" in str(plan)
    return 0


async def _exactly(_tx: ReadTx) -> int:
    return 10**6


@pytest.mark.parametrize("way", [_by_the_index, _exactly])
async def test_asking_with_anothers_words_finds_ones_own(
    db: Database, holdings: tuple[Holding, Holding], way: Callable[[ReadTx], Awaitable[int]]
) -> None:
    mine, theirs = holdings
    right = 0
    for vector in theirs.vectors[:ASKED]:
        async with db.read(mine.workspace_id) as tx:
            store = PgVectors(exact_below=await way(tx))
            found = {one.chunk_id for one in await store.nearest(tx, MODEL, vector, sources=None, k=10)}
        assert found <= set(mine.ids)
        truly = np.argsort(-(mine.vectors @ vector))[:10]
        right += len({mine.ids[place] for place in truly} & found)
    assert right / (ASKED * 10) >= 0.95, right


async def test_the_text_search_knows_the_tenant_from_the_transaction(
    db: Database, holdings: tuple[Holding, Holding]
) -> None:
    mine, theirs = holdings
    query = "SELECT chunk_id FROM search_chunks(:question, 5000, NULL)"
    for question, count in (("banana", 0), ("banana returns", MINE), ("apricot", MINE)):
        async with db.read(mine.workspace_id) as tx:
            found = {row.chunk_id for row in await tx.rows(query, question=question)}
        assert found <= set(mine.ids)
        assert len(found) == count
    async with db.read(None) as tx:
        assert await tx.rows(query, question="returns") == []
    async with db.read(theirs.workspace_id) as tx:
        assert len(await tx.rows(query, question="banana")) == THEIRS
