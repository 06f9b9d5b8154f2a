"""Sources, their documents and their latest run, read as a person sees them."""

from __future__ import annotations

from typing import Any

from console.db.engine import ReadTx
from console.domain.crawl import CrawlRun, SourceDetails
from console.domain.knowledge import Document, DocumentPart, DocumentText, Progress, Source, SourceStatus
from console.errors import NotFoundError
from console.ids import DocumentId, SourceId
from console.text import one_line, sanitise


async def all_sources(tx: ReadTx) -> tuple[Source, ...]:
    """All sources, oldest first."""
    return tuple(_source(row) for row in await tx.rows(_SOURCES + " ORDER BY s.id"))


async def one_source(tx: ReadTx, id: SourceId) -> Source:
    """One source; `NotFoundError` when there is none such."""
    row = await tx.row(_SOURCES + " AND s.id = :id", id=id)
    if row is None:
        raise NotFoundError(f"there is no source {id}", hint="console source list")
    return _source(row)


async def details(tx: ReadTx, id: SourceId, most: int | None = None) -> SourceDetails:
    """One source with its documents by URI, or `most` of them, those that need somebody first; `NotFoundError`."""
    source = await one_source(tx, id)
    documents = await tx.rows(_DOCUMENTS, source=id, most=most)
    return SourceDetails(source, tuple(map(_document, documents)), await latest_run(tx, id))


async def document_text(tx: ReadTx, id: DocumentId, first: int, limit: int) -> DocumentText:
    """One document with the passages a search sees of it, those from ordinal `first` on; `NotFoundError`."""
    rows = await tx.rows(_TEXT, document=id, first=first, limit=limit)
    if not rows:
        raise NotFoundError(f"there is no document {id}", hint="console source show SOURCE lists them")
    parts = tuple(
        DocumentPart(row.ordinal, one_line(row.heading_path, 1000), sanitise(row.text))
        for row in rows
        if row.ordinal is not None
    )
    return DocumentText(_document(rows[0]), rows[0].generation, parts)


async def latest_run(tx: ReadTx, id: SourceId) -> CrawlRun | None:
    """The last attempt to read a source; None before the first."""
    row = await tx.row(_RUN, source=id)
    return _run(row) if row else None


def _source(row: Any) -> Source:
    progress = None
    if row.run_since is not None:
        progress = Progress(
            row.run_state == "running", row.run_done, row.run_total, row.run_failed, row.run_chunks,
            row.run_chunks_total, row.run_since, row.run_again_at,
        )  # fmt: skip
    return Source(
        SourceId(row.id), one_line(row.kind), one_line(row.name), one_line(row.uri, 1000), SourceStatus(row.status),
        one_line(row.error, 1000), row.documents, row.failing, row.chunks, row.synced_at, progress,
    )  # fmt: skip


def _document(row: Any) -> Document:
    return Document(
        DocumentId(row.id), SourceId(row.source_id), one_line(row.uri, 1000), one_line(row.title),
        one_line(row.status), one_line(row.error, 1000), row.chunks, row.fetched_at,
    )  # fmt: skip


def _run(row: Any) -> CrawlRun:
    skipped = tuple((one_line(skip["uri"], 1000), one_line(skip["reason"])) for skip in row.skipped)
    return CrawlRun(
        row.id, row.state, row.attempt, row.documents_total, row.documents_done, row.documents_unchanged,
        row.documents_failed, row.chunks, skipped, row.documents_skipped, one_line(row.error, 1000), row.created_at,
        row.started_at, row.finished_at,
    )  # fmt: skip


_FAILING_DOCUMENTS = """
    FROM documents d WHERE d.workspace_id = s.workspace_id AND d.source_id = s.id AND d.status = 'failed'
"""
FAILS = f"(s.status = 'failed' OR EXISTS (SELECT {_FAILING_DOCUMENTS}))"
"""Whether the source `s` needs somebody, as `Source.fails` says it."""

_SOURCES = f"""
    SELECT s.id, s.kind, s.name, s.uri, s.status, s.error, s.synced_at,
        (SELECT count(*) FROM documents d WHERE d.workspace_id = s.workspace_id AND d.source_id = s.id
            AND d.status <> 'removed') AS documents,
        (SELECT count(*) {_FAILING_DOCUMENTS}) AS failing,
        (SELECT count(*) FROM chunks c JOIN documents d ON d.workspace_id = c.workspace_id AND d.id = c.document_id
            AND d.generation = c.generation WHERE c.workspace_id = s.workspace_id AND c.source_id = s.id) AS chunks,
        r.state AS run_state, r.documents_done AS run_done, r.documents_total AS run_total,
        r.documents_failed AS run_failed, r.chunks AS run_chunks, r.chunks_total AS run_chunks_total,
        r.created_at AS run_since, CASE WHEN r.not_before > now() THEN r.not_before END AS run_again_at
    FROM sources s LEFT JOIN crawl_runs r ON r.workspace_id = s.workspace_id AND r.source_id = s.id
        AND r.state IN ('queued', 'running')
    WHERE s.workspace_id = :ws
"""  # noqa: S608 - constants only
_DOCUMENTS = """
    SELECT d.id, d.source_id, d.uri, d.title, d.status, d.error, d.fetched_at,
        (SELECT count(*) FROM chunks c WHERE c.workspace_id = d.workspace_id AND c.document_id = d.id
            AND c.generation = d.generation) AS chunks
    FROM documents d WHERE d.workspace_id = :ws AND d.source_id = :source
    ORDER BY CASE WHEN cast(:most AS integer) IS NOT NULL THEN array_position(
        ARRAY['failed', 'waiting', 'processing', 'pending', 'ready', 'removed'], d.status) END, d.uri
    LIMIT :most
"""
# One statement: a new generation shows itself between two.
_TEXT = """
    WITH d AS MATERIALIZED (
        SELECT d.workspace_id, d.id, d.source_id, d.uri, d.title, d.status, d.error, d.fetched_at, d.generation,
            (SELECT count(*) FROM chunks c WHERE c.workspace_id = d.workspace_id AND c.document_id = d.id
                AND c.generation = d.generation) AS chunks
        FROM documents d WHERE d.workspace_id = :ws AND d.id = :document)
    SELECT d.*, c.ordinal, c.heading_path, c.text FROM d LEFT JOIN LATERAL (
        SELECT c.ordinal, c.heading_path, c.text FROM chunks c
        WHERE c.workspace_id = d.workspace_id AND c.document_id = d.id AND c.generation = d.generation
            AND c.ordinal >= :first ORDER BY c.ordinal LIMIT :limit) c ON true
    ORDER BY c.ordinal
"""
_RUN = "SELECT * FROM crawl_runs WHERE workspace_id = :ws AND source_id = :source ORDER BY id DESC LIMIT 1"
