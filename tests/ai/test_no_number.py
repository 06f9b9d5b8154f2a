"""What is no number never makes an answer sure: whatever an endpoint says of a question, or the store of a page."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from console.ai.embedder import EmbeddingError
from console.db.engine import Database
from console.domain.conversation import HandoffReason
from console.domain.message import MessageRole
from console.domain.model import ModelDefaults
from console.domain.run import AnswerKind, Turn
from console.knowledge.confidence import Calibration, Signals
from console.services.search import Search
from console.services.versions import published
from tests.ai.endpoint import DIMENSIONS, EMBEDDING_MODEL, Act, FakeEndpoint, reply, rows
from tests.ai.house import MODEL, QUESTION, House, defaults, open_house

GOOD = [0.5] * DIMENSIONS
NO_VECTORS = [
    rows([math.nan, *GOOD[1:]]),
    rows([math.nan] * DIMENSIONS),
    rows([-math.inf, *GOOD[1:]]),
    rows([0.0] * DIMENSIONS),
    rows([1e-320] * DIMENSIONS),
    rows(GOOD[1:]),
    rows([*GOOD, 0.5]),
    rows([]),
    rows([None] * DIMENSIONS),
]


@pytest.fixture
async def house(db: Database, gateway_db: Database, endpoint: FakeEndpoint, tmp_path: Path) -> House:
    found = defaults(endpoint, embedding=EMBEDDING_MODEL)
    made = await open_house(db, gateway_db, endpoint, tmp_path, found=found)
    endpoint.says = lambda _body: reply("30 days.", 1)
    return made


@pytest.mark.parametrize("act", NO_VECTORS)
async def test_a_question_without_a_vector_goes_to_a_person(house: House, endpoint: FakeEndpoint, act: Act) -> None:
    endpoint.script = [act]
    seen = await house.ask(QUESTION)
    assert "A person will take over" in seen[-1][1]
    run = await house.last_run()
    assert (run.state, await house.said_reason()) == ("failed", HandoffReason.TOOL_FAILURE)
    (message,) = await house.rows("SELECT confidence FROM messages WHERE workspace_id = :ws AND role = 'assistant'")
    assert message.confidence is None
    assert await house.gaps() == 0, "an outage of the model is no gap"
    assert not any("messages" in call for call in endpoint.calls), "no model is asked about what was not searched"
    assert (await house.ask(QUESTION))[-1][1] == "30 days."


async def test_a_person_who_searches_is_told_why(house: House, endpoint: FakeEndpoint) -> None:
    endpoint.script = [rows([math.nan] * DIMENSIONS)]
    with pytest.raises(EmbeddingError, match="zero or not finite"):
        await Search(house.db, MODEL, models=house.models).search(house.world.member, "assistant", QUESTION)


@pytest.mark.parametrize("model", ["packaged", "endpoint"])
async def test_pages_whose_vectors_are_nothing_answer_nobody(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, tmp_path: Path, model: str
) -> None:
    """As a store that others wrote into may hold them: their cosine to anything is no number."""
    found = defaults(endpoint, embedding=EMBEDDING_MODEL) if model == "endpoint" else ModelDefaults()
    house = await open_house(db, gateway_db, endpoint, tmp_path, found=found)
    async with db.write(house.world.workspace_id) as tx:
        await tx.execute(
            "UPDATE embeddings SET embedding = cast(array_fill(0::real, ARRAY[vector_dims(embedding)]) AS halfvec)"
            " WHERE workspace_id = :ws"
        )
        version = await published(tx, house.world.agent_id)
    endpoint.says = lambda _body: reply("30 days.", 1)
    asked = [Turn(MessageRole.USER, "which mountain bike has the best brakes in snow?")]
    answer = await house.answering.answer(house.world.workspace_id, version, asked)
    assert (answer.kind, answer.reason) == (AnswerKind.HANDOFF, HandoffReason.MISSING_KNOWLEDGE)
    assert math.isfinite(answer.confidence)
    result = await Search(db, MODEL, models=house.models).search(house.world.member, "assistant", QUESTION)
    assert result.passages, "its words still find it"
    assert all(math.isfinite(one.score) and one.dense_rank is None for one in result.passages)


@pytest.mark.parametrize("place", range(8))
def test_confidence_in_what_is_no_number_is_none(place: int) -> None:
    signals = [1.0] * 8
    assert Calibration().is_confident(Signals(*signals))
    signals[place] = math.nan
    assert Calibration().confidence(Signals(*signals)) == 0.0
