"""Answers without a model: the best sentences of the best passage, quoted as they stand."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.knowledge.chunk import sentences
from console.knowledge.lexemes import terms

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors, one row each."""

PASSAGES = 5
"""From how many of the best passages sentences are taken."""

_MOST = 3
_DENSE, _COVERAGE, _PASSAGE = 0.5, 0.35, 0.15
_HEADING = 0.5
_NEIGHBOUR = 0.8
_LONGEST, _LONGEST_LIST = 600, 10
_FRAGMENT = 40
_LEADS_IN = re.compile(r":$|\bfollowing\b.{0,30}$", re.IGNORECASE)
_ITEM = re.compile(r"(?:[-*•+]|\d{1,3}[.)]) ")
_SAYS_SO = "This is word for word from our pages."
_LEANS_BACK = re.compile(
    r"(?:it|its|this|these|those|that|they|them|their|he|she|his|her|however|therefore|otherwise|then|also|"
    r"but|and|so|thus|instead|for example|in addition|additionally|furthermore|such)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that search found, with its fused score; better ones come first."""

    chunk_id: UUID
    text: str
    score: float
    heading_path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a chunk, exactly as they stand there."""

    chunk_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class ExtractiveAnswer:
    """An answer made of quotes: `text` says so; the cosine and coverage are those of the best sentence."""

    text: str
    quotes: tuple[Quote, ...]
    sentence_cosine: float
    sentence_coverage: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: int
    place: int
    text: str
    cosine: float
    coverage: float
    score: float


def answer(
    question: str, passages: Sequence[Passage], embed: Embed, *, idf: Mapping[str, float] | None = None
) -> ExtractiveAnswer | None:
    """Quote the sentences that answer best, or None where the passages hold no sentence.

    A sentence scores 0.5 cosine + 0.35 idf coverage + 0.15 score of its passage; `idf` defaults to that
    among the passages given (give all that search found, not only the first few).
    """
    weights = idf if idf is not None else inverse_frequencies(passage.text for passage in passages)
    candidates = _candidates(question, passages[:PASSAGES], embed, weights)
    if not candidates:
        return None
    best = max(candidates, key=lambda one: one.score)
    source = passages[best.passage]
    siblings = [one for one in candidates if one.passage == best.passage]
    quote = Quote(source.chunk_id, _slice(source.text, _run(best, siblings)))
    shown = _ITEM.sub("", quote.text) if quote.text.count("\n") == 0 and _ITEM.match(quote.text) else quote.text
    return ExtractiveAnswer(f"“{shown}”\n\n{_SAYS_SO}", (quote,), best.cosine, best.coverage)


def inverse_frequencies(texts: Iterable[str]) -> dict[str, float]:
    """The idf of every term among these texts; a term in none of them weighs most (see `weight_of`)."""
    counts: Counter[str] = Counter()
    total = 0
    for text in texts:
        total += 1
        counts.update(set(terms(text)))
    return {"": _idf(total, 0)} | {term: _idf(total, count) for term, count in counts.items()}


def coverage(question: Iterable[str], found: Iterable[str], weights: Mapping[str, float]) -> float:
    """The share, by idf, of the question's terms that were found: 0 to 1."""
    asked, have = set(question), set(found)
    total = sum(weight_of(term, weights) for term in asked)
    return sum(weight_of(term, weights) for term in asked & have) / total if total else 0.0


def weight_of(term: str, weights: Mapping[str, float]) -> float:
    """A term's idf; the empty term's stands for those never seen."""
    return weights.get(term, weights.get("", 1.0))


def _idf(total: int, count: int) -> float:
    return math.log(1 + (total - count + 0.5) / (count + 0.5))


def _candidates(
    question: str, passages: Sequence[Passage], embed: Embed, weights: Mapping[str, float]
) -> list[_Candidate]:
    split = [(number, place, text) for number, p in enumerate(passages) for place, text in enumerate(sentences(p.text))]
    if not split:
        return []
    vectors = embed([question, *(text for _, _, text in split)])
    cosines = vectors[1:] @ vectors[0]
    asked, prior = terms(question), _scaled([p.score for p in passages])
    found = []
    for (number, place, text), cosine in zip(split, cosines, strict=True):
        covered = _covered(asked, text, passages[number].heading_path, weights)
        score = _DENSE * float(cosine) + _COVERAGE * covered + _PASSAGE * prior[number]
        found.append(_Candidate(number, place, text, float(cosine), covered, score))
    return found


def _covered(asked: Sequence[str], text: str, heading_path: tuple[str, ...], weights: Mapping[str, float]) -> float:
    """Coverage by a sentence; what only its headings say counts half."""
    own = terms(text)
    with_heading = coverage(asked, [*own, *terms(" ".join(heading_path))], weights)
    return (1 - _HEADING) * coverage(asked, own, weights) + _HEADING * with_heading


def _scaled(scores: Sequence[float]) -> list[float]:
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) if high > low else 1.0 for score in scores]


def _run(best: _Candidate, siblings: Sequence[_Candidate]) -> Sequence[_Candidate]:
    """The best sentence with the neighbours that it needs: three sentences, or a lead-in and its list."""
    first = last = best.place
    if first > 0 and _LEANS_BACK.match(best.text.lstrip("-*• ")):
        first -= 1
    while last + 1 < len(siblings) and _belongs(siblings[first : last + 2], best):
        last += 1
    return siblings[first : last + 1]


def _belongs(run: Sequence[_Candidate], best: _Candidate) -> bool:
    """Whether the last of the run is to be quoted with those before it."""
    before, after = run[-2].text, run[-1]
    if sum(len(one.text) for one in run) > _LONGEST:
        return False
    listing = any(_LEADS_IN.search(one.text) for one in run[:-1])
    if listing and (_ITEM.match(after.text) or _LEADS_IN.search(before)):
        return len(run) <= _LONGEST_LIST
    return len(run) <= _MOST and (len(before) < _FRAGMENT or after.score >= _NEIGHBOUR * best.score)


def _slice(text: str, run: Sequence[_Candidate]) -> str:
    """The run as it stands in the passage, line breaks and all."""
    start = cursor = text.index(run[0].text) if run[0].text in text else -1
    for one in run:
        cursor = text.find(one.text, cursor) if cursor >= 0 else -1
        if cursor < 0:
            return " ".join(each.text for each in run)
        cursor += len(one.text)
    return text[start:cursor]
