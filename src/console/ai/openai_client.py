"""Any OpenAI-compatible endpoint, through the `openai` package: chat, embeddings, the list of models."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.ai.breaker import Breaker
from console.ai.model_error import ModelError, Trouble
from console.domain.model import Endpoint
from console.text import one_line

if TYPE_CHECKING:
    import openai

    Send = Callable[[openai.AsyncOpenAI], Awaitable[Any]]

_ADAPTED = 2
_MOST_TOKENS = 10_000_000
_KEY, _FORBIDDEN, _MISSING, _SLOW, _BUSY, _SERVER = 401, 403, 404, 408, 429, 500


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: to connect, for one call, for all tries of it; and how often to try again."""

    connect: float = 5.0
    call: float = 45.0
    whole: float = 75.0
    retries: int = 2
    pause: float = 0.5
    longest_pause: float = 10.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a chat model said, and the tokens of it; 0 where the endpoint does not tell."""

    text: str
    tokens_in: int
    tokens_out: int
    is_cut: bool
    ms: int


class OpenAiClient:
    """One endpoint. Every failure is a `ModelError` in our own words."""

    def __init__(self, endpoint: Endpoint, breaker: Breaker, patience: Patience | None = None) -> None:
        self.endpoint = endpoint
        self._breaker = breaker
        self._patience = patience or Patience()

    async def chat(
        self, model: str, messages: Sequence[dict[str, str]], *, temperature: float, max_tokens: int
    ) -> Said:
        """Let the model go on from `messages` (role and content each)."""
        started = time.monotonic()
        options: dict[str, Any] = {"temperature": temperature, "max_tokens": max_tokens}

        async def send(client: openai.AsyncOpenAI) -> Any:
            given: Any = list(messages)
            return await client.chat.completions.with_raw_response.create(model=model, messages=given, **options)

        for _ in range(_ADAPTED):
            try:
                return _said(await self._asked(send), started)
            except ModelError as error:
                if error.param not in options:
                    raise
                _adapt(options, error.param)
        return _said(await self._asked(send), started)

    async def embed(self, model: str, texts: Sequence[str]) -> tuple[list[Any], int]:
        """One list of numbers a text, in order, unchecked, and the tokens of all; 0 where the endpoint does not tell.

        Raises `ModelError` when there are not as many.
        """

        async def send(client: openai.AsyncOpenAI) -> Any:
            given = list(texts)
            return await client.embeddings.with_raw_response.create(model=model, input=given, encoding_format="float")

        said = await self._asked(send)
        data = said.get("data")
        if not isinstance(data, list) or len(data) != len(texts) or not all(isinstance(one, dict) for one in data):
            count = len(data) if isinstance(data, list) else "no"
            raise ModelError(Trouble.GARBAGE, f"{model} gave {count} vectors for {len(texts)} texts")
        places = [one.get("index", place) for place, one in enumerate(data)]
        if sorted(map(str, places)) != sorted(map(str, range(len(texts)))):
            raise ModelError(Trouble.GARBAGE, f"{model} does not say which vector is whose")
        rows = [one.get("embedding") for _, one in sorted(zip(map(int, places), data, strict=True), key=_first)]
        return rows, _count(_usage(said).get("prompt_tokens"))

    async def models(self) -> tuple[str, ...]:
        """The names of the models that the endpoint lists."""

        async def send(client: openai.AsyncOpenAI) -> Any:
            return await client.models.with_raw_response.list()

        listed = (await self._asked(send)).get("data")
        found = listed if isinstance(listed, list) else []
        return tuple(one_line(str(one["id"])) for one in found if isinstance(one, dict) and "id" in one)

    async def _asked(self, send: Send) -> dict[str, Any]:
        """The reply's JSON object, after as many tries as patience allows."""
        patience, ending = self._patience, time.monotonic() + self._patience.whole
        for tried in range(patience.retries + 1):
            self._breaker.enter()
            try:
                reply = await self._once(send)
            except ModelError as error:
                (self._breaker.failed if error.is_outage else self._breaker.worked)()
                pause = _pause(patience, tried, error.after)
                if tried == patience.retries or not error.is_retried or time.monotonic() + pause > ending:
                    raise
                await asyncio.sleep(pause)
            else:
                self._breaker.worked()
                return reply
        raise AssertionError("unreachable")

    async def _once(self, send: Send) -> dict[str, Any]:
        await asyncio.to_thread(_load)
        import openai

        host = self.endpoint.host
        try:
            async with asyncio.timeout(self._patience.call), self._connected() as client:
                reply = await send(client)
        except (TimeoutError, openai.APITimeoutError):
            raise ModelError(
                Trouble.TIMEOUT, f"the model at {host} did not answer in {self._patience.call:g} s",
                hint="console doctor; CONSOLE_MODEL_SECONDS gives it longer",
            ) from None  # fmt: skip
        except openai.APIStatusError as error:
            raise self._refused(error) from None
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, ModelError):
                raise error.__cause__ from None
            raise _unreachable(host) from None
        except openai.OpenAIError as error:
            raise ModelError(Trouble.GARBAGE, f"the model at {host} answers nonsense: {type(error).__name__}") from None
        return _object(reply.http_response.content, host)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[openai.AsyncOpenAI]:
        """A client for one call: it belongs to no event loop longer than that, and leaves nothing open."""
        import httpx2
        import openai

        from console.ai.transport import EndpointTransport

        there, patience = self.endpoint, self._patience
        transport = EndpointTransport(public_only=there.is_tenants, secure=there.base_url.startswith("https:"))
        timeout = httpx2.Timeout(patience.call, connect=patience.connect)
        async with httpx2.AsyncClient(
            transport=transport, timeout=timeout, trust_env=False, follow_redirects=False
        ) as http:
            yield openai.AsyncOpenAI(
                api_key=there.key or "none", base_url=there.base_url, max_retries=0, http_client=http
            )

    def _refused(self, error: openai.APIStatusError) -> ModelError:
        """An HTTP status in our words. What the endpoint says is told only where it helps, without the key."""
        status, host = error.status_code, self.endpoint.host
        if status in {_KEY, _FORBIDDEN}:
            return ModelError(
                Trouble.KEY, f"the model at {host} refuses the key ({status})",
                hint="set OPENAI_API_KEY, or: console workspace credential set openai",
            )  # fmt: skip
        if status in {_BUSY, _SLOW}:
            after = _seconds(error.response.headers.get("retry-after"))
            return ModelError(Trouble.BUSY, f"the model at {host} is busy ({status})", hint="try later", after=after)
        if status >= _SERVER:
            return ModelError(Trouble.FAILING, f"the model at {host} fails ({status})", hint="try later")
        said = self._told(error)
        if status == _MISSING:
            return ModelError(
                Trouble.UNKNOWN, f"the endpoint {host} does not know that model or address (404){said}",
                hint="console doctor",
            )  # fmt: skip
        return ModelError(
            Trouble.REJECTED, f"the model at {host} rejects the request ({status}){said}", param=_param(error)
        )

    def _told(self, error: openai.APIStatusError) -> str:
        body = error.body if isinstance(error.body, dict) else {}
        text = str(body.get("message") or "")
        if self.endpoint.key:
            text = text.replace(self.endpoint.key, "[key]")
        return f": {one_line(text, 160)}" if text else ""


