"""From a visitor's words to an answer: search, the best words of the best passage, and how sure that is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.curated import CuratedHit
from console.domain.knowledge import Passage
from console.domain.message import Citation
from console.domain.run import Answer, AnswerKind, Turn
from console.errors import RefusedError, SealError, UsageError
from console.ids import ChunkId, WorkspaceId
from console.knowledge.rank import DEPTH, Fused
from console.services import burst
from console.services.curated_match import CuratedAnswers, beside, joined, likeness, traced
from console.services.models import Models
from console.services.search import QueryVector, Search, shortened
from console.services.together import added, together
from console.services.token_estimate import estimator
from console.text import one_line, sanitise

if TYPE_CHECKING:
    from console.ai.embedder import Embedder
    from console.knowledge.answer import ExtractiveAnswer

SAID = {
    HandoffReason.CUSTOMER_REQUEST: "I'm passing you to a person. Someone from the team will answer you here.",
    HandoffReason.MISSING_KNOWLEDGE: "I found no answer to that in our pages, so I'm passing you to a person, who will"
    " answer you here.",
    HandoffReason.UNSUPPORTED_REQUEST: "That is more than I can look up at once, so I'm passing you to a person, who"
    " will answer you here.",
}
"""What the visitor is told when a person takes over."""

_TRACED = 10
_PASSAGES_GIVEN = 8
_FEW_TERMS = 3
_MOST_AT_ONCE = 3


class Answering:
    """Answers from a published version's knowledge; changes nothing, and holds no transaction while a model works."""

    def __init__(self, search: Search, embedder: Embedder, models: Models | None = None) -> None:
        """`embedder` is the packaged one: it reads the passages and knows gaps, whatever searches."""
        self._search = search
        self._embedder = embedder
        self._models = models or search.models
        self._curated = CuratedAnswers(search.db, embedder)
        self.estimate = estimator(self._models, embedder)

    async def answer(self, workspace_id: WorkspaceId, published: Published, turns: Sequence[Turn]) -> Answer:
        """Answer what was said in `turns`, oldest first; an answer with a `reason` is a handoff to a person."""
        from console.knowledge.courtesy import REPLIES, courtesy
        from console.knowledge.requests import asks_for_person

        asking = [shortened(text) for text in burst.asking(turns)]
        last, asked = asking[-1], shortened("\n".join(asking[-2:]))
        trace: dict[str, Any] = {"question": asked, "model": self._embedder.model.name, "passages": []}
        if any(map(asks_for_person, burst.burst(turns))):
            return _handed_off(HandoffReason.CUSTOMER_REQUEST, 0.0, published, trace)
        if polite := courtesy(last):
            return Answer(AnswerKind.CURATED, REPLIES[polite], (), 1.0, published.threshold, None, trace)
        return await self._answered(workspace_id, published, turns, asking, trace)

    async def _answered(
        self, workspace_id: WorkspaceId, published: Published, turns: Sequence[Turn], asking: Sequence[str],
        trace: dict[str, Any],
    ) -> Answer:  # fmt: skip
        """In an admin's words what has such an answer; what was asked besides is looked up, or goes to a person."""
        from console.ai.embedder import EmbeddingError
        from console.ai.model_error import ModelError
        from console.services.modelled import failed

        own: dict[str, CuratedHit] = {}
        try:
            own, missed = await self._curated.find_all(workspace_id, published, burst.questions(turns, asking[-1]))
            trace["asked"] = burst.asked(turns, own, missed)
            if not missed:
                return _curated(own, published, trace)
            found = await self._rest(workspace_id, published, burst.after(turns, own), asking, missed, trace)
        except (ModelError, EmbeddingError, SealError, UsageError, RefusedError) as error:
            found = failed(published, trace, error.message)
        return beside(found, list(own.values()))

    async def _rest(
        self, workspace_id: WorkspaceId, published: Published, turns: Sequence[Turn], asking: Sequence[str],
        missed: dict[str, dict[str, Any]], trace: dict[str, Any],
    ) -> Answer:  # fmt: skip
        """What the knowledge says to these questions."""
        newest = list(missed)[-1]
        asked = shortened("\n".join(_from_the_one_before(asking, newest)))
        trace |= _of(newest, asked) | missed[newest]
        found = await self._looked_up(workspace_id, published, turns, newest, asked, trace)
        if found.kind is not AnswerKind.EXTRACTIVE or len(missed) == 1:
            return found  # A model has seen all that was asked.
        return await self._each_alone(workspace_id, published, turns, asking, missed, trace)

    async def _each_alone(
        self, workspace_id: WorkspaceId, published: Published, turns: Sequence[Turn], asking: Sequence[str],
        missed: dict[str, dict[str, Any]], trace: dict[str, Any],
    ) -> Answer:  # fmt: skip
        """In the pages' own words for each of these questions; where one finds none, all of it goes to a person."""
        if len(missed) > _MOST_AT_ONCE:
            return _handed_off(HandoffReason.UNSUPPORTED_REQUEST, 0.0, published, trace)
        parts: list[Answer] = []
        for question, seen in missed.items():
            trace.pop("embedding", None)
            asked = shortened("\n".join(_with_what_it_goes_on_from(asking, question)))
            trace |= _of(question, asked) | seen
            found = await self._looked_up(workspace_id, published, turns, question, asked, trace)
            if found.kind is not AnswerKind.EXTRACTIVE:
                return found
            parts.append(replace(found, trace=dict(trace)))
        return together(parts)

    async def _looked_up(
        self, workspace_id: WorkspaceId, published: Published, turns: Sequence[Turn], last: str, asked: str,
        trace: dict[str, Any],
    ) -> Answer:  # fmt: skip
        """By the model where one is in force and the passages may hold the answer, else in the pages' own words."""
        from console.knowledge.confidence import best_case
        from console.services.modelled import answer_by_model

        started = time.perf_counter()
        chosen = await self._models.chosen(workspace_id, published, self._embedder)
        vector = await self._embed(workspace_id, chosen.embedder, last, asked, trace)
        passages = await self._search.passages(workspace_id, published.sources, asked, vector, k=2 * DEPTH)
        question = asked if _leans_on_the_one_before(last) else last
        found = await asyncio.to_thread(_read, question, passages, self._embedder, vector.model)
        trace |= {"passages": _traced(passages, found), "ms": round((time.perf_counter() - started) * 1000)}
        if chosen.chat and found and best_case(found.confidence) >= published.threshold:
            given = passages[: _given(published)]
            return await answer_by_model(chosen.chat, published, turns, given, found.confidence, trace)
        if chosen.chat or found is None or found.confidence < published.threshold:
            trace["draft"] = found.extract.text if found else ""
            confidence = found.confidence if found else 0.0
            return _handed_off(HandoffReason.MISSING_KNOWLEDGE, confidence, published, trace)
        return Answer(
            AnswerKind.EXTRACTIVE, found.extract.text, _citations(passages, found), found.confidence,
            published.threshold, None, trace,
        )  # fmt: skip

    async def _embed(
        self, workspace_id: WorkspaceId, embedder: Embedder, own: str, joined: str, trace: dict[str, Any]
    ) -> QueryVector:
        """The question as the workspace's search sees it; as the packaged model does it goes into the trace."""
        import numpy as np

        if "embedding" not in trace:
            vectors = await asyncio.to_thread(self._embedder.embed, [own])
            trace["embedding"] = [float(value) for value in vectors[0]]
        if embedder is not self._embedder:
            asked = await self._search.ask(workspace_id, joined, embedder)
            trace["embedded"] = added(asked.used, trace.get("embedded"))
            return asked
        if own == joined:
            return QueryVector(embedder.model.name, np.asarray(trace["embedding"], np.float32))
        return QueryVector(embedder.model.name, (await asyncio.to_thread(embedder.embed, [joined]))[0])


