"""Two rankings of the same passages to one: z-scores of dense and full-text search, half and half."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Generic, TypeVar

Id = TypeVar("Id")

DEPTH = 50
"""How many of each ranking count."""

_MISSING = 0.5


@dataclass(frozen=True, slots=True)
class Fused(Generic[Id]):
    """A passage with its fused score and where either search had it; ranks count from 1."""

    id: Id
    score: float
    dense_rank: int | None
    text_rank: int | None
    dense_score: float | None
    text_score: float | None


def fuse(dense: Sequence[tuple[Id, float]], text: Sequence[tuple[Id, float]]) -> list[Fused[Id]]:
    """Fuse two rankings, each best first, into one, best first.

    A passage that one search did not find gets half a deviation less than that search's worst.
    """
    first, second = _ranked(dense), _ranked(text)
    first_z, second_z = _z_scores(first), _z_scores(second)
    fused = []
    for key in dict.fromkeys([*first, *second]):
        dense_rank, dense_score = first.get(key, (None, None))
        text_rank, text_score = second.get(key, (None, None))
        score = (_z(first_z, key) + _z(second_z, key)) / 2
        fused.append(Fused(key, score, dense_rank, text_rank, dense_score, text_score))
    return sorted(fused, key=lambda one: (-one.score, one.dense_rank or DEPTH + 1, one.text_rank or DEPTH + 1))


def _ranked(found: Sequence[tuple[Id, float]]) -> dict[Id, tuple[int, float]]:
    ranked: dict[Id, tuple[int, float]] = {}
    for key, score in found:
        if len(ranked) < DEPTH:
            ranked.setdefault(key, (len(ranked) + 1, score))
    return ranked


def _z_scores(ranked: Mapping[Id, tuple[int, float]]) -> dict[Id, float]:
    scores = [score for _, score in ranked.values()]
    if not scores:
        return {}
    mean, deviation = fmean(scores), pstdev(scores)
    return {key: (score - mean) / deviation if deviation else 0.0 for key, (_, score) in ranked.items()}


def _z(scores: Mapping[Id, float], key: Id) -> float:
    """A passage's z-score, or a little under the worst where it was not found."""
    return scores[key] if key in scores else min(scores.values(), default=0.0) - _MISSING
