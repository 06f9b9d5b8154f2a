"""Curated answers: what an admin answered once, said again word for word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.errors import InvalidInputError
from console.ids import AgentId, CuratedId, GapId
from console.text import SafeText, one_line, sanitise

MAX_QUESTIONS = 50
MAX_QUESTION_CHARS = 500
MAX_ANSWER_CHARS = 8000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class CuratedAnswer:
    """A curated answer of an agent's draft; `hits` counts what its published copies have answered."""

    id: CuratedId
    agent_id: AgentId
    agent_slug: SafeText
    questions: tuple[SafeText, ...]
    answer: SafeText
    gap_id: GapId | None
    hits: int
    last_hit_at: datetime | None
    author_name: SafeText
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CuratedHit:
    """A curated answer that answers a question: which of its questions matched, and how near (1.0: word for word)."""

    id: UUID
    question: str
    answer: str
    similarity: float

    @property
    def is_exact(self) -> bool:
        """Whether the question is the same but for letter case, punctuation and greetings."""
        return self.similarity == 1.0


def checked_questions(questions: Sequence[str]) -> tuple[str, ...]:
    """Each as one line; `InvalidInputError` when there are none, too many, or one is empty, overlong or unstorable."""
    lines = tuple(" ".join(sanitise(_storable(text, "a question")).split()) for text in questions)
    if not 1 <= len(lines) <= MAX_QUESTIONS:
        raise InvalidInputError(f"a curated answer has 1 to {MAX_QUESTIONS} questions, not {len(lines):,}")
    for line in lines:
        if not line:
            raise InvalidInputError("an empty question is never asked", hint="leave it out")
        if len(line) > MAX_QUESTION_CHARS:
            raise InvalidInputError(
                f"the question {one_line(line, 40)!r} has {len(line):,} characters, more than {MAX_QUESTION_CHARS}"
            )
    return lines


def checked_answer(answer: str) -> str:
    """The answer as visitors read it; `InvalidInputError` when it is empty, overlong or unstorable."""
    text = sanitise(_storable(answer, "the answer").strip())
    if not text:
        raise InvalidInputError("an empty answer answers nothing", hint="write it first")
    if len(text) > MAX_ANSWER_CHARS:
        raise InvalidInputError(f"the answer has {len(text):,} characters, more than {MAX_ANSWER_CHARS:,}")
    return text


def _storable(text: str, what: str) -> str:
    if _UNSTORABLE.search(text):
        raise InvalidInputError(f"{what} holds a NUL byte or half a character", hint="give plain text")
    return text
