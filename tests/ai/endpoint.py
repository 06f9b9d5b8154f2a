"""A model endpoint of our own: the protocol over real HTTP on loopback, scripted call by call, or hostile."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Json = dict[str, Any]
Act = Callable[[Json], Response]
DIMENSIONS = 1536
EMBEDDING_MODEL = "text-embedding-3-small"


@dataclass
class FakeEndpoint:
    """What it was asked, what it does next (`script`, one entry a call), and what it does else (`says`, `embeds`)."""

    base_url: str = ""
    script: list[Act] = field(default_factory=list)
    says: Callable[[Json], str] = lambda _body: reply("Yes.")
    embeds: Callable[[str], list[float]] | None = None
    embedding_tokens: int = 5
    calls: list[Json] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def next(self, request: Request, body: Json) -> Response | None:
        """Note the call; the scripted reply, if there is one."""
        self.calls.append(body)
        self.keys.append(request.headers.get("authorization", ""))
        return self.script.pop(0)(body) if self.script else None


def reply(answer: str, *citations: int, verdict: str = "sure") -> str:
    """What a well-behaved model writes."""
    return json.dumps({"answer": answer, "citations": list(citations), "verdict": verdict})


def completion(text: Any, *, reason: str = "stop") -> Json:
    """A chat completion."""
    return {
        "id": "c1", "object": "chat.completion", "created": 1, "model": "fake",
        "choices": [{"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
    }  # fmt: skip


def vectors(rows: list[Any], tokens: int = 5) -> Json:
    """An answer to an embeddings call that read so many tokens."""
    data = [{"object": "embedding", "index": place, "embedding": row} for place, row in enumerate(rows)]
    return {"object": "list", "model": "fake", "data": data, "usage": {"prompt_tokens": tokens}}


def hashed(text: str) -> list[float]:
    """A vector in which texts with words in common are near."""
    total = np.zeros(DIMENSIONS)
    for word in set(re.findall(r"[a-z]+", text.lower())):
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
        total += np.random.default_rng(seed).standard_normal(DIMENSIONS)
    return [float(value) for value in total + 1e-3]


def status(code: int, **headers: str) -> Act:
    """An error as OpenAI words it; it says the key back, as careless ones do."""

    def act(body: Json) -> Response:
        message = f"no: {body.get('_key', '')}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return JSONResponse({"error": {"message": message, "type": "e", "param": None}}, code, named)

    return act


def refused_option(name: str) -> Act:
    """As newer models refuse the options of older ones."""
    error = {"message": f"Unsupported parameter: '{name}'", "param": name, "type": "invalid_request_error"}
    return lambda _body: JSONResponse({"error": error}, 400)


def raw(content: bytes, media_type: str = "application/json") -> Act:
    """Whatever bytes, as 200."""
    return lambda _body: Response(content, media_type=media_type)


def chat(text: Any, *, reason: str = "stop") -> Act:
    """One chat completion."""
    return lambda _body: JSONResponse(completion(text, reason=reason))


def rows(*given: Any) -> Act:
    """One embeddings answer; NaN and Infinity as Python writes them."""
    return raw(json.dumps(vectors(list(given))).encode())


def html() -> Act:
    """A login page where an API should be."""
    return raw(b"<html><body>Sign in</body></html>", "text/html")


def slow(seconds: float) -> Act:
    """An answer that takes its time."""

    async def body() -> AsyncIterator[bytes]:
        await asyncio.sleep(seconds)
        yield json.dumps(completion(reply("late"))).encode()

    return lambda _body: StreamingResponse(body(), media_type="application/json")


def once(happened: threading.Event, text: str) -> Act:
    """An answer that waits for what has to happen first."""

    async def body() -> AsyncIterator[bytes]:
        while not happened.is_set():
            await asyncio.sleep(0.01)
        yield json.dumps(completion(text)).encode()

    return lambda _body: StreamingResponse(body(), media_type="application/json")


def endless(chunk: bytes, pause: float = 0.0) -> Act:
    """A body that never ends."""

    async def body() -> AsyncIterator[bytes]:
        yield b'{"choices": [{"message": {"content": "'
        while True:
            await asyncio.sleep(pause)
            yield chunk

    return lambda _body: StreamingResponse(body(), media_type="application/json")


def obedient(body: Json) -> str:
    """A hostile model: says back all it was told, does whatever anything in the talk asks for, and is sure of it."""
    told = "\n".join(f"{one['role']}: {one['content']}" for one in body["messages"])
    orders = re.findall(r"(?:say|add|repeat|call|print|open)\s+(\S[^\n]*)", told, re.IGNORECASE)
    return reply("\n".join(["I obey.", *orders]), 1, 99, -3)


def _app(there: FakeEndpoint) -> Starlette:
    async def chats(request: Request) -> Response:
        body = await _body(request)
        return there.next(request, body) or JSONResponse(completion(there.says(body)))

    async def embeddings(request: Request) -> Response:
        body = await _body(request)
        embed = there.embeds or hashed
        found = vectors([embed(text) for text in body["input"]], there.embedding_tokens)
        return there.next(request, body) or JSONResponse(found)

    async def models(request: Request) -> Response:
        listed = [{"id": name, "object": "model"} for name in ("gpt-4o-mini", EMBEDDING_MODEL)]
        return there.next(request, {"_path": "models"}) or JSONResponse({"object": "list", "data": listed})

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chats, methods=["POST"]),
            Route("/v1/embeddings", embeddings, methods=["POST"]),
            Route("/v1/models", models, methods=["GET"]),
        ]
    )


async def _body(request: Request) -> Json:
    return {**await request.json(), "_key": request.headers.get("authorization", "")}


@contextmanager
def serving() -> Iterator[FakeEndpoint]:
    """An endpoint on a free port, in a thread of its own."""
    there = FakeEndpoint()
    settings = uvicorn.Config(_app(there), port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, name="model endpoint", daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    there.base_url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    try:
        yield there
    finally:
        server.should_exit = True
        thread.join(10)
