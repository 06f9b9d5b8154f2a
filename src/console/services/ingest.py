"""Reading a source into the index: document by document, each all or nothing, killed work resumed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from console import failpoint, log
from console.addresses import PUBLIC, Reach
from console.db.engine import Database
from console.db.vectors import PgVectors, VectorStore
from console.domain.knowledge import IngestProgress
from console.errors import ConnectionFailedError, ConsoleError, InvalidInputError, OverQuotaError
from console.ids import WorkspaceId
from console.knowledge.connectors import connector
from console.knowledge.connectors.fetched import Fetched
from console.services import crawl_lease
from console.services.crawl_lease import LEASE_SECONDS, Counts, Crawl, LeaseLostError
from console.services.documents import Documents, Known, UnreadableError, WaitingError, standing
from console.text import one_line

if TYPE_CHECKING:
    from console.ai.embedder import Embedder, Vectors
    from console.knowledge.chunk import ChunkText
    from console.knowledge.extract import Extracted

PIPELINE = b"1"
"""Rises when extraction or chunking changes, so that every document is read anew."""

BATCH = 16
"""How many chunks are embedded between two writes."""

Report = Callable[[IngestProgress], None]


async def run_crawl(
    db: Database,
    workspace_id: WorkspaceId,
    crawl_run_id: UUID,
    embedder: Embedder,
    *,
    progress: Report = lambda _progress: None,
    vectors: VectorStore | None = None,
    lease_seconds: float = LEASE_SECONDS,
    reach: Reach = PUBLIC,
) -> bool:
    """Work off one crawl run to its end; False when another worker holds it, or took it over meanwhile.

    What goes wrong with one document, or with the source, ends in its status and reason, not in an exception;
    a lost database raises `ConnectionFailedError` and leaves the run to whoever takes it next.
    """
    crawl = await crawl_lease.take(db, workspace_id, crawl_run_id, lease_seconds)
    if crawl is None:
        return False
    failpoint.hit("ingest.taken")
    counts = Counts()
    documents = Documents(db, crawl, counts, vectors or PgVectors(), embedder)
    try:
        async with crawl_lease.kept(db, crawl):
            return await _whole(db, crawl, counts, _Crawler(crawl, counts, documents, embedder, progress, reach))
    except LeaseLostError:
        return False
    except asyncio.CancelledError:
        await asyncio.shield(crawl_lease.give_back(db, crawl))
        raise


async def _whole(db: Database, crawl: Crawl, counts: Counts, crawler: _Crawler) -> bool:
    """Read the source and close the run, whatever happens on the way."""
    try:
        await crawler.run()
        failpoint.hit("ingest.finishing")
        await (crawl_lease.put_off if counts.waiting else crawl_lease.finish)(db, crawl, counts)
    except (ConnectionFailedError, LeaseLostError):
        raise
    except ConsoleError as error:
        await crawl_lease.finish(db, crawl, counts, error.message)
    except Exception as error:
        incident = log.incident(error)
        await crawl_lease.finish(db, crawl, counts, f"something broke inside (incident {incident})")
    return True


class _Crawler:
    """Reads one source from its first item to its last."""

    def __init__(
        self,
        crawl: Crawl,
        counts: Counts,
        documents: Documents,
        embedder: Embedder,
        progress: Report,
        reach: Reach = PUBLIC,
    ) -> None:
        self._crawl = crawl
        self._counts = counts
        self._documents = documents
        self._embedder = embedder
        self._progress = progress
        self._reach = reach

    async def run(self) -> None:
        """Bring every document up to date, then remove those that are gone."""
        source = connector(self._crawl.kind)
        self._counts.total = await source.count(self._crawl.uri)
        known = await self._documents.known()
        seen: set[str] = set()
        gone: dict[str, str] = {}
        before = {uri: document.validators for uri, document in known.items() if self._stands(document)}
        items = source.fetch(self._crawl.uri, self._reach, before)
        async for item in items:
            if item.skipped:
                self._counts.skip(item.uri, item.skipped)
            elif item.gone:
                self._counts.gone(item.gone)
                gone[item.uri] = item.gone
            else:
                seen.add(item.uri)
                await self._item(item, known.get(item.uri))
        await self._remove(known, seen, gone)

    def _stands(self, document: Known) -> bool:
        """Whether what is visible of it was made as it would be made now."""
        return document.status == "ready" and document.made == self._made

    async def _item(self, item: Fetched, known: Known | None) -> None:
        self._report(item)
        fingerprint = await asyncio.to_thread(self._fingerprint, item)
        same = known is not None and known.status == "ready" and known.content_hash == fingerprint
        if item.unchanged or same:
            self._counts.unchanged += 1
            self._counts.done += 1
        else:
            await self._document(item, known, fingerprint)
        self._report(item)

    async def _document(self, item: Fetched, known: Known | None, fingerprint: bytes | None) -> None:
        document = await self._documents.begin(item, known)
        failpoint.hit("ingest.begun")
        before = self._counts.chunks, self._counts.chunks_total
        try:
            await self._index(document, item, fingerprint)
        except UnreadableError as error:
            self._counts.chunks, self._counts.chunks_total = before
            self._counts.fail(error.message)
            await self._documents.fail(document, error.message, withdraw=error.withdraw)
        except WaitingError as error:
            self._counts.chunks, self._counts.chunks_total = before
            self._counts.wait(error.message)
            await self._documents.wait(document, error.message)
        except OverQuotaError as error:
            await self._documents.fail(document, error.message, withdraw=False)
            raise
        failpoint.hit("ingest.shown")

    async def _index(self, document: Known, item: Fetched, fingerprint: bytes | None) -> None:
        if item.data is None or fingerprint is None:
            raise UnreadableError(item.error or "can't be read")
        if document.content_hash == fingerprint:
            self._counts.unchanged += 1
            self._counts.done += 1
            await self._documents.settle(document)
            return
        extracted, chunks = await self._read(item, item.data)
        self._counts.chunks_total += len(chunks)
        for batch in _batches(chunks):
            vectors = await self._embed(extracted.title, batch)
            failpoint.hit("ingest.embedded")
            await self._documents.stage(document, extracted.title, batch, vectors)
            failpoint.hit("ingest.staged")
            self._report(item)
        self._counts.done += 1
        await self._documents.show(document, item, extracted, fingerprint, self._made)

    async def _remove(self, known: dict[str, Known], seen: set[str], gone: dict[str, str]) -> None:
        """An unreadable folder says nothing about what is below it: that stays."""
        unread = tuple(uri for uri in seen if uri.endswith("/"))
        left = [
            document
            for uri, document in known.items()
            if document.status != "removed" and uri not in seen and not (unread and uri.startswith(unread))
        ]
        if left:
            await self._documents.remove(left, {known[uri].id: why for uri, why in gone.items() if uri in known})
            failpoint.hit("ingest.removed")

    @property
    def _made(self) -> str:
        return f"{PIPELINE.decode()} {self._embedder.model.name}"

    def _fingerprint(self, item: Fetched) -> bytes | None:
        """What the document's chunks and vectors depend on: how they are made, and the bytes."""
        if item.data is None:
            return None
        made = b"\0".join((PIPELINE, self._embedder.model.name.encode(), item.name.encode("utf-8", "replace")))
        return hashlib.sha256(made + b"\0" + item.data).digest()

    async def _read(self, item: Fetched, data: bytes) -> tuple[Extracted, list[ChunkText]]:
        from console.knowledge.chunk import chunk
        from console.knowledge.extract import read

        try:
            extracted = await read(data, name=item.name, media_type=item.media_type)
            return extracted, await asyncio.to_thread(chunk, extracted.blocks, self._embedder.count_tokens)
        except ConsoleError as error:
            raise UnreadableError(error.message, withdraw=isinstance(error, InvalidInputError)) from error
        except Exception as error:
            raise UnreadableError(f"can't be read (incident {log.incident(error)})") from error

    async def _embed(self, title: str, chunks: Sequence[ChunkText]) -> Vectors:
        from console.ai.model_error import ModelError

        await self._documents.usage.require_room(chunks)
        try:
            return await self._documents.usage.embedded([embedded_text(title, chunk) for chunk in chunks])
        except ConsoleError as error:
            if isinstance(error, ModelError) and error.passes:
                raise WaitingError(f"waiting for the embedding model: {error.message}") from error
            raise UnreadableError(error.message) from error

    def _report(self, item: Fetched) -> None:
        counts = self._counts
        self._progress(
            IngestProgress(
                self._crawl.source_id,
                counts.done,
                counts.total,
                counts.chunks,
                counts.failed,
                one_line(item.uri),
                counts.chunks_total,
            )
        )


def embedded_text(title: str, chunk: ChunkText) -> str:
    """What is embedded for a chunk: where it stands, then its words, as far as a person sees them."""
    from console.knowledge.chunk import headed
    from console.knowledge.invisible import visible

    return visible(headed(standing(title, chunk), chunk.text))


def _batches(chunks: Sequence[ChunkText]) -> Iterator[Sequence[ChunkText]]:
    return (chunks[start : start + BATCH] for start in range(0, len(chunks), BATCH))
