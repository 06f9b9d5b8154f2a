from __future__ import annotations

from uuid import UUID

import pytest

from console.ai.embedder import MiniLm
from console.knowledge.answer import ExtractiveAnswer, Passage, answer, coverage, inverse_frequencies
from console.knowledge.lexemes import terms

RETURNS = (
    "Our shop opened in 1998. You can return any item within 30 days of delivery. It must be unworn and in its box."
    " We are proud of our staff."
)
BROWSERS = "Chat works in the following browsers:\n\n- Firefox\n- Chrome\n- Safari\n- Edge\n\nOther news is below."
SHIPPING = "Shipping to Norway costs 12 euros. Orders over 100 euros ship free. Parcels leave our house at noon."


@pytest.fixture(scope="module")
def minilm() -> MiniLm:
    return MiniLm(intra_op_num_threads=1)


def ask(minilm: MiniLm, question: str, *texts: str) -> ExtractiveAnswer:
    passages = [Passage(UUID(int=n), text, 1.0 - n / 10) for n, text in enumerate(texts)]
    found = answer(question, passages, minilm.embed)
    assert found is not None
    return found


def test_it_quotes_the_sentence_that_answers(minilm: MiniLm) -> None:
    found = ask(minilm, "How long do I have to return an item?", RETURNS, SHIPPING)
    (quote,) = found.quotes
    assert quote.chunk_id == UUID(int=0)
    assert "return any item within 30 days" in quote.text
    assert "1998" not in quote.text
    assert "proud" not in quote.text
    assert quote.text in found.text
    assert "word for word" in found.text


def test_the_second_passage_may_hold_the_answer_and_is_cited(minilm: MiniLm) -> None:
    found = ask(minilm, "what does shipping to norway cost", RETURNS, SHIPPING)
    assert found.quotes[0].chunk_id == UUID(int=1)
    assert "12 euros" in found.quotes[0].text


def test_quotes_are_verbatim_and_lists_come_whole(minilm: MiniLm) -> None:
    found = ask(minilm, "which browsers does the chat work in?", BROWSERS)
    assert found.quotes[0].text == BROWSERS.removesuffix("\n\nOther news is below.")


def test_a_sentence_that_leans_on_the_one_before_brings_it(minilm: MiniLm) -> None:
    found = ask(minilm, "must it be unworn and in its box?", RETURNS)
    assert found.quotes[0].text.startswith("You can return any item within 30 days")


def test_headings_count(minilm: MiniLm) -> None:
    passages = [
        Passage(UUID(int=1), "Open the settings and press Delete.", 0.5, ("Remove a colleague",)),
        Passage(UUID(int=2), "Open the settings and press Delete.", 0.5, ("Remove a webhook",)),
    ]
    found = answer("how do I remove a webhook", passages, minilm.embed)
    assert found is not None
    assert found.quotes[0].chunk_id == UUID(int=2)


def test_nothing_found_is_no_answer(minilm: MiniLm) -> None:
    assert answer("anything?", [], minilm.embed) is None
    assert answer("anything?", [Passage(UUID(int=1), "  \n", 1.0)], minilm.embed) is None


def test_coverage_weighs_rare_terms_more() -> None:
    idf = inverse_frequencies(["red shoes", "red boots", "red socks", "blue hats"])
    assert idf["red"] < idf["boot"] < idf[""]
    asked = terms("do you have red boots?")
    assert coverage(asked, terms("red"), idf) < 0.4 < coverage(asked, terms("boots"), idf)
    assert coverage(asked, terms("red boots"), idf) == pytest.approx(1.0)
    assert coverage([], terms("red"), idf) == 0.0


def test_terms() -> None:
    assert terms("What's the COST of returning?") == terms("costs, returned")
    assert terms("the of and") == []
    assert terms("v2.1 isn’t 3.50") == ["v2.1", "3.50"]
