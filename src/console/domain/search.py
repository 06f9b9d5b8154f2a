"""What a search gives back, and why a chunk is or is not in it."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.knowledge import Passage
from console.ids import ChunkId
from console.text import SafeText


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The passages of one search, best first, and how long it took in milliseconds."""

    passages: tuple[Passage, ...]
    ms: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where a chosen chunk stands for a question. `reason` is empty when it is among the results.

    `rank` counts from 1 among all candidates; `cosine` is None when the chunk has no vector yet.
    """

    chunk_id: ChunkId
    document: SafeText
    source: SafeText
    found: bool
    rank: int | None
    score: float | None
    dense_rank: int | None
    text_rank: int | None
    cosine: float | None
    text_score: float | None
    reason: str
