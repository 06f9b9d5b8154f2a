"""Questions tried outside conversations: their tokens are set aside before the model is called, and settled after."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.db.engine import Database
from console.domain.message import MessageRole
from console.domain.model import ModelDefaults
from console.domain.run import Turn
from console.errors import OverQuotaError
from console.services.asking import Asked, Asking
from console.services.usage import Usage
from console.services.versions import published
from tests.ai.endpoint import FakeEndpoint, chat, html, reply, slow, status
from tests.ai.house import QUESTION, STEADY, House, defaults, models, open_house, with_models
from tests.services.quota_support import counters, held, limit


@pytest.fixture
async def house(db: Database, gateway_db: Database, endpoint: FakeEndpoint, tmp_path: Path) -> House:
    endpoint.says = lambda _body: reply("30 days.", 1)
    return await open_house(db, gateway_db, endpoint, tmp_path)


async def ask(house: House, *, draft: bool = False) -> Asked:
    return await Asking(house.db, house.answering).ask(house.world.member, "assistant", QUESTION, draft=draft)


async def estimated(house: House) -> int:
    async with house.db.read(house.world.workspace_id) as tx:
        version = await published(tx, house.world.agent_id)
    turns = [Turn(MessageRole.USER, QUESTION)]
    return await house.answering.estimate(house.world.workspace_id, version, turns)


async def tokens(house: House) -> tuple[int, int]:
    """Used and reserved; what the counters say is what the events say."""
    assert all(drift.ok for drift in await Usage(house.db).drift(house.world.owner))
    return (await counters(house.db, house.world)).get("tokens month", (0, 0))


async def test_of_many_at_once_with_room_for_one_one_passes(house: House, endpoint: FakeEndpoint) -> None:
    room = await estimated(house)
    assert room > 1200  # what the endpoint says it took, so that another finds no room after it either
    await limit(house.db, house.world, "tokens", room)
    gate = asyncio.Barrier(8)

    async def racer() -> Asked:
        async with gate:
            pass
        return await ask(house)

    found = await asyncio.gather(*(racer() for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, Asked) for one in found) == 1
    assert sum(isinstance(one, OverQuotaError) for one in found) == 7
    assert len(endpoint.calls) == 1
    assert await tokens(house) == (1200, 0)
    assert await held(house.db, house.world) == ["committed"]


@pytest.mark.parametrize("draft", [False, True])
async def test_where_no_tokens_are_left_the_model_is_not_called(
    house: House, endpoint: FakeEndpoint, *, draft: bool
) -> None:
    await limit(house.db, house.world, "tokens", 0)
    with pytest.raises(OverQuotaError, match=r"the limit of 0 tokens a month is reached; it begins anew at \d{4}-"):
        await ask(house, draft=draft)
    assert endpoint.calls == []
    assert await house.rows("SELECT id FROM runs WHERE workspace_id = :ws") == []
    extracts = with_models(house, models(house.db, ModelDefaults()))
    assert (await ask(extracts, draft=draft)).answer.kind == "extractive"  # costs none


async def test_what_was_set_aside_is_given_back_when_nobody_waits(house: House, endpoint: FakeEndpoint) -> None:
    room = await estimated(house)
    endpoint.script = [slow(600)]
    patient = with_models(house, models(house.db, defaults(endpoint), patience=STEADY))
    asking = asyncio.create_task(ask(patient))
    while not endpoint.calls:
        await asyncio.sleep(0.01)
    assert await tokens(house) == (0, room)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await tokens(house) == (0, 0)
    await ask(house)
    assert await tokens(house) == (1200, 0)


async def test_a_model_that_fails_or_talks_nonsense_costs_what_it_took(house: House, endpoint: FakeEndpoint) -> None:
    endpoint.script = [status(401), html(), chat("no reply of ours")]
    for _ in range(3):
        await ask(house)
    assert await tokens(house) == (1200, 0)
    assert await held(house.db, house.world) == ["refunded", "refunded", "committed"]
