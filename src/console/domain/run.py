"""Runs: everything a model does, and the trace of why it said what it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from console.domain.message import Citation, MessageRole
from console.ids import ConversationId, RunId
from console.text import EMPTY, SafeText


class RunState(StrEnum):
    """The states of a run; the last five are final."""

    QUEUED = "queued"
    RUNNING = "running"
    AWAITING_INPUT = "awaiting_input"
    PAUSED = "paused"
    COMPLETE = "complete"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class AnswerKind(StrEnum):
    """How an answer came to be."""

    CURATED = "curated"
    MODEL = "model"
    EXTRACTIVE = "extractive"
    HANDOFF = "handoff"


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said before an answer, raw: by the visitor, the assistant, or a person of the house.

    `anew` is the first of a visitor who has come back after all was resolved; `seq` is its message's, 0 outside any.
    """

    role: MessageRole
    content: str
    anew: bool = False
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the AI was about to say when a person took over, never shown to the visitor."""

    run_id: RunId
    content: SafeText
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TracePassage:
    """A passage that an answer saw, with its ranks."""

    title: SafeText
    uri: SafeText
    heading: SafeText
    text: SafeText
    dense_rank: int | None
    text_rank: int | None
    score: float
    quoted: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """Why the assistant said this."""

    run_id: RunId
    conversation_id: ConversationId
    state: RunState
    kind: AnswerKind | None
    agent_version: int | None
    model: SafeText
    question: SafeText
    confidence: float | None
    threshold: float | None
    duration_ms: int | None
    passages: tuple[TracePassage, ...]
    error: SafeText
    matched: SafeText = EMPTY
    """The question of a curated answer that this one was found to be; `similarity` 1.0: word for word."""
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before anybody sees it: raw text, for the database and the visitor, not for a terminal."""

    kind: AnswerKind
    content: str
    citations: tuple[Citation, ...]
    confidence: float
    threshold: float
    reason: str | None
    trace: Mapping[str, Any]
