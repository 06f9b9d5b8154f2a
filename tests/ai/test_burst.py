"""Where a model answers, a curated answer to some of what was asked at once is said first, and the model is told so."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.db.engine import Database
from console.domain.conversation import HandoffReason
from console.domain.model import ModelDefaults
from console.services.curated import Curated
from console.services.curated_match import OF_THE_REST
from console.services.modelled import SAID
from tests.ai.endpoint import EMBEDDING_MODEL, FakeEndpoint, rows, status
from tests.ai.endpoint import reply as says
from tests.ai.house import QUESTION, House, defaults, open_house
from tests.services.curated_support import publish

SIZES, ALL = "which sizes are there?", "All sizes."
DAYS = "You have 30 days."


@pytest.fixture
async def house(db: Database, gateway_db: Database, endpoint: FakeEndpoint, tmp_path: Path) -> House:
    return await curated_house(db, gateway_db, endpoint, tmp_path)


async def curated_house(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, pages: Path, found: ModelDefaults | None = None
) -> House:
    made = await open_house(db, gateway_db, endpoint, pages, found=found)
    await Curated(db).create(made.world.admin, "assistant", [SIZES], ALL)
    await publish(db, made.world)
    endpoint.calls.clear()
    return made


async def said_of(house: House) -> list[float | None]:
    found = await house.rows("SELECT confidence FROM messages WHERE workspace_id = :ws AND role = 'assistant'")
    return [row.confidence for row in found]


@pytest.mark.parametrize("burst", [(SIZES, QUESTION), (QUESTION, SIZES), ("hi there", SIZES, QUESTION, SIZES.upper())])
async def test_the_model_answers_what_is_left(house: House, endpoint: FakeEndpoint, burst: tuple[str, ...]) -> None:
    endpoint.says = lambda _body: says(DAYS, 1)
    assert (await house.ask(*burst))[-1] == ("assistant", f"{ALL}\n\n{DAYS}")
    (call,) = endpoint.calls
    talk = [(one["role"], one["content"].split("\n")[-1]) for one in call["messages"][3:]]
    assert [role for role, _ in talk] == ["user", "assistant", "user"]
    assert [words.casefold() for _, words in talk] == [SIZES, ALL.casefold(), QUESTION]
    run = await house.last_run()
    assert (run.output["kind"], run.output["curated"]["question"], run.output["own"]) == ("model", SIZES, QUESTION)
    (curated,) = await house.rows("SELECT hits FROM curated_answers WHERE workspace_id = :ws")
    assert curated.hits == 1


async def test_what_was_said_before_the_burst_stays_before_it(house: House, endpoint: FakeEndpoint) -> None:
    endpoint.says = lambda _body: says(DAYS, 1)
    talk = await house.talk()
    await talk.say(QUESTION)
    await house.run(talk)
    for words in (f"so {QUESTION}", SIZES):
        await talk.say(words)
    await house.run(talk)
    told = [one["content"] for one in endpoint.calls[-1]["messages"][3:]]
    assert told == [QUESTION, DAYS, SIZES, ALL, f"so {QUESTION}"]


async def test_without_a_curated_answer_the_model_is_told_the_talk_as_it_was(
    house: House, endpoint: FakeEndpoint
) -> None:
    endpoint.says = lambda _body: says(DAYS, 1)
    assert (await house.ask("my name is Anna", QUESTION))[-1] == ("assistant", DAYS)
    assert [one["content"] for one in endpoint.calls[0]["messages"][3:]] == [f"my name is Anna\n{QUESTION}"]


async def test_what_the_model_does_not_know_goes_to_a_person(house: House, endpoint: FakeEndpoint) -> None:
    endpoint.says = lambda _body: says("I can't say.", verdict="cannot")
    seen = await house.ask(SIZES, QUESTION)
    assert seen[-1][1] == f"{ALL}\n\n{OF_THE_REST[HandoffReason.MISSING_KNOWLEDGE]}"
    assert await house.said_reason() == HandoffReason.MISSING_KNOWLEDGE
    (confidence,) = await said_of(house)
    assert confidence is not None
    assert confidence < 0.5


async def test_a_withheld_reply_withholds_no_curated_answer(house: House, endpoint: FakeEndpoint) -> None:
    endpoint.says = lambda body: says(body["messages"][0]["content"], 1)
    seen = await house.ask(SIZES, QUESTION)
    assert seen[-1][1] == f"{ALL}\n\n{OF_THE_REST[HandoffReason.POLICY_RESTRICTION]}"
    assert (await house.said_reason(), await said_of(house)) == (HandoffReason.POLICY_RESTRICTION, [None])


@pytest.mark.parametrize("broken", ["chat", "embedding"])
async def test_an_outage_withholds_no_curated_answer(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, tmp_path: Path, broken: str
) -> None:
    found = defaults(endpoint, embedding=EMBEDDING_MODEL if broken == "embedding" else "")
    house = await curated_house(db, gateway_db, endpoint, tmp_path, found)
    endpoint.script = [rows([0.0] * 1536) if broken == "embedding" else status(401)]
    seen = await house.ask(SIZES, QUESTION)
    assert seen[-1][1] == f"{ALL}\n\n{SAID[HandoffReason.TOOL_FAILURE]}"
    run = await house.last_run()
    assert (run.state, await house.said_reason()) == ("failed", HandoffReason.TOOL_FAILURE)
    assert (await said_of(house), await house.gaps()) == ([None], 0)
