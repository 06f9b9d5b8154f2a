"""How sure an answer is: eight signals of the search, a logistic weighing, and its fit to one knowledge base."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from math import isnan
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from console.knowledge.answer import coverage
from console.knowledge.lexemes import terms
from console.knowledge.rank import Fused

Id = TypeVar("Id")
Floats = NDArray[np.float64]

_TOP = 5
_TEXT_SCALE = 50.0  # a passage that holds each of the question's lexemes once scores about .012
_FEWEST = 20
_STEPS = 100
_SMALLEST = 1e-8
_PRIOR = 1.0
_THRESHOLDS = (0.25, 0.75)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the search says about a question, each about 0 to 1."""

    top_cosine: float
    sentence_cosine: float
    passage_coverage: float
    sentence_coverage: float
    text_score: float
    agreement: float
    dense_margin: float
    text_margin: float


def signals(
    question: str,
    fused: Sequence[Fused[Id]],
    top_passage: str,
    idf: dict[str, float],
    *,
    sentence_cosine: float,
    sentence_coverage: float,
) -> Signals:
    """Take the signals from a fused search, its best passage (headings and text) and its best sentence."""
    dense = sorted((f.dense_score for f in fused if f.dense_score is not None), reverse=True)
    text = sorted((f.text_score for f in fused if f.text_score is not None), reverse=True)
    asked = terms(question)
    return Signals(
        top_cosine=dense[0] if dense else 0.0,
        sentence_cosine=sentence_cosine,
        passage_coverage=coverage(asked, terms(top_passage), idf),
        sentence_coverage=sentence_coverage,
        text_score=text[0] * _TEXT_SCALE if text else 0.0,
        agreement=_agreement(fused),
        dense_margin=_margin(dense),
        text_margin=_margin(text),
    )


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights that turn signals into a confidence, and the threshold under which a person is asked.

    The defaults were fitted by `fit_logistic` with 200 questions of each kind. Answerable: SQuAD 2. Not
    answerable: the same with their article taken out of the search; CLINC150's out-of-scope questions to
    the SQuAD articles, to a product's help pages and to a retailer's guidelines; BANKING77 to the help pages.
    At 0.5 they answer 95 of 100 of the first, and 7, 7, 2, 3 and 3 of the others. `scale` and `shift` carry
    a fit to one knowledge base.
    """

    weights: tuple[float, ...] = (4.62, 5.83, 2.20, 1.30, 0.79, 1.99, -0.85, 0.08)
    bias: float = -6.87
    scale: float = 1.0
    shift: float = 0.0
    threshold: float = 0.5

    def confidence(self, found: Signals) -> float:
        """The chance that the knowledge base answers the question: 0 to 1; 0 where a signal is no number."""
        chance = float(_sigmoid(self.scale * self.logit(found) + self.shift))
        return 0.0 if isnan(chance) else chance  # nan is below no threshold

    def is_confident(self, found: Signals) -> bool:
        """Whether the answer may be given without a person."""
        return self.confidence(found) >= self.threshold

    def logit(self, found: Signals) -> float:
        """The weighed sum of the signals, before any fit to a knowledge base."""
        return float(np.dot(self.weights, astuple(found)) + self.bias)


def calibrate(base: Calibration, pairs: Iterable[tuple[Signals, bool]]) -> Calibration:
    """Fit scale, shift and threshold to one knowledge base from (signals, is answerable) pairs.

    Both classes weigh the same whatever their number. With fewer than 20 of either, `base` stays as it is.
    """
    known = list(pairs)
    truth = np.array([answerable for _, answerable in known], bool)
    if min(int(truth.sum()), int((~truth).sum())) < _FEWEST:
        return base
    logits = np.array([[base.logit(found)] for found, _ in known])
    (scale,), shift = fit_logistic(logits, truth, prior=(np.array([1.0]), 0.0))
    if scale <= 0:
        return base
    fitted = replace(base, scale=float(scale), shift=float(shift))
    return replace(fitted, threshold=_best_threshold(_sigmoid(logits[:, 0] * scale + shift), truth))


def fit_logistic(rows: Floats, truth: NDArray[np.bool_], *, prior: tuple[Floats, float]) -> tuple[Floats, float]:
    """Logistic regression by damped Newton steps, balanced classes, drawn towards `prior` (weights, bias)."""
    design = np.column_stack([rows, np.ones(len(rows))])
    start = np.append(prior[0], prior[1]).astype(float)
    counts = np.where(truth, truth.sum(), (~truth).sum())
    weight = len(truth) / 2 / counts

    def loss(at: Floats) -> float:
        surprise = np.logaddexp(0, np.where(truth, -1, 1) * (design @ at))
        return float(weight @ surprise + _PRIOR / 2 * np.square(at - start).sum())

    found = start
    for _ in range(_STEPS):
        chance = _sigmoid(design @ found)
        gradient = design.T @ (weight * (chance - truth)) + _PRIOR * (found - start)
        curvature = (design.T * (weight * chance * (1 - chance))) @ design + _PRIOR * np.eye(len(found))
        step = np.linalg.solve(curvature, gradient)
        while loss(found - step) > loss(found) and np.abs(step).max() > _SMALLEST:
            step = step / 2
        found = found - step
        if np.abs(step).max() <= _SMALLEST:
            break
    return found[:-1], float(found[-1])


def _best_threshold(chances: Floats, truth: NDArray[np.bool_]) -> float:
    """The middle of the cuts that part the classes best, within sane bounds."""
    cuts = np.linspace(*_THRESHOLDS, 51)
    parted = np.array([(chances[truth] >= c).mean() + (chances[~truth] < c).mean() for c in cuts])
    return float(np.median(cuts[parted >= parted.max() - 1e-9]))


def _agreement(fused: Sequence[Fused[Id]]) -> float:
    """How many of the two top fives are the same, as a share of what there is: a few pages give few hits."""
    dense = {f.id for f in fused if (f.dense_rank or _TOP + 1) <= _TOP}
    text = {f.id for f in fused if (f.text_rank or _TOP + 1) <= _TOP}
    return len(dense & text) / max(1, min(len(dense), len(text)))


def _margin(scores: Sequence[float]) -> float:
    """By how much the best is ahead of the mean of the next four, as a share of itself."""
    rest = scores[1:_TOP]
    if not rest or scores[0] <= 0:
        return 0.0
    return (scores[0] - sum(rest) / len(rest)) / scores[0]


def _sigmoid(values: Floats | float) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.asarray(values, float))))


_VERDICTS = {"sure": 1.5, "unsure": -1.5, "cannot": -4.0}
_UNCITED = -1.5
_MOST_SURE = 0.995


def judged(retrieval: float, verdict: str | None, *, cites: bool) -> float:
    """The confidence in a model's answer: what retrieval says, moved by the model's own verdict (0 to 1).

    In log odds, so that a model which is always sure can't lift what retrieval did not find; an answer that cites
    nothing it was given counts for less.
    """
    chance = min(max(retrieval, 1 - _MOST_SURE), _MOST_SURE)
    logit = float(np.log(chance / (1 - chance))) + _VERDICTS.get(verdict or "", 0.0) + (0.0 if cites else _UNCITED)
    return float(_sigmoid(logit))


def best_case(retrieval: float) -> float:
    """The confidence if the model were sure and cited its passages."""
    return judged(retrieval, "sure", cites=True)
