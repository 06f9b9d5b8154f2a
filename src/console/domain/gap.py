"""Knowledge gaps: the questions an agent could not answer, each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.ids import GapId
from console.text import SafeText


class GapTrigger(StrEnum):
    """What made the question a gap."""

    LOW_CONFIDENCE = "low_confidence"
    NO_HIT = "no_hit"
    HANDOFF = "handoff"
    THUMBS_DOWN = "thumbs_down"
    HUMAN_ANSWERED = "human_answered"
    FLAGGED = "flagged"


class GapStatus(StrEnum):
    """Where the review of a gap stands; a dismissed gap never returns."""

    OPEN = "open"
    DRAFTED = "drafted"
    APPROVED = "approved"
    DISMISSED = "dismissed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Gap:
    """A cluster of the same question."""

    id: GapId
    question: SafeText
    status: GapStatus
    trigger: GapTrigger
    occurrences: int
    conversations: int
    score: float | None
    threshold: float | None
    first_seen_at: datetime
    last_seen_at: datetime
