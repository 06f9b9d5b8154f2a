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


@dataclass(frozen=True, slots=True)
class Source:
    """A place that knowledge comes from."""

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
class IngestProgress:
    """Real counts of a running ingest."""

    source_id: SourceId
    done: int
    total: int
    chunks: int
    failed: int
    current: SafeText


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
