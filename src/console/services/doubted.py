"""Which questions an answer of the AI is doubted for: all that it answered, each with the message that asked it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Doubted:
    """A question that was answered, with the seq of its message.

    `curated`: in the words of an admin, found by a likeness (`score`), without a look into the pages (`retrieval`).
    """

    question: str
    seq: int
    curated: bool
    score: float | None
    retrieval: tuple[Mapping[str, Any], ...]


def doubted(row: Any) -> list[Doubted]:
    """By what the run behind a message has kept in `output`; `question` and `seq` are the visitor's last before it.

    Of a handoff it is what was answered before it, and what nobody could answer.
    """
    output: Mapping[str, Any] = row.output or {}
    asked = output.get("asked", ())
    if output.get("reason"):
        asked = [one for one in asked if one["curated"] or one["question"] == output.get("own")]
    found = [_doubted(row, output, one["question"], one["seq"] or row.seq, curated=one["curated"]) for one in asked]
    return found or [_doubted(row, output, row.question, row.seq, curated="curated" in output)]


def _doubted(row: Any, output: Mapping[str, Any], question: str, seq: int, *, curated: bool) -> Doubted:
    if curated:
        return Doubted(question, seq, True, output.get("curated", {}).get("similarity"), ())
    passages = ({"chunk_id": one.get("chunk_id"), "score": one.get("score")} for one in output.get("passages", ()))
    return Doubted(question, seq, False, output.get("confidence", row.confidence), tuple(passages))
