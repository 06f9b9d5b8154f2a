"""What a visitor says at once: the questions in it, and the message that asked each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from console.domain.curated import CuratedHit
from console.domain.message import MessageRole
from console.domain.run import Turn
from console.services.search import shortened


def burst(turns: Sequence[Turn]) -> list[str]:
    """What the visitor has said since anybody else spoke, or resolved it."""
    return [turn.content for turn in _at_once(turns)]


def asking(turns: Sequence[Turn]) -> list[str]:
    """The visitor's turns up to the question to answer: a thank-you after a question in one burst is no turn."""
    from console.knowledge.courtesy import courtesy

    said = [turn.content for turn in turns if turn.role is MessageRole.USER]
    asked = [text for text in burst(turns) if not courtesy(text)]
    if not asked:
        return said[-1:]
    return [text for text in said if not courtesy(text)]


def questions(turns: Sequence[Turn], last: str) -> list[str]:
    """All that the visitor said at once, each once, or the last turn where none of it is more than a courtesy."""
    from console.knowledge.courtesy import courtesy
    from console.knowledge.requests import asks_nothing, normalise_question

    at_once = map(shortened, burst(turns))
    asked = [text for text in at_once if not courtesy(text) and not asks_nothing(text)] or [last]
    return list({normalise_question(text): text for text in asked}.values())


def asked(turns: Sequence[Turn], own: Iterable[str], missed: Iterable[str]) -> list[dict[str, Any]]:
    """What a trace says of each question that was asked at once: its words, its message, whether it was answered."""
    seqs = {shortened(turn.content): turn.seq for turn in turns if turn.role is MessageRole.USER}
    curated = [{"question": text, "seq": seqs.get(text, 0), "curated": True} for text in own]
    return curated + [{"question": text, "seq": seqs.get(text, 0), "curated": False} for text in missed]


def after(turns: Sequence[Turn], own: Mapping[str, CuratedHit]) -> Sequence[Turn]:
    """The talk for one who speaks after these answers: they are given already, and the rest is asked after them."""
    from console.knowledge.requests import normalise_question

    at_once, spelled = _at_once(turns), {normalise_question(question) for question in own}
    rest = [turn for turn in at_once if normalise_question(shortened(turn.content)) not in spelled]
    said = [
        turn
        for question, hit in own.items()
        for turn in (Turn(MessageRole.USER, question), Turn(MessageRole.ASSISTANT, hit.answer))
    ]
    return [*turns[: len(turns) - len(at_once)], *said, *rest]


def _at_once(turns: Sequence[Turn]) -> list[Turn]:
    said: list[Turn] = []
    for turn in reversed(turns):
        if turn.role is not MessageRole.USER:
            break
        said.insert(0, turn)
        if turn.anew:
            break
    return said
