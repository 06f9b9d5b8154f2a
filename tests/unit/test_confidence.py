from __future__ import annotations

import random
from dataclasses import replace
from uuid import UUID

import pytest

from console.ai.embedder import MiniLm
from console.knowledge.answer import Passage, answer, inverse_frequencies
from console.knowledge.confidence import Calibration, Signals, calibrate, signals
from console.knowledge.rank import Fused, fuse

CLEAR = Signals(0.65, 0.7, 0.85, 0.8, 0.5, 0.6, 0.2, 0.4)
FAINT = Signals(0.25, 0.25, 0.15, 0.15, 0.1, 0.0, 0.15, 0.2)


def noisy(base: Signals, chance: random.Random, lift: float = 0.0) -> Signals:
    return replace(
        base,
        top_cosine=base.top_cosine + lift + chance.gauss(0, 0.08),
        sentence_cosine=base.sentence_cosine + lift + chance.gauss(0, 0.08),
    )


def test_a_clear_hit_is_answered_and_a_faint_one_goes_to_a_person() -> None:
    default = Calibration()
    assert default.confidence(CLEAR) > 0.9
    assert default.confidence(FAINT) < 0.1
    assert default.is_confident(CLEAR)
    assert not default.is_confident(FAINT)


def test_nothing_found_is_no_confidence() -> None:
    found = signals("anything at all?", [], "", {}, sentence_cosine=0.0, sentence_coverage=0.0)
    assert found == Signals(0, 0, 0, 0, 0, 0, 0, 0)
    assert Calibration().confidence(found) < 0.01


def test_signals_of_a_real_search() -> None:
    texts = ["You can return items within 30 days.", "We ship to Norway.", "Our office is in Oslo."]
    embed = MiniLm(intra_op_num_threads=1).embed

    def ask(question: str) -> float:
        vectors = embed([question, *texts])
        fused = fuse(sorted(enumerate((vectors[1:] @ vectors[0]).tolist()), key=lambda one: -one[1]), [])
        best = texts[fused[0].id]
        idf = inverse_frequencies(texts)
        quoted = answer(question, [Passage(UUID(int=1), best, 1.0)], embed, idf=idf)
        assert quoted is not None
        found = signals(
            question,
            fused,
            best,
            idf,
            sentence_cosine=quoted.sentence_cosine,
            sentence_coverage=quoted.sentence_coverage,
        )
        return Calibration().confidence(found)

    assert ask("can I return items after 30 days") > 0.5 > ask("how do I reset my router")


def test_agreement_and_margins() -> None:
    dense = [(n, 0.8 if n == 0 else 0.4) for n in range(10)]
    text = [(n, 0.01) for n in (0, 1, 7, 8, 9)]
    found = signals("q", fuse(dense, text), "", {}, sentence_cosine=0.0, sentence_coverage=0.0)
    assert (found.agreement, found.dense_margin, found.text_margin) == pytest.approx((0.4, 0.5, 0.0))


def test_calibrating_moves_the_threshold_to_where_this_knowledge_base_parts() -> None:
    chance = random.Random(7)  # noqa: S311 (no secret)
    lifted = [(noisy(CLEAR, chance, 0.1), True) for _ in range(60)]
    lifted += [(noisy(CLEAR, chance, -0.25), False) for _ in range(60)]
    default = Calibration()
    fitted = calibrate(default, lifted)

    def right(calibration: Calibration) -> float:
        return sum(calibration.is_confident(found) is answerable for found, answerable in lifted) / len(lifted)

    assert right(default) < 0.7
    assert right(fitted) > 0.9
    assert 0.25 <= fitted.threshold <= 0.75


def test_too_few_or_contradicting_pairs_change_nothing() -> None:
    default = Calibration()
    assert calibrate(default, []) == default
    assert calibrate(default, [(CLEAR, True)] * 50 + [(FAINT, False)] * 5) == default
    assert calibrate(default, [(CLEAR, False)] * 200 + [(FAINT, True)] * 200) == default


def test_agreement_is_a_share_of_what_there_is() -> None:
    """With a handful of pages the words hit one of them: that both searches put it first is full agreement."""
    few = [
        Fused("a", 1.0, 1, 1, 0.5, 0.2),
        Fused("b", 0.0, 2, None, 0.3, None),
        Fused("c", -1.0, 3, None, 0.1, None),
    ]
    found = signals("how long is the warranty?", few, "the warranty", {}, sentence_cosine=0.5, sentence_coverage=0.5)
    assert found.agreement == 1.0
    apart = [Fused("a", 1.0, 1, None, 0.5, None), Fused("b", 0.0, None, 1, None, 0.2)]
    found = signals("how long is the warranty?", apart, "the warranty", {}, sentence_cosine=0.5, sentence_coverage=0.5)
    assert found.agreement == 0.0
