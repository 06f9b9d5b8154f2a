"""Sources, documents, and what a search finds in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.ids import ChunkId, DocumentId, SourceId
from console.text import SafeText


class SourceStatus(StrEnum):
    """Where a source stands."""

    PENDING = "pending"
    SYNCING = "syncing"
    READY = "ready"
    FAILED = "failed"
    PAUSED = "paused"


def counted(done: int, total: int, chunks: int, chunks_total: int) -> tuple[int, int]:
    """What moves, of how many: documents, or the passages of an only one."""
    return (chunks, chunks_total) if total == 1 and chunks_total else (done, total)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run under way is; `again_at` is set when documents wait until then for a model."""

    running: bool
    done: int
    total: int
    failed: int
    chunks: int
    chunks_total: int
    since: datetime
    again_at: datetime | None = None

    @property
    def counted(self) -> tuple[int, int]:
        """What moves, of how many: documents, or the passages of an only one."""
        return counted(self.done, self.total, self.chunks, self.chunks_total)


@dataclass(frozen=True, slots=True)
class Source:
    """A place that knowledge comes from; `progress` while a run is queued or under way."""

    id: SourceId
    kind: SafeText
    name: SafeText
    uri: SafeText
    status: SourceStatus
    error: SafeText
    documents: int
    failing: int
    chunks: int
    synced_at: datetime | None
    progress: Progress | None = None

    @property
    def fails(self) -> bool:
        """Whether it can't be read, or some of its documents can't."""
        return self.status is SourceStatus.FAILED or self.failing > 0


@dataclass(frozen=True, slots=True)
class Document:
    """One page or file of a source."""

    id: DocumentId
    source_id: SourceId
    uri: SafeText
    title: SafeText
    status: SafeText
    error: SafeText
    chunks: int
    fetched_at: datetime | None


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """A passage in its place in a document, as the search has it; `ordinal` counts from 0 without holes."""

    ordinal: int
    heading: SafeText
    text: SafeText


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document and some of its passages, in order; those of another `generation` do not go with them."""

    document: Document
    generation: int
    parts: tuple[DocumentPart, ...]


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """Real counts of a running ingest."""

    source_id: SourceId
    done: int
    total: int
    chunks: int
    failed: int
    current: SafeText
    chunks_total: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question; `text` is raw, for ranking and quoting."""

    chunk_id: ChunkId
    document_id: DocumentId
    source_id: SourceId
    uri: str
    title: str
    heading: str
    text: str
    score: float
    dense_rank: int | None
    text_rank: int | None
    dense_score: float
    text_score: float