@dataclass(frozen=True, slots=True)
class _Found:
    extract: ExtractiveAnswer
    confidence: float

    @property
    def quoted(self) -> set[ChunkId]:
        return {ChunkId(quote.chunk_id) for quote in self.extract.quotes}


def _curated(own: dict[str, CuratedHit], published: Published, trace: dict[str, Any]) -> Answer:
    hits = list(own.values())
    trace |= {"own": list(own)[-1], "curated": traced(hits)}
    return Answer(AnswerKind.CURATED, joined(hits), (), likeness(hits), published.threshold, None, trace)


def _of(question: str, asked: str) -> dict[str, Any]:
    """What a trace says of the question that is looked up, and of the words that are searched for."""
    from console.knowledge.requests import normalise_question

    return {"own": question, "question": asked, "normalised": normalise_question(question)}


def _from_the_one_before(asking: Sequence[str], question: str) -> Sequence[str]:
    return asking[max(_last_place(asking, question) - 1, 0) :]


def _with_what_it_goes_on_from(asking: Sequence[str], question: str) -> Sequence[str]:
    """The question alone; one like "and express?" after the one before it."""
    from console.knowledge.requests import goes_on

    place = _last_place(asking, question)
    return asking[max(place - goes_on(question), 0) : place + 1]


def _last_place(asking: Sequence[str], question: str) -> int:
    return max(place for place, text in enumerate(asking) if text == question)


