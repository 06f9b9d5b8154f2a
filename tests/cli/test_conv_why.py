"""`console conv why` and `suggestion`: what stood behind an answer, and one that a person was quicker than."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.run import Answer, AnswerKind
from console.ids import ConversationId, RunId, parse_id
from console.services import Services
from console.services.answers import Answers
from tests.cli.office import Office, open_office, over
from tests.services.run_support import Fixed

SAID = "Within 30 days."
EVIL = "Re\x1b[2Jturns"
NOBODY = "0197f3c2-0000-7000-8000-000000000000"


@pytest.fixture
def office(urls: ServerUrls, tmp_path: Path) -> Office:
    return open_office(urls, tmp_path)


def an_answer() -> Answer:
    passage = {"title": EVIL, "heading": "Size", "text": SAID, "score": 1.91, "dense_rank": 2, "quoted": True}
    trace = {"question": "wrong size", "normalised": "wrong size", "embedding": (1.0, *[0.0] * 383)}
    return Answer(AnswerKind.EXTRACTIVE, SAID, (), 0.94, 0.5, None, trace | {"passages": [passage]})


def answered(office: Office, *, taken: bool = False) -> str:
    """A conversation in which the assistant spoke, or was about to when Mia took over."""
    talk = office.talk("I got the wrong size")

    async def work(db: Database) -> None:
        services = Services(db)

        async def take(point: str) -> None:
            if taken and point == "answered":
                mia = await services.auth.resume(office.tokens["mia"])
                await services.takeover.claim(mia, ConversationId(parse_id(talk, "conversation")))

        async with db.read(office.workspace_id) as tx:
            id = await tx.scalar("SELECT id FROM runs WHERE workspace_id = :ws AND state = 'queued'")
        await Answers(db, Fixed(an_answer()), checkpoint=take).run(office.workspace_id, RunId(id))

    asyncio.run(over(office.urls.app, work))
    return talk


def test_why_says_how_sure_it_was_and_what_it_saw(office: Office) -> None:
    talk = answered(office)
    said = office.out("vera", "conv", "why", talk[:18])
    assert "confidence  94% above the threshold of 50%" in said
    assert "outcome     quoted from the passages below, complete" in said
    assert "passage 1   Re\u241b[2Jturns / Size (dense 2, text -, fused 1.91, quoted)" in said
    assert "\x1b" not in said
    found = office.json("vera", "conv", "why", talk, "2")
    assert (found["conversation_id"], found["question"], found["confidence"]) == (talk, "wrong size", 0.94)
    assert [one["text"] for one in found["passages"]] == [SAID]


def test_why_of_what_the_ai_did_not_say(office: Office) -> None:
    talk = office.talk("hello?")
    assert "the AI has said nothing" in office.refused(5, "vera", "conv", "why", talk)
    office.refused(5, "vera", "conv", "why", talk, "1")
    office.refused(5, "vera", "conv", "why", talk, "99999999999")
    office.refused(2, "vera", "conv", "why", talk, "newest")
    office.refused(5, "vera", "conv", "why", NOBODY)
    office.refused(4, "nobody", "conv", "why", talk)


def test_what_it_was_about_to_say(office: Office) -> None:
    talk = answered(office, taken=True)
    assert office.out("mia", "conv", "suggestion", talk) == f"{SAID}\n"
    assert office.json("mia", "conv", "suggestion", talk)["content"] == SAID
    spoken = office.talk("hello?")
    assert "nobody took over" in office.refused(5, "mia", "conv", "suggestion", spoken)
    office.refused(5, "mia", "conv", "suggestion", NOBODY)
