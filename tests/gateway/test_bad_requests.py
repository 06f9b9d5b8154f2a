"""Each bad request is a clear 4xx, and leaves nothing behind."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.gateway.not_json import no_json
from tests.gateway.support import JSON, Gateway, Talk, refused

ONE = b'{"content": "hello"}'


@pytest.fixture
async def talk(gateway: Gateway) -> AsyncIterator[Talk]:
    """A conversation that has to be empty at the end."""
    talk = await gateway.start()
    yield talk
    assert (await gateway.read(talk)).json() == {"messages": []}


async def test_what_is_no_json_object_is_refused(gateway: Gateway, talk: Talk) -> None:
    for body in no_json():
        reply = await gateway.post(talk, body)
        assert reply.status_code == 400, body
        assert refused(reply, 400)["code"] == "json"


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":', '{"content":['])
async def test_a_nesting_bomb_costs_no_more_than_its_length(gateway: Gateway, talk: Talk, opening: str) -> None:
    async def cost(body: bytes, status: int) -> float:
        """The best of some CPU seconds, the client's and the server's."""
        seconds = []
        for _ in range(5):
            begun = time.process_time()
            reply = await gateway.post(talk, body)
            seconds.append(time.process_time() - begun)
            refused(reply, status)
        return min(seconds)

    plain = await cost(b'{"content": "%s"}' % (b"a" * 100_000), 422)
    bomb = await cost((opening * 100_000).encode()[:100_000], 400)
    assert bomb < 5 * plain


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "content"),
        ({"content": None}, "content"),
        ({"content": 1}, "text"),
        ({"content": ["a"]}, "text"),
        ({"content": {"a": "b"}}, "text"),
        ({"content": True}, "text"),
        ({"content": "a", "role": "assistant"}, "role"),
        ({"content": "a", "\x1b]0;x\x07\ud800": 1}, "unknown"),
        ({"content": ""}, "empty"),
        ({"content": " \n\t"}, "empty"),
        ({"content": "a" * 20_001}, "20,000"),
        ({"content": "a\x00b"}, "NUL"),
        ({"content": "a\ud800b"}, "half"),
        ({"content": "\udfff"}, "half"),
    ],
)
async def test_an_unusable_message_is_refused(gateway: Gateway, talk: Talk, body: dict[str, Any], word: str) -> None:
    error = refused(await gateway.post(talk, json.dumps(body).encode()), 422)
    assert word in error["message"]
    assert "\x1b" not in error["message"]


@pytest.mark.parametrize(
    ("profile", "word"),
    [
        ({"name": 1}, "name"),
        ({"name": "a\x00"}, "NUL"),
        ({"email": "\ud83d"}, "half"),
        ({"visitor_id": "v" * 201}, "visitor_id"),
        ({"page": "p" * 2001}, "page"),
        ({"workspace_id": "w"}, "workspace_id"),
        ({"agent_id": None}, "agent_id"),
    ],
)
async def test_an_unusable_profile_is_refused(gateway: Gateway, profile: dict[str, Any], word: str) -> None:
    body = json.dumps(profile).encode()
    error = refused(await gateway.client.post(gateway.start_path, content=body, headers=JSON), 422)
    assert word in error["message"]


@pytest.mark.parametrize("body", [b"[]", b"null", b"{", b'"name"'])
async def test_a_profile_that_is_no_object_is_refused(gateway: Gateway, body: bytes) -> None:
    refused(await gateway.client.post(gateway.start_path, content=body, headers=JSON), 400)


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "a"]
)
async def test_another_content_type_is_refused(gateway: Gateway, talk: Talk, media_type: str) -> None:
    refused(await gateway.post(talk, ONE, content_type=media_type), 415)


async def test_a_compressed_body_is_refused(gateway: Gateway, talk: Talk) -> None:
    refused(await gateway.post(talk, ONE, content_encoding="gzip"), 415)


async def test_a_charset_beside_the_content_type_is_welcome(gateway: Gateway) -> None:
    talk = await gateway.start()
    assert (await gateway.post(talk, ONE, content_type="Application/JSON; charset=utf-8")).status_code == 201


@pytest.mark.parametrize("authorization", ["", "Bearer", "Basic dTpw", "vt_x"])
async def test_no_token_is_401(gateway: Gateway, talk: Talk, authorization: str) -> None:
    reply = await gateway.post(talk, ONE, authorization=authorization)
    refused(reply, 401)
    assert reply.headers["www-authenticate"] == "Bearer"
    headers = {"Authorization": authorization} if authorization else {}
    refused(await gateway.client.get(talk.path, headers=headers), 401)


async def test_a_token_in_the_address_counts_for_nothing(gateway: Gateway, talk: Talk) -> None:
    reply = await gateway.client.get(talk.path, params={"token": talk.token, "access_token": talk.token})
    refused(reply, 401)


@pytest.mark.parametrize("key", ["", "k" * 201, "two words", "a\tb", "\x80", "é"])
async def test_a_missing_or_unusable_key_is_refused(gateway: Gateway, talk: Talk, key: str) -> None:
    headers = {**JSON, **talk.bearer, "Idempotency-Key": key}
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    refused(await gateway.client.post(talk.path, content=ONE, headers=raw), 400)
    del headers["Idempotency-Key"]
    refused(await gateway.client.post(talk.path, content=ONE, headers=headers), 400)


@pytest.mark.parametrize("after", ["", "-1", "+1", "1.5", "x", "1e3", "٣", "1 ", "9" * 11, "0x1"])
async def test_a_bad_after_is_refused(gateway: Gateway, talk: Talk, after: str) -> None:
    assert refused(await gateway.read(talk, after=after), 400)["code"] == "after"


@pytest.mark.parametrize("after", [0, 2**31 - 1, 2**31, 9_999_999_999])
async def test_any_seq_may_be_asked_for(gateway: Gateway, talk: Talk, after: int) -> None:
    assert (await gateway.read(talk, after=after)).json() == {"messages": []}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_a_wrong_method_is_405(gateway: Gateway, talk: Talk, method: str) -> None:
    reply = await gateway.client.request(method, talk.path, headers=talk.bearer)
    refused(reply, 405)
    assert {"GET", "POST"} <= set(reply.headers["allow"].replace(",", " ").split())
    refused(await gateway.client.get(gateway.start_path), 405)


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/agents", "/v1/conversations/", "/healthz/", "/v1/agents//conversations", "/%ff/%00"]
)
async def test_an_unknown_path_is_404(client: httpx.AsyncClient, path: str) -> None:
    refused(await client.get(path), 404)


@pytest.mark.parametrize(
    "key", ["x", "pk_", "pk_" + "A" * 400, "%00", "pk_%F0%9F%98%80", "..%2f..", "pk_" + "A" * 22 + "nobody-has-it"]
)
async def test_an_unknown_agent_is_404(client: httpx.AsyncClient, key: str) -> None:
    refused(await client.post(f"/v1/agents/{key}/conversations"), 404)