def _leans_on_the_one_before(turn: str) -> bool:
    """Whether a turn says too little to stand alone."""
    from console.knowledge.lexemes import terms

    return len(terms(turn)) < _FEW_TERMS


def _given(published: Published) -> int:
    return int(published.snapshot.get("retrieval_config", {}).get("passages", _PASSAGES_GIVEN))


def _read(question: str, passages: Sequence[Passage], embedder: Embedder, searched_by: str) -> _Found | None:
    """The words that answer best, and how sure that is; None where there is nothing to quote."""
    from console.knowledge import answer, confidence

    texts = [
        answer.Passage(one.chunk_id, one.text, one.score, tuple(part for part in (one.title, one.heading) if part))
        for one in passages
    ]
    idf = answer.inverse_frequencies(f"{one.title} {one.heading} {one.text}" for one in passages)
    extract = answer.answer(question, texts, embedder.embed, idf=idf)
    if extract is None:
        return None
    best = passages[0]
    signals = confidence.signals(
        question, [_fused(one) for one in passages], f"{best.title} {best.heading} {best.text}", idf,
        sentence_cosine=extract.sentence_cosine, sentence_coverage=extract.sentence_coverage,
    )  # fmt: skip
    if searched_by != embedder.model.name:
        # Each model has cosines of its own, and the weights are for the packaged one's.
        asked, top = embedder.embed([question, texts[0].text])
        signals = replace(signals, top_cosine=float(asked @ top))
    return _Found(extract, confidence.Calibration().confidence(signals))


def _fused(one: Passage) -> Fused[ChunkId]:
    dense = one.dense_score if one.dense_rank is not None else None
    text = one.text_score if one.text_rank is not None else None
    return Fused(one.chunk_id, one.score, one.dense_rank, one.text_rank, dense, text)


def _handed_off(reason: HandoffReason, confidence: float, published: Published, trace: dict[str, Any]) -> Answer:
    return Answer(AnswerKind.HANDOFF, SAID[reason], (), confidence, published.threshold, reason, trace)


def _citations(passages: Sequence[Passage], found: _Found) -> tuple[Citation, ...]:
    by_id = {one.chunk_id: one for one in passages}
    return tuple(
        Citation(one_line(source.title), one_line(source.uri, 1000), sanitise(quote.text), source.chunk_id)
        for quote in found.extract.quotes
        if (source := by_id.get(ChunkId(quote.chunk_id)))
    )


def _traced(passages: Sequence[Passage], found: _Found | None) -> list[dict[str, Any]]:
    quoted = found.quoted if found else set()
    return [
        {
            "chunk_id": str(one.chunk_id), "title": one.title, "uri": one.uri, "heading": one.heading, "text": one.text,
            "dense_rank": one.dense_rank, "text_rank": one.text_rank, "score": one.score,
            "quoted": one.chunk_id in quoted,
        }
        for rank, one in enumerate(passages)
        if rank < _TRACED or one.chunk_id in quoted
    ]  # fmt: skip
