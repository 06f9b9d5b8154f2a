"""What a visitor asks at once: no question of it is passed over because another has a curated answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.db.engine import Database
from console.domain.conversation import Control, HandoffReason
from console.domain.run import Answer, AnswerKind
from console.services.answering import SAID
from console.services.conversations import Conversations
from console.services.curated import Curated
from console.services.curated_match import OF_THE_REST
from console.services.gaps import Gaps
from console.services.sources import Sources
from console.services.traces import Traces
from tests.services.curated_support import ANSWER, ASKED, MODEL, last_said, publish, run
from tests.services.knowledge_support import crawl
from tests.services.test_curated_runtime import answer, hits
from tests.world import World, make_talk, make_world

RED, SIZES, ALL = "do you have the jacket in red?", "which sizes are there?", "All sizes."
DELIVERY, WARRANTY = "how long does standard shipping take?", "how long is the warranty on a lamp?"
STATED = (
    "my name is Anna",
    "my order number is 48213",
    "I bought a jacket last week",
    "it is for my daughter",
    "one more thing",
    "please be quick",
    "my lamp is broken.",  # what the question is about, mostly
)


@pytest.fixture
async def world(db: Database) -> World:
    made = await make_world(db)
    for questions, text in ((ASKED, ANSWER), ([SIZES], ALL)):
        await Curated(db).create(made.admin, "assistant", questions, text)
    await publish(db, made)
    return made


async def pages(db: Database, world: World, folder: Path) -> None:
    (folder / "shipping.md").write_text("# Shipping\n\nStandard shipping takes three to five days.\n")
    (folder / "warranty.md").write_text("# Warranty\n\nThe warranty on a lamp is two years long.\n")
    await crawl(db, world.admin, await Sources(db).add(world.admin, "folder", str(folder)), MODEL)


def said_by(found: Answer) -> tuple[AnswerKind, str]:
    return found.kind, found.content


@pytest.mark.parametrize(
    ("burst", "said"),
    [
        ((RED, ASKED[0]), ANSWER),
        ((ASKED[0], RED), ANSWER),
        ((RED, SIZES, ASKED[0]), f"{ALL}\n\n{ANSWER}"),
        (("and in blue?", SIZES), ALL),
    ],
)
async def test_the_rest_goes_to_a_person(db: Database, world: World, burst: tuple[str, ...], said: str) -> None:
    found = await answer(db, world, *burst)
    assert (found.kind, found.reason) == (AnswerKind.HANDOFF, HandoffReason.MISSING_KNOWLEDGE)
    assert found.content == f"{said}\n\n{OF_THE_REST[HandoffReason.MISSING_KNOWLEDGE]}"
    assert found.trace["own"] in (RED, "and in blue?")
    assert (found.citations, found.confidence) == ((), 0.0), "as unsure as of the rest"
    assert found.trace["curated"]["similarity"] == 1.0


async def test_without_a_curated_answer_the_words_are_as_ever(db: Database, world: World) -> None:
    for burst in ((RED,), (RED, "do you sell bicycles?"), (RED, "my name is Anna")):
        found = await answer(db, world, *burst)
        assert found.content == SAID[HandoffReason.MISSING_KNOWLEDGE]
        assert "curated" not in found.trace


async def test_who_asks_for_a_person_is_given_one_at_once(db: Database, world: World) -> None:
    found = await answer(db, world, SIZES, "can I talk to a human")
    assert (found.content, "curated" in found.trace) == (SAID[HandoffReason.CUSTOMER_REQUEST], False)


async def test_the_visitor_is_told_both_and_waits_for_a_person(
    db: Database, gateway_db: Database, world: World
) -> None:
    talk = await make_talk(gateway_db, world)
    for words in (SIZES, RED, "thanks!"):
        await talk.say(words)
    await run(db, world, talk)
    assert await last_said(talk) == f"{ALL}\n\n{OF_THE_REST[HandoffReason.MISSING_KNOWLEDGE]}"
    conversation = await Conversations(db).get(world.member, talk.id)
    assert (conversation.control, conversation.waiting) == (Control.HUMAN, True)
    assert conversation.handoff_reason == HandoffReason.MISSING_KNOWLEDGE
    message = (await Conversations(db).transcript(world.member, talk.id)).messages[-1]
    assert message.confidence == 0.0
    trace = await Traces(db).of_message(world.member, talk.id, message.seq)
    assert (trace.kind, trace.matched, trace.similarity) == (AnswerKind.HANDOFF, SIZES, 1.0)
    assert await hits(db, world) == [(1, True), (0, False)]
    (gap,) = await Gaps(db).list(world.viewer)
    assert (gap.question, gap.occurrences) == (RED, 1)
    assert [one.seq for one in (await Gaps(db).show(world.viewer, gap.id)).occurrences] == [2], "the message that asked"


async def test_each_of_several_is_answered_in_turn_and_once(db: Database, world: World) -> None:
    near = "do you ship outside the United States?"
    both = await answer(db, world, SIZES, near, SIZES, ASKED[1])
    assert said_by(both) == (AnswerKind.CURATED, f"{ALL}\n\n{ANSWER}")
    assert 0.92 <= both.confidence < 1.0, "as near as the least near of them"
    assert both.trace["curated"]["question"] == " / ".join((SIZES, *ASKED))
    assert len(both.trace["curated"]["ids"]) == 2


@pytest.mark.parametrize(
    "burst",
    [
        ("hi", SIZES),
        (SIZES, "thanks!"),
        ("Hello, I have a question", SIZES),
        ("can you tell me please", SIZES, "???"),
        ("good morning", "hi!", SIZES, "..."),
    ],
)
async def test_what_asks_nothing_needs_no_answer(db: Database, world: World, burst: tuple[str]) -> None:
    assert said_by(await answer(db, world, *burst)) == (AnswerKind.CURATED, ALL)


@pytest.mark.parametrize("stated", STATED)
async def test_what_is_only_stated_needs_no_answer(db: Database, world: World, stated: str) -> None:
    for burst in ((stated, SIZES), (SIZES, stated)):
        found = await answer(db, world, *burst)
        assert said_by(found) == (AnswerKind.CURATED, ALL)
        assert found.trace["own"] == SIZES


@pytest.mark.parametrize("stated", STATED)
async def test_what_is_only_stated_is_no_gap(db: Database, gateway_db: Database, world: World, stated: str) -> None:
    talk = await make_talk(gateway_db, world)
    for words in (RED, stated):
        await talk.say(words)
    await run(db, world, talk)
    assert [gap.question for gap in await Gaps(db).list(world.viewer)] == [RED]


@pytest.mark.parametrize("topic", ["opening hours", "return policy", "refund not received", "my parcel is broken."])
async def test_alone_it_asks_however_it_is_put(db: Database, world: World, topic: str) -> None:
    for burst in ((topic,), ("hi", topic, "thanks!")):
        found = await answer(db, world, *burst)
        assert (found.reason, found.trace["own"]) == (HandoffReason.MISSING_KNOWLEDGE, topic)
    await Curated(db).create(world.admin, "assistant", [topic], "So it is.")
    await publish(db, world)
    assert (await answer(db, world, SIZES, topic)).content == f"{ALL}\n\nSo it is."


async def test_what_the_pages_say_stands_beside_it(db: Database, world: World, tmp_path: Path) -> None:
    await pages(db, world, tmp_path)
    for burst in ((DELIVERY, SIZES), (SIZES, DELIVERY)):
        found = await answer(db, world, *burst)
        assert found.kind is AnswerKind.EXTRACTIVE
        assert found.content.startswith(f"{ALL}\n\n")
        assert "three to five days" in found.content
        assert found.trace["curated"]["question"] == SIZES
        assert found.citations


async def test_the_pages_answer_each_or_none(db: Database, world: World, tmp_path: Path) -> None:
    await pages(db, world, tmp_path)
    for burst in ((RED, DELIVERY, SIZES), (DELIVERY, RED, SIZES)):
        found = await answer(db, world, *burst)
        assert (found.kind, found.reason) == (AnswerKind.HANDOFF, HandoffReason.MISSING_KNOWLEDGE)
        assert (found.trace["own"], found.trace["normalised"]) == (RED, RED.strip("?"))
        near = MODEL.embed([RED])[0]
        assert found.trace["embedding"] == pytest.approx(list(map(float, near)), abs=1e-5)


async def test_the_pages_answer_several(db: Database, world: World, tmp_path: Path) -> None:
    await pages(db, world, tmp_path)
    found = await answer(db, world, DELIVERY, "my name is Anna", SIZES, WARRANTY, DELIVERY)
    assert found.kind is AnswerKind.EXTRACTIVE
    first, second, third, _word_for_word = found.content.split("\n\n")
    assert (first, "three to five days" in second, "two years" in third) == (ALL, True, True)
    assert [one.title for one in found.citations] == ["Shipping", "Warranty"]
    assert found.trace["own"] == WARRANTY
    quoted = [one["title"] for one in found.trace["passages"] if one["quoted"]]
    assert sorted(quoted) == ["Shipping", "Warranty"]
    assert len({one["chunk_id"] for one in found.trace["passages"]}) == len(found.trace["passages"])
    single = [await answer(db, world, one) for one in (DELIVERY, WARRANTY)]
    assert found.confidence <= max(one.confidence for one in single)


async def test_what_goes_on_from_the_one_before_is_read_with_it(db: Database, world: World, tmp_path: Path) -> None:
    await pages(db, world, tmp_path)
    found = await answer(db, world, "how long is the warranty?", DELIVERY, "and standard shipping?")
    assert found.kind is AnswerKind.EXTRACTIVE
    assert found.trace["question"] == f"{DELIVERY}\nand standard shipping?"
    assert [found.content.count(words) for words in ("two years", "three to five days")] == [1, 1]


async def test_more_than_it_looks_up_at_once_go_to_a_person(db: Database, world: World, tmp_path: Path) -> None:
    await pages(db, world, tmp_path)
    many = (
        "how many years is the warranty on a lamp?",
        "how many days does standard shipping take?",
        DELIVERY,
        WARRANTY,
    )
    found = await answer(db, world, *many)
    assert (found.kind, found.reason) == (AnswerKind.HANDOFF, HandoffReason.UNSUPPORTED_REQUEST)
    assert found.content == SAID[HandoffReason.UNSUPPORTED_REQUEST]
    beside = await answer(db, world, SIZES, *many)
    assert beside.content == f"{ALL}\n\n{OF_THE_REST[HandoffReason.UNSUPPORTED_REQUEST]}"
    assert (await answer(db, world, *many[1:])).kind is AnswerKind.EXTRACTIVE


async def test_the_gap_is_the_question_without_an_answer(db: Database, gateway_db: Database, world: World) -> None:
    talk = await make_talk(gateway_db, world)
    for words in (RED, SIZES, "thanks!"):
        await talk.say(words)
    await run(db, world, talk)
    (gap,) = await Gaps(db).list(world.viewer)
    assert (gap.question, gap.occurrences) == (RED, 1)


async def test_every_answer_that_was_given_is_counted(db: Database, gateway_db: Database, world: World) -> None:
    talk = await make_talk(gateway_db, world)
    for words in (ASKED[0], SIZES, ASKED[1]):
        await talk.say(words)
    await run(db, world, talk)
    assert await last_said(talk) == f"{ANSWER}\n\n{ALL}"
    assert [number for number, _ in await hits(db, world)] == [1, 1]