def _load() -> None:
    """Import what a call needs, which takes a second the first time: off the event loop, on no call's time."""
    import openai.resources.chat
    import openai.resources.embeddings  # noqa: F401 - to have it loaded

    import console.ai.transport  # noqa: F401 - to have it loaded


def _unreachable(host: str) -> ModelError:
    return ModelError(
        Trouble.UNREACHABLE, f"the model at {host} can't be reached", hint="start it, or mend OPENAI_BASE_URL"
    )


def _object(content: bytes, host: str) -> dict[str, Any]:
    """A body as JSON object, whatever its type claims to be."""
    try:
        reply = json.loads(content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        what = "a web page" if content.lstrip()[:1] == b"<" else "no JSON"
        raise ModelError(
            Trouble.GARBAGE, f"the endpoint {host} answers with {what}", hint="mend its address: it ends in /v1 mostly"
        ) from None
    if not isinstance(reply, dict):
        raise ModelError(Trouble.GARBAGE, f"the endpoint {host} answers with no JSON object")
    return reply


def _said(reply: dict[str, Any], started: float) -> Said:
    try:
        choice = reply["choices"][0]
        text = choice["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise ModelError(Trouble.GARBAGE, "the model's reply holds no message") from None
    used = _usage(reply)
    return Said(
        text if isinstance(text, str) else "", _count(used.get("prompt_tokens")), _count(used.get("completion_tokens")),
        choice.get("finish_reason") == "length", round((time.monotonic() - started) * 1000),
    )  # fmt: skip


def _usage(reply: dict[str, Any]) -> dict[str, Any]:
    used = reply.get("usage")
    return used if isinstance(used, dict) else {}


def _count(value: Any) -> int:
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else 0


def _first(pair: tuple[int, Any]) -> int:
    return pair[0]


def _pause(patience: Patience, tried: int, after: float | None) -> float:
    """What the endpoint asks for, capped; else longer each time, never the same for two callers."""
    own: float = patience.pause * 2**tried * random.uniform(0.5, 1.5)  # noqa: S311 - not a secret
    return min(patience.longest_pause, max(own, after or 0.0))


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        return None


def _param(error: openai.APIStatusError) -> str:
    """Which of our options the endpoint will not take: newer models know other ones."""
    body = error.body if isinstance(error.body, dict) else {}
    text = f"{body.get('param')} {body.get('message')}"
    return next((name for name in ("max_tokens", "temperature") if name in text), "")


def _adapt(options: dict[str, Any], name: str) -> None:
    value = options.pop(name)
    if name == "max_tokens":
        options["max_completion_tokens"] = value
