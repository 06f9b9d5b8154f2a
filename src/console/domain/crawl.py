"""Attempts to read a source, and what they left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.domain.knowledge import Document, Source
from console.text import SafeText


@dataclass(frozen=True, slots=True)
class CrawlRun:
    """The latest attempt to read a source."""

    id: UUID
    state: str
    attempt: int
    total: int
    done: int
    unchanged: int
    failed: int
    chunks: int
    skipped: tuple[tuple[SafeText, SafeText], ...]
    skipped_total: int
    error: SafeText
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def active(self) -> bool:
        """Queued or running."""
        return self.state in {"queued", "running"}


@dataclass(frozen=True, slots=True)
class SourceDetails:
    """A source with all its documents and its latest run."""

    source: Source
    documents: tuple[Document, ...]
    run: CrawlRun | None
