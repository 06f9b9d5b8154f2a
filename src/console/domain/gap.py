"""Knowledge gaps: the questions an agent could not answer, each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.curated import CuratedAnswer
from console.ids import AgentId, ConversationId, GapId
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
    """Where the review of a gap stands; a dismissed gap never returns, and a merged one is part of another."""

    OPEN = "open"
    DRAFTED = "drafted"
    APPROVED = "approved"
    DISMISSED = "dismissed"
    EXPIRED = "expired"
    MERGED = "merged"


class DraftOrigin(StrEnum):
    """Where the words of a draft come from."""

    NONE = ""
    PERSON = "person"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Gap:
    """A cluster of the same question; `answered` when a person has answered it in one of its conversations."""

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
    agent_id: AgentId
    agent_slug: SafeText
    answered: bool
    draft: SafeText
    draft_origin: DraftOrigin
    drafted_at: datetime | None
    reviewer_name: SafeText
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class GapOccurrence:
    """One time that it was asked: by whom, and `seq` of the question in its conversation."""

    conversation_id: ConversationId
    seq: int
    question: SafeText
    visitor_name: SafeText
    trigger: GapTrigger
    score: float | None
    threshold: float | None
    similarity: float | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NearPassage:
    """A passage that the search brought, and was not good enough."""

    title: SafeText
    heading: SafeText
    score: float | None


@dataclass(frozen=True, slots=True)
class SimilarGap:
    """Another gap that may be the same, and the cosine of the two questions."""

    id: GapId
    question: SafeText
    status: GapStatus
    occurrences: int
    similarity: float


@dataclass(frozen=True, slots=True)
class HumanReply:
    """What a person answered after the question was asked."""

    content: SafeText
    author_name: SafeText
    conversation_id: ConversationId
    seq: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GapDetail:
    """A gap with all that a reviewer looks at; `occurrences` newest first, `questions` each once, most asked first."""

    gap: Gap
    visitors: int
    occurrences: tuple[GapOccurrence, ...]
    questions: tuple[SafeText, ...]
    near: tuple[NearPassage, ...]
    similar: tuple[SimilarGap, ...]
    replies: tuple[HumanReply, ...]
    curated: CuratedAnswer | None


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """A gap's questions put to the draft: how many its curated answer answers, and which it doesn't."""

    asked: int
    answered: int
    failed: tuple[SafeText, ...]
    next_version: int
