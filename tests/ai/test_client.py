"""The client of an endpoint: what it sends, what it takes, and how it gives up."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from console.ai.breaker import Breaker
from console.ai.model_error import ModelError, Trouble
from console.ai.openai_client import OpenAiClient, Patience
from console.domain.model import Endpoint
from tests.ai.endpoint import (
    Act,
    FakeEndpoint,
    chat,
    completion,
    endless,
    html,
    raw,
    refused_option,
    reply,
    rows,
    slow,
    status,
)

KEY = "sk-planted-0123456789abcdef"
CALM = Patience(connect=10, call=15, whole=40, retries=2, pause=0.01, longest_pause=0.3)
QUICK = replace(CALM, call=3)
HANG = 60.0
ASKED = [{"role": "user", "content": "hello"}]


def client(there: FakeEndpoint, patience: Patience = CALM, breaker: Breaker | None = None) -> OpenAiClient:
    endpoint = Endpoint(base_url=there.base_url, key=KEY)
    return OpenAiClient(endpoint, breaker or Breaker("test", failures=99), patience)


async def say(asked: OpenAiClient) -> str:
    return (await asked.chat("gpt-4o-mini", ASKED, temperature=0.2, max_tokens=50)).text


async def trouble(asked: OpenAiClient) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await say(asked)
    assert KEY not in f"{caught.value.message} {caught.value.hint} {caught.value!r}"
    return caught.value


async def test_it_sends_what_it_was_given_and_counts(endpoint: FakeEndpoint) -> None:
    said = await client(endpoint).chat("gpt-4o-mini", ASKED, temperature=0.2, max_tokens=50)
    assert (said.text, said.tokens_in, said.tokens_out) == (reply("Yes."), 1000, 200)
    (call,) = endpoint.calls
    assert (call["model"], call["messages"], call["max_tokens"]) == ("gpt-4o-mini", ASKED, 50)
    assert endpoint.keys == [f"Bearer {KEY}"]


async def test_busy_and_failing_are_tried_again_as_asked(endpoint: FakeEndpoint) -> None:
    endpoint.script = [status(429, Retry_After="0.2"), status(500)]
    started = time.monotonic()
    assert await say(client(endpoint)) == reply("Yes.")
    assert time.monotonic() - started >= 0.2
    assert len(endpoint.calls) == 3


async def test_a_long_retry_after_is_capped(endpoint: FakeEndpoint) -> None:
    endpoint.script = [status(429, Retry_After="3600")]
    async with asyncio.timeout(HANG):
        assert await say(client(endpoint)) == reply("Yes.")


@pytest.mark.parametrize(
    ("act", "kind", "calls"),
    [
        (status(500), Trouble.FAILING, 3),
        (status(429), Trouble.BUSY, 3),
        (status(401), Trouble.KEY, 1),
        (status(403), Trouble.KEY, 1),
        (status(404), Trouble.UNKNOWN, 1),
        (status(400), Trouble.REJECTED, 1),
        (status(302, Location="http://127.0.0.1:1/v1"), Trouble.REJECTED, 1),
        (html(), Trouble.GARBAGE, 1),
        (raw(b"{"), Trouble.GARBAGE, 1),
        (raw(b"[" * 100_000), Trouble.GARBAGE, 1),
        (raw(b"[]"), Trouble.GARBAGE, 1),
        (raw(b"{}"), Trouble.GARBAGE, 1),
        (raw(b'{"choices": [{"message": null}]}'), Trouble.GARBAGE, 1),
        (slow(30), Trouble.TIMEOUT, 1),
        (endless(b"x", 0.01), Trouble.TIMEOUT, 1),
        (endless(b"x" * 500_000), Trouble.GARBAGE, 1),
    ],
)
async def test_every_failure_has_its_kind(endpoint: FakeEndpoint, act: Act, kind: Trouble, calls: int) -> None:
    endpoint.script = [act] * 3
    patience = QUICK if kind is Trouble.TIMEOUT else CALM
    async with asyncio.timeout(HANG):
        assert (await trouble(client(endpoint, patience))).trouble is kind
    assert len(endpoint.calls) == calls


async def test_nobody_listens() -> None:
    nobody = OpenAiClient(Endpoint(base_url="http://127.0.0.1:1/v1", key=KEY), Breaker("test"), CALM)
    error = await trouble(nobody)
    assert (error.trouble, error.message) == (Trouble.UNREACHABLE, "the model at 127.0.0.1:1 can't be reached")


async def test_text_that_is_no_utf8_is_taken_as_far_as_it_is(endpoint: FakeEndpoint) -> None:
    endpoint.script = [raw(b'{"choices": [{"message": {"content": "a\xff\xfeb"}}]}')]
    assert await say(client(endpoint)) == "a\ufffd\ufffdb"


async def test_options_that_a_model_refuses_are_changed(endpoint: FakeEndpoint) -> None:
    endpoint.script = [refused_option("max_tokens"), refused_option("temperature")]
    assert await say(client(endpoint)) == reply("Yes.")
    last = endpoint.calls[-1]
    assert last["max_completion_tokens"] == 50
    assert not {"temperature", "max_tokens"} & set(last)


async def test_the_breaker_opens_rests_and_lets_one_try(endpoint: FakeEndpoint) -> None:
    now = [0.0]
    breaker = Breaker("there", failures=3, rest=30, clock=lambda: now[0])
    asked = client(endpoint, breaker=breaker)
    endpoint.script = [status(500)] * 3
    assert (await trouble(asked)).trouble is Trouble.FAILING
    error = await trouble(asked)
    assert (error.trouble, len(endpoint.calls)) == (Trouble.OPEN, 3)
    assert "failed 3 times in a row" in error.message
    now[0] = 31
    endpoint.script = [status(401)]
    assert (await trouble(asked)).trouble is Trouble.KEY
    assert await say(asked) == reply("Yes.")


async def test_a_refused_key_opens_no_breaker(endpoint: FakeEndpoint) -> None:
    asked = client(endpoint, breaker=Breaker("there", failures=2))
    endpoint.script = [status(401)] * 5
    for _ in range(5):
        assert (await trouble(asked)).trouble is Trouble.KEY


async def test_a_tenants_address_is_dialled_only_where_it_is_public(endpoint: FakeEndpoint) -> None:
    for base_url in (endpoint.base_url, endpoint.base_url.replace("127.0.0.1", "localhost")):
        tenants = Endpoint(base_url=base_url, key=KEY, is_tenants=True)
        assert (await trouble(OpenAiClient(tenants, Breaker("t"), CALM))).trouble is Trouble.FORBIDDEN
    assert endpoint.calls == []


@pytest.mark.parametrize(
    "act", [rows([1.0]), rows([1.0], [2.0], [3.0]), raw(b'{"data": 7}'), raw(b'{"data": ["a", "b"]}'),
            raw(b'{"data": [{"index": 0}, {"index": 0}]}')]
)  # fmt: skip
async def test_as_many_vectors_as_texts(endpoint: FakeEndpoint, act: Act) -> None:
    endpoint.script = [act]
    with pytest.raises(ModelError) as caught:
        await client(endpoint).embed("m", ["a", "b"])
    assert caught.value.trouble is Trouble.GARBAGE


async def test_vectors_come_in_the_order_of_the_texts(endpoint: FakeEndpoint) -> None:
    data: list[dict[str, Any]] = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    import json

    told: list[dict[str, Any]] = [
        {},
        {"usage": {"prompt_tokens": 7}},
        {"usage": {"prompt_tokens": "many"}},
        {"usage": [7]},
    ]
    endpoint.script = [raw(json.dumps({"data": data} | usage).encode()) for usage in told]
    found = [await client(endpoint).embed("m", ["a", "b"]) for _ in told]
    assert found == [([[1.0], [2.0]], tokens) for tokens in (0, 7, 0, 0)]


async def test_no_content_is_no_words(endpoint: FakeEndpoint) -> None:
    endpoint.script = [chat(None), chat(7)]
    assert [await say(client(endpoint)), await say(client(endpoint))] == ["", ""]
    assert completion("x")["choices"][0]["message"]["content"] == "x"
