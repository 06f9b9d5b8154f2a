"""One document's way into the index: staged under its next generation, then made visible at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

from console import failpoint
from console.db.engine import Database, WriteTx, unreachable
from console.db.vectors import VectorStore
from console.errors import ConsoleError
from console.ids import ChunkId, DocumentId, new_id
from console.knowledge.connectors.fetched import Before, Fetched
from console.services.crawl_lease import Counts, Crawl, LeaseLostError, fence
from console.services.embedding_usage import DocumentUsage
from console.text import one_line

if TYPE_CHECKING:
    from console.ai.embedder import Embedder, Vectors
    from console.knowledge.chunk import ChunkText
    from console.knowledge.extract import Extracted

REMEMBERED_DAYS = 30
"""How long a document that is gone is still listed."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds of a document."""

    id: DocumentId
    generation: int
    status: str
    content_hash: bytes | None
    made: str = ""
    validators: Before = field(default_factory=dict)


class UnreadableError(ConsoleError):
    """A document can't be read; `withdraw` tells that its last good text no longer stands either."""

    def __init__(self, message: str, *, withdraw: bool = False) -> None:
        super().__init__(message)
        self.withdraw = withdraw


class WaitingError(ConsoleError):
    """A document can't be read now, and may be later."""


class Documents:
    """Writes the documents of one crawl, each transaction fenced by the crawl's lease."""

    def __init__(self, db: Database, crawl: Crawl, counts: Counts, vectors: VectorStore, embedder: Embedder) -> None:
        self.usage = DocumentUsage(db, crawl, embedder)
        self._db = db
        self._crawl = crawl
        self._counts = counts
        self._vectors = vectors
        self._model = embedder.model.name

    async def known(self) -> dict[str, Known]:
        """All documents of the source, by URI."""
        async with self._db.read(self._crawl.workspace_id) as tx:
            rows = await tx.rows(_KNOWN, source=self._crawl.source_id)
        return {row.uri: _known(row) for row in rows}

    async def begin(self, item: Fetched, known: Known | None) -> Known:
        """Say that the document is being read, and clear what a killed attempt has left of it."""
        async with self._writing() as tx:
            key = known.id if known else new_id()
            row = await tx.row(_BEGIN, id=key, source=self._crawl.source_id, uri=item.uri, title=item.name)
            if row is None:
                raise LeaseLostError
            await tx.execute(_CLEAR, document=row.id, generation=row.generation)
        return Known(DocumentId(row.id), row.generation, row.status, row.content_hash)

    async def stage(self, document: Known, title: str, chunks: Sequence[ChunkText], vectors: Vectors) -> None:
        """Write chunks and their vectors under the next generation, where no search sees them yet."""
        ids = [ChunkId(new_id()) for _ in chunks]
        self._counts.chunks += len(chunks)
        async with self._counting(document) as tx:
            await tx.many(_STAGE, [self._row(document, title, *pair) for pair in zip(ids, chunks, strict=True)])
            await self._vectors.add(tx, self._model, list(zip(ids, vectors, strict=True)))

    async def show(
        self, document: Known, item: Fetched, extracted: Extracted, content_hash: bytes, made: str = ""
    ) -> None:
        """Make the next generation the visible one, and the old one vanish, in one transaction."""
        async with self._counting(document) as tx:
            values = _values(item, extracted, made) | {"hash": content_hash, "next": document.generation + 1}
            await self._move(tx, _SHOW, document, values)
            await tx.execute(_CLEAR, document=document.id, generation=document.generation + 1)
            failpoint.hit("ingest.showing")

    async def settle(self, document: Known) -> None:
        """The document reads again as what is already visible: nothing to do but to say so."""
        async with self._writing() as tx:
            await self._move(tx, _SETTLE, document, {})

    async def fail(self, document: Known, reason: str, *, withdraw: bool) -> None:
        """Say why the document can't be read; `withdraw` takes its last good text out of the index."""
        async with self._counting(document) as tx:
            await self._move(tx, _WITHDRAW if withdraw else _FAIL, document, {"error": reason})
            visible = document.generation + 1 if withdraw else document.generation
            await tx.execute(_CLEAR, document=document.id, generation=visible)

    async def wait(self, document: Known, reason: str) -> None:
        """Say what the document waits for; what is visible of it stays."""
        async with self._counting(document) as tx:
            await self._move(tx, _WAIT, document, {"error": reason})
            await tx.execute(_CLEAR, document=document.id, generation=document.generation)

    async def remove(self, gone: Sequence[Known], reasons: Mapping[DocumentId, str]) -> None:
        """Take documents that the source no longer has out of the index, all in one transaction."""
        async with self._writing() as tx:
            ids = [document.id for document in gone]
            await tx.execute(_REMOVE, ids=ids, reasons=[reasons.get(id, "no longer at its source") for id in ids])
            await tx.execute(_EMPTY, ids=ids)
            await tx.execute(_FORGET, source=self._crawl.source_id, days=REMEMBERED_DAYS)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[WriteTx]:
        with _storing():
            async with self._db.write(self._crawl.workspace_id) as tx:
                await fence(tx, self._crawl, self._counts)
                yield tx

    @asynccontextmanager
    async def _counting(self, document: Known) -> AsyncIterator[WriteTx]:
        """A transaction in which is counted what embedding the document has taken since the last one."""
        async with self._writing() as tx:
            yield tx
            await self.usage.count(tx, document.id)
        self.usage.counted()

    def _row(self, document: Known, title: str, id: UUID, chunk: ChunkText) -> dict[str, object]:
        return {
            "ws": self._crawl.workspace_id, "id": id, "document": document.id, "source": self._crawl.source_id,
            "generation": document.generation + 1, "ordinal": chunk.ordinal, "text": plain(chunk.text),
            "heading": plain(" > ".join(chunk.heading_path)), "hash": bytes.fromhex(chunk.hash),
            "tokens": chunk.token_count, "words": plain(" ".join(standing(title, chunk))),
        }  # fmt: skip

    async def _move(self, tx: WriteTx, statement: str, document: Known, values: dict[str, object]) -> None:
        row = await tx.row(statement, id=document.id, generation=document.generation, **values)
        if row is None:
            raise LeaseLostError


