"""The gateway answers as it is described, whatever is sent: the description fuzzed against the real process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection

from console.config import OPTIONS
from console.db.embedded.urls import ServerUrls
from console.db.engine import Database
from console.domain.keys import parse_public_key, public_key
from console.gateway import openapi
from tests.gateway.test_process import _gateway
from tests.world import make_world

EXAMPLES = 25
FUZZED = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
MOSTLY = st.sampled_from([True, True, False])
OPERATIONS = sorted(
    (method.upper(), path)
    for path, item in openapi.description()["paths"].items()
    for method in item
    if method != "parameters"
)


@dataclass(frozen=True)
class Fuzzed:
    """A gateway that runs, and what opens one conversation in it."""

    schema: Any
    address: str
    known: dict[str, str]
    token: str

    def headers(self, *, valid: bool) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if valid else {}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory, urls: ServerUrls) -> Iterator[Fuzzed]:
    counts = {option.env: str(option.most) for option in OPTIONS if option.most}
    key = asyncio.run(_agent(urls))
    with _gateway(tmp_path_factory.mktemp("home"), urls.gateway, **counts) as (address, _):
        begun = httpx.post(f"{address}/v1/agents/{key}/conversations", trust_env=False, timeout=60).json()
        asyncio.run(_answered(urls, begun["conversation_id"], key))
        known = {"public_key": key, "id": begun["conversation_id"]}
        schema = schemathesis.openapi.from_url(f"{address}/v1/openapi.json", timeout=60)
        yield Fuzzed(schema, address, known, begun["visitor_token"])


async def _agent(urls: ServerUrls) -> str:
    db = Database(urls.app)
    world = await make_world(db)
    await db.close()
    return public_key(world.workspace_id, world.agent_id.hex)


async def _answered(urls: ServerUrls, conversation: str, key: str) -> None:
    """Message 1 is an answer, to be rated."""
    db = Database(urls.app)
    async with db.write(parse_public_key(key)[0]) as tx:
        for statement in (
            "INSERT INTO messages (workspace_id, conversation_id, seq, role, content)"
            " VALUES (:ws, :id, 1, 'human', 'x')",
            "UPDATE conversations SET last_seq = 1 WHERE workspace_id = :ws AND id = :id",
        ):
            await tx.execute(statement, id=UUID(conversation))
    await db.close()


def test_the_description_is_openapi(fuzzed: Fuzzed) -> None:
    fuzzed.schema.validate()
    assert fuzzed.schema.raw_schema["openapi"] == "3.1.0"
    found = {(op.ok().method.upper(), op.ok().path) for op in fuzzed.schema.get_all_operations()}
    assert found == set(OPERATIONS) - {("GET", "/v1/openapi.json")}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_it_answers_as_described(fuzzed: Fuzzed, method: str, path: str, mode: GenerationMode) -> None:
    if mode is GenerationMode.NEGATIVE and "{" not in path:
        return  # It takes nothing that could be wrong.
    # A wrong token is answered as an unknown conversation is: 404.
    but = [ignored_auth]
    operation, statuses = fuzzed.schema[path][method], set()

    @FUZZED
    @given(case=operation.as_strategy(generation_mode=mode), known=MOSTLY, valid=MOSTLY)
    def answers(case: Any, known: bool, valid: bool) -> None:
        if known:
            case.path_parameters = {name: fuzzed.known[name] for name in case.path_parameters}
        if valid and mode is GenerationMode.POSITIVE and path.endswith("/feedback"):
            case.body["seq"] = 1
        # With its token a stream has no end.
        headers = fuzzed.headers(valid=valid and not path.endswith("/events"))
        response = case.call(headers=headers, timeout=60)
        # What was wrong about the case may have been the path.
        case.validate_response(response, excluded_checks=[*but, negative_data_rejection] if known else but)
        statuses.add(response.status_code)

    answers()
    assert max(statuses) < 500
    if mode is GenerationMode.POSITIVE and not path.endswith("/events"):
        assert min(statuses) < 300
