"""No body whatever is a fault of ours."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.support import JSON, Gateway

SETTINGS = settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
TEXT = st.text(st.characters(), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["content", "name", "email", "page", "domain", "visitor_id", "seq", "rating", "comment"]) | TEXT
BODIES = (
    st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(NAMES, VALUES, max_size=4).map(lambda value: json.dumps(value).encode())
    | st.dictionaries(NAMES, TEXT, max_size=2).map(lambda value: json.dumps(value).encode())
)
EXPECTED = {200, 201, 400, 401, 404, 409, 413, 415, 422}


@SETTINGS
@given(body=BODIES)
async def test_any_body_of_a_message(gateway: Gateway, body: bytes) -> None:
    talk = await gateway.start()
    reply = await gateway.post(talk, body)
    assert reply.status_code in EXPECTED
    stored: list[dict[str, Any]] = (await gateway.read(talk)).json()["messages"]
    assert [message["content"] for message in stored] == ([json.loads(body)["content"]] if reply.is_success else [])


@SETTINGS
@given(body=BODIES)
async def test_any_body_of_a_start(gateway: Gateway, body: bytes) -> None:
    reply = await gateway.client.post(gateway.start_path, content=body, headers=JSON)
    assert reply.status_code in EXPECTED


@SETTINGS
@given(body=BODIES, what=st.sampled_from(["lead", "feedback"]))
async def test_any_body_of_an_opinion(gateway: Gateway, body: bytes, what: str) -> None:
    talk = await gateway.start()
    path = talk.path.replace("/messages", f"/{what}")
    reply = await gateway.client.post(path, content=body, headers=JSON | talk.bearer)
    assert reply.status_code in EXPECTED


@SETTINGS
@given(key=st.binary(max_size=40), token=st.binary(max_size=90), after=TEXT)
async def test_any_header_and_any_after(gateway: Gateway, key: bytes, token: bytes, after: str) -> None:
    talk = await gateway.start()
    clean = [bytes(byte for byte in raw if byte >= 0x20 and byte != 0x7F).strip() for raw in (key, token)]
    headers = [(b"Idempotency-Key", clean[0]), (b"Authorization", b"Bearer x" + clean[1])]
    assert (await gateway.client.post(talk.path, json={"content": "a"}, headers=headers)).status_code in EXPECTED
    params = {"after": after.encode(errors="replace").decode()}
    assert (await gateway.client.get(talk.path, params=params, headers=talk.bearer)).status_code in EXPECTED
