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
        ("can I pay with two cards", "can I pay with 2 cards?"),
        ("how do I get a refund", "Hi, can you tell me how I get refunds please"),
        ("what is the price of shipping", "the price of shipped, what is it"),
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
        ("How do I move from Pro to Basic?", "How do I move from Basic to Pro?"),
        ("How do I go from monthly to yearly billing", "How do I go from yearly to monthly billing"),
        ("Can I upgrade from Team to Business?", "Can I upgrade from Business to Team?"),
        ("can I transfer money from GBP to EUR", "can I transfer money from EUR to GBP"),
        ("can I order from the UK to the EU", "can I order from the EU to the UK"),
        ("do you ship to Canada from Spain", "do you ship from Canada to Spain"),
        ("how do I convert points to cash", "how do I convert cash to points"),
        ("Can a manager remove an admin?", "Can an admin remove a manager?"),
        ("Is Pro cheaper than Team?", "Is Team cheaper than Pro?"),
        ("Can I send you a package?", "Can you send me a package?"),
        ("When will I receive my refund?", "When will you receive my refund?"),
        ("where is my order", "where is your order"),
        ("if I don't pay, can I use it", "if I pay, can I not use it"),
        ("is it legal to resell", "is it illegal to resell"),
        ("is it safe for pets", "is it unsafe for pets"),
        ("is the ticket refundable", "is the ticket non-refundable"),
        ("is the ticket refundable", "is the ticket nonrefundable"),
        ("is this item available", "is this item unavailable"),
        ("is an address like this regular", "is an address like this irregular now"),
        ("is it possible to resell the pass", "is it impossible to resell"),
        ("am I connected to the box", "am I disconnected from the box"),
        ("is the drill cordless", "is the drill with a cord"),
        ("is it harmful to fish", "is it harmless to fish"),
        ("are pets allowed", "are pets forbidden"),
        ("do prices include VAT", "do prices exclude VAT"),
        ("is that including tax", "is that excluding tax"),
        ("can I cancel early", "can I cancel late"),
        ("can I return it within thirty days", "can I return it within sixty days"),
        ("can I pay the second time by card", "can I pay the third time by card"),
        ("is it safe at -5 degrees", "is it safe at 5 degrees"),
        ("is shipping free for orders <50 EUR", "is shipping free for orders >50 EUR"),
        ("what does the \u00a5500 card do", "what does the \u20b9500 card do"),
        ("can I buy 2 shirts and 3 hats", "can I buy 3 shirts and 2 hats"),
        ("is 10\u00b2 right", "is 10 right"),
        ("may I bring my \U0001f436", "may I bring my \U0001f431"),
        ("I couldnt log in", "I could log in"),
        ("I shouldnt pay", "I should pay"),
        ("it wouldnt open", "it would open"),
        ("arent they free", "are they free"),
        ("werent they free", "were they free"),
        ("how do I turn it on", "how do I turn it off"),
        ("do you have this in red", "do you have this in blue"),
        ("do you ship to Austria", "do you ship to Australia"),
        ("when do I get my parcel", "where do I get my parcel"),
        ("how much is the delivery", "how long is the delivery"),
        ("can I cancel it", "must I cancel it"),
        ("is an employee insured", "is an employer insured"),
    ],
)
def test_another_number_a_denial_or_an_opposite_is_another_question(one: str, other: str) -> None:
    assert not may_be_same(one, other)
    assert not may_be_same(other, one)
