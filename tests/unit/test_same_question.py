"""Near in meaning is not the same question: numbers, denials and opposites decide."""

from __future__ import annotations

import pytest

from console.knowledge.same_question import may_be_same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("do you ship outside the US?", "Do you ship outside the United States"),
        ("what's your return policy", "what is your return policy?"),
        ("can I pay with 2 cards", "is it possible to pay with 2 cards"),
        ("my order hasn\u2019t arrived", "my order has not arrived yet"),
        ("is it open on sunday?", "are you open sunday?"),
        ("how do I enable codes", "how do I set up codes"),
    ],
)
def test_the_same_question_in_other_words_may_be_one(one: str, other: str) -> None:
    assert may_be_same(one, other)
    assert may_be_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("can I return it after 30 days", "can I return it after 60 days"),
        ("can I return it after 30 days", "can I return it"),
        ("can I cancel my order", "can't I cancel my order"),
        ("is the jacket waterproof", "is the jacket not waterproof"),
        ("how do I enable codes", "how do I disable codes"),
        ("do you ship outside the US?", "do you ship within the US?"),
        ("when do you open on sunday", "when do you open on saturday"),
        ("is it 1.5 m wide", "is it 15 m wide"),
    ],
)
def test_another_number_a_denial_or_an_opposite_is_another_question(one: str, other: str) -> None:
    assert not may_be_same(one, other)
    assert not may_be_same(other, one)
