"""What a chat model said, read: its answer, the passages it cites, its own verdict. Plain text is taken too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from console.knowledge.invisible import visible


class Verdict(StrEnum):
    """How sure the model itself is."""

    SURE = "sure"
    UNSURE = "unsure"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class ModelReply:
    """The model's answer; `verdict` is None where it gave none, `citations` are numbers of passages, unchecked."""

    answer: str
    citations: tuple[int, ...]
    verdict: Verdict | None


_MOST_CITED = 50
_LONGEST = 200_000
_MARKER = re.compile(r"(?<![ \t])[ \t]*+\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\](?!\()")
_FENCE = re.compile(r"\A```\w*+|```\Z")
_REFUSES = re.compile(
    r"\b(?:i (?:can(?:no|')t|am not able to|am unable to|do(?:n't| not)) (?:answer|know|find|help|have)"
    r"|passages (?:do not|don't) (?:say|hold|contain|mention|cover)|no information (?:on|about))\b",
    re.IGNORECASE,
)


def read_reply(text: str) -> ModelReply | None:
    """Read what the model said; None for nothing at all, and for an object that is broken off."""
    text = text[:_LONGEST].strip()
    found = next((one for one in _objects(text) if "answer" in one or "verdict" in one), None)
    if found is None:
        return _plain(_FENCE.sub("", text).strip())
    answer = found.get("answer")
    return _with_markers(
        answer if isinstance(answer, str) else "", _numbers(found.get("citations")), _verdict(found.get("verdict"))
    )


def _objects(text: str) -> Iterator[dict[str, Any]]:
    decoder, place = json.JSONDecoder(strict=False), text.find("{")
    for _ in range(20):
        if place < 0:
            return
        try:
            value, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            if isinstance(value, dict):
                yield value
        place = text.find("{", end)


def _plain(text: str) -> ModelReply | None:
    if not text or text.startswith(("{", "[{")):
        return None
    short = len(text) < 300
    return _with_markers(text, (), Verdict.CANNOT if short and _REFUSES.search(text) else None)


def _with_markers(answer: str, cited: tuple[int, ...], verdict: Verdict | None) -> ModelReply:
    """Markers such as [2] in the words are citations too, and leave the words."""
    marked = [int(number) for marker in _MARKER.finditer(answer) for number in marker[1].split(",")]
    words = visible(_MARKER.sub("", answer)).strip()
    return ModelReply(words, tuple(dict.fromkeys([*cited, *marked]))[:_MOST_CITED], verdict)


def _numbers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list):
        return ()
    texts = [str(one).strip("[] ") for one in value[:_MOST_CITED] if isinstance(one, int | str)]
    return tuple(int(text) for text in texts if re.fullmatch(r"\d{1,6}", text, re.ASCII))


def _verdict(value: Any) -> Verdict | None:
    try:
        return Verdict(str(value).strip().lower())
    except ValueError:
        return None
