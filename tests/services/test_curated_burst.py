"""What a visitor asks at once: no question of it is passed over because another has a curated answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.db.engine import Database
from console.domain.conversation import HandoffReason
from console.domain.run import Answer, AnswerKind
from console.services.curated import Curated
from console.services.gaps import Gaps
from console.services.sources import Sources
from tests.services.curated_support import ANSWER, ASKED, MODEL, last_said, publish, run
from tests.services.knowledge_support import crawl
from tests.services.test_curated_runtime import answer, hits
from tests.world import World, make_talk, make_world

RED, SIZES, ALL = "do you have the jacket in red?", "which sizes are there?", "All sizes."
DELIVERY = "how long does standard shipping take?"


@pytest.fixture
async def world(db: Database) -> World:
    made = await make_world(db)
    for questions, text in ((ASKED, ANSWER), ([SIZES], ALL)):
        await Curated(db).create(made.admin, "assistant", questions, text)
    await publish(db, made)
    return made


def said_by(found: Answer) -> tuple[AnswerKind, str]:
    return found.kind, found.content


@pytest.mark.parametrize("burst", [(RED, ASKED[0]), (ASKED[0], RED), (RED, SIZES, ASKED[0]), ("and in blue?", SIZES)])
async def test_one_without_a_curated_answer_goes_to_a_person(db: Database, world: World, burst: tuple[str]) -> None:
    found = await answer(db, world, *burst)
    assert (found.kind, found.reason) == (AnswerKind.HANDOFF, HandoffReason.MISSING_KNOWLEDGE)
    assert found.trace["own"] in (RED, "and in blue?")
    assert "curated" not in found.trace


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


async def test_what_the_pages_say_stands_beside_it(db: Database, world: World, tmp_path: Path) -> None:
    (tmp_path / "shipping.md").write_text("# Shipping\n\nStandard shipping takes three to five days.\n")
    await crawl(db, world.admin, await Sources(db).add(world.admin, "folder", str(tmp_path)), MODEL)
    for burst in ((DELIVERY, SIZES), (SIZES, DELIVERY)):
        found = await answer(db, world, *burst)
        assert found.kind is AnswerKind.EXTRACTIVE
        assert found.content.startswith(f"{ALL}\n\n")
        assert "three to five days" in found.content
        assert found.trace["curated"]["question"] == SIZES
        assert found.citations


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