@contextmanager
def _storing() -> Iterator[None]:
    """Tell what Postgres refuses to store of a document from a lost connection."""
    try:
        yield
    except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as error:
        raise UnreadableError(f"can't be stored: {one_line(str(error))}") from error
    except psycopg.OperationalError as error:
        raise unreachable(error) from error


def plain(text: str) -> str:
    """Text that Postgres can store: no NUL, no half character."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _known(row: Any) -> Known:
    about = row.fetch_metadata
    return Known(row.id, row.generation, row.status, row.content_hash, about.get("made", ""), about.get("asked", {}))


def _values(item: Fetched, extracted: Extracted, made: str) -> dict[str, object]:
    about = {
        "made": made,
        **({"modified": item.modified.isoformat()} if item.modified else {}),
        **({"asked": {key: plain(value) for key, value in item.validators.items()}} if item.validators else {}),
    }
    return {
        "title": plain(extracted.title),
        "excerpt": plain(extracted.excerpt),
        "content": plain("\n\n".join(block.text for block in extracted.blocks)),
        "media": item.media_type or "",
        "metadata": json.dumps(about),
    }


_KNOWN = """
    SELECT uri, id, generation, status, content_hash, fetch_metadata FROM documents
    WHERE workspace_id = :ws AND source_id = :source
"""
_BEGIN = """
    INSERT INTO documents (workspace_id, id, source_id, uri, title, status)
    VALUES (:ws, :id, :source, :uri, :title, 'processing')
    ON CONFLICT (workspace_id, source_id, uri) DO UPDATE SET status = 'processing'
    RETURNING id, generation, status, content_hash
"""
_CLEAR = "DELETE FROM chunks WHERE workspace_id = :ws AND document_id = :document AND generation <> :generation"
_STAGE = """
    INSERT INTO chunks (workspace_id, id, document_id, source_id, generation, ordinal, text, heading_path, hash,
                        token_count, tsv)
    VALUES (%(ws)b, %(id)b, %(document)b, %(source)b, %(generation)b, %(ordinal)b, %(text)b, %(heading)b, %(hash)b,
            %(tokens)b, setweight(to_tsvector('pg_catalog.english', %(words)b), 'B')
                        || to_tsvector('pg_catalog.english', %(text)b))
"""
_MOVE = """
    UPDATE documents SET {}, updated_at = now()
    WHERE workspace_id = :ws AND id = :id AND generation = :generation RETURNING id
"""
_SHOW = _MOVE.format(
    "generation = :next, status = 'ready', error = '', title = :title, excerpt = :excerpt, content = :content,"
    " content_hash = :hash, media_type = :media, fetch_metadata = cast(:metadata AS jsonb), fetched_at = now()"
)
_SETTLE = _MOVE.format("status = 'ready', error = ''")
_FAIL = _MOVE.format("status = 'failed', error = :error")
_WAIT = _MOVE.format("status = 'waiting', error = :error")
_WITHDRAW = _MOVE.format(
    "status = 'failed', error = :error, generation = generation + 1, content = '', excerpt = '', content_hash = NULL"
)
_REMOVE = """
    UPDATE documents d SET status = 'removed', error = gone.reason, generation = d.generation + 1, content = '',
        excerpt = '', content_hash = NULL, fetch_metadata = '{}', updated_at = now()
    FROM unnest(cast(:ids AS uuid[]), cast(:reasons AS text[])) AS gone (id, reason)
    WHERE d.workspace_id = :ws AND d.id = gone.id
"""
_EMPTY = "DELETE FROM chunks WHERE workspace_id = :ws AND document_id = ANY (:ids)"
_FORGET = """
    DELETE FROM documents WHERE workspace_id = :ws AND source_id = :source AND status = 'removed'
        AND updated_at < now() - make_interval(days => :days)
"""


def standing(title: str, chunk: ChunkText) -> tuple[str, ...]:
    """Where a chunk stands: the document's title, unless its first heading says the same, then its headings."""
    path = chunk.heading_path
    return path if path and path[0].casefold() == title.casefold() else (title, *path)
