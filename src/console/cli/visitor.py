"""A visitor of the gateway: starts a conversation, sends each message once, reads the answers by `seq`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from console.errors import ConnectionFailedError, InvalidInputError, NotFoundError, OverQuotaError, RefusedError
from console.ids import new_id
from console.text import one_line

if TYPE_CHECKING:
    import httpx

Message = dict[str, Any]

_TRIES = 5
_FIRST_PAUSE = 0.2
_SECONDS = 15.0
_TOO_MANY = 429
_BROKEN = 500
_NO_CONTENT = 204
_PATIENCE = 60
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ERRORS = {404: NotFoundError, 400: InvalidInputError, 413: InvalidInputError, 422: InvalidInputError}


class Visitor:
    """One conversation with one agent, over HTTP; every call raises `ConnectionFailedError` when it gets no reply."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.conversation_id = ""
        self.seen = 0
        self.answered = 0

    async def start(self, public_key: str) -> None:
        """Begin a conversation with the agent of that public key; `NotFoundError` when there is none."""
        # never tried twice: a conversation has no idempotency key
        reply = await self._call("POST", f"/v1/agents/{quote(public_key, safe='')}/conversations", tries=1)
        self.conversation_id = str(_field(reply, "conversation_id"))
        self._client.headers["Authorization"] = f"Bearer {_field(reply, 'visitor_token')}"

    async def send(self, content: str) -> int:
        """Send one message, again with the same key while the network fails; returns its `seq`."""
        key = {"Idempotency-Key": str(new_id())}
        reply = await self._call("POST", self._messages, json={"content": content}, headers=key)
        return int(_field(reply, "seq"))

    async def read(self) -> list[Message]:
        """The messages that came since the last call, in order."""
        reply = await self._call("GET", self._messages, params={"after": self.seen})
        messages: list[Message] = sorted(_field(reply, "messages"), key=lambda message: int(message["seq"]))
        for message in messages:
            self._saw(message)
        return messages

    async def events(self) -> AsyncIterator[tuple[str, Message]]:
        """What happens after the messages seen so far, by kind (message, control, typing), until the stream is cut.

        Raises the refusal of a gateway that gives no stream.
        """
        import httpx

        headers = {"Last-Event-ID": str(self.seen)}
        try:
            async with self._client.stream("GET", self._path("events"), headers=headers) as reply:
                if not reply.is_success:
                    await reply.aread()
                    _read(reply)
                async for kind, said in _events(reply.aiter_lines()):
                    if kind == "message":
                        self._saw(said)
                    yield kind, said
        except httpx.TransportError as error:
            raise _unreachable(self._client.base_url, error) from None

    async def typing(self) -> None:
        """Let the other side see for a few seconds that one types."""
        await self._call("POST", self._path("typing"), tries=1)

    async def rate(self, rating: str, comment: str) -> None:
        """Say whether the last answer helped; `InvalidInputError` before there is one."""
        if not self.answered:
            raise InvalidInputError("there is no answer yet to rate")
        body = {"seq": self.answered, "rating": rating, "comment": comment}
        await self._call("POST", self._path("feedback"), json=body)

    async def leave(self, email: str) -> None:
        """Leave an e-mail address; `InvalidInputError` for what is none."""
        await self._call("POST", self._path("lead"), json={"email": email})

    @property
    def _messages(self) -> str:
        return self._path("messages")

    def _saw(self, message: Message) -> None:
        seq = int(message["seq"])
        self.seen = max(self.seen, seq)
        if message["role"] != "user":
            self.answered = max(self.answered, seq)

    def _path(self, what: str) -> str:
        return f"/v1/conversations/{quote(self.conversation_id, safe='')}/{what}"

    async def _call(self, method: str, path: str, *, tries: int = _TRIES, **request: Any) -> dict[str, Any]:
        import httpx

        pause = _FIRST_PAUSE
        for left in reversed(range(tries)):
            try:
                reply = await self._client.request(method, path, **request)
                if not left or not (waits := _comes_again_in(reply, pause)):
                    return _read(reply)
            except httpx.TransportError as error:
                if not left:
                    raise _unreachable(self._client.base_url, error) from None
                waits = pause
            await asyncio.sleep(waits)
            pause *= 2
        raise AssertionError


def connect(address: str) -> httpx.AsyncClient:
    """A client for the gateway at that address, to be used in `async with`; `InvalidInputError` for a bad one."""
    import httpx

    host = urlsplit(address).hostname
    if not address.startswith(("http://", "https://")) or not host:
        raise InvalidInputError(f"{one_line(address)!r} is no gateway address", hint="--gateway http://HOST:PORT")
    # a proxy meant for the internet can't reach this machine
    return httpx.AsyncClient(base_url=address, timeout=_SECONDS, trust_env=host not in _LOOPBACK)


def _comes_again_in(reply: httpx.Response, pause: float) -> float:
    """The seconds after which one more try makes sense, or 0."""
    if reply.status_code >= _BROKEN:
        return pause
    after = reply.headers.get("Retry-After", "")
    return float(after) if reply.status_code == _TOO_MANY and after.isdecimal() and int(after) <= _PATIENCE else 0.0


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, Message]]:
    """Server-sent events whose data is an object in JSON; `RefusedError` for any other."""
    kind, data = "", ""
    async for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            kind = value
        elif field == "data":
            data = value
        elif not line and data:
            yield kind, _said(kind, data)
            kind = data = ""


def _said(kind: str, text: str) -> Message:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    whole = isinstance(found, dict)
    if whole and kind == "message":
        whole = isinstance(found.get("seq"), int) and {"role", "content"} <= set(found)
    if not whole:
        raise RefusedError("the gateway's stream is no stream of a talk", hint="is this address really a gateway?")
    return cast(Message, found)


def _read(reply: httpx.Response) -> dict[str, Any]:
    if reply.status_code == _NO_CONTENT:
        return {}
    try:
        body = reply.json()
    except ValueError:
        body = None
    if reply.is_success and isinstance(body, dict):
        return body
    raise _refusal(reply.status_code, body)


def _field(reply: dict[str, Any], name: str) -> Any:
    if name not in reply:
        raise RefusedError(f"the gateway's answer has no {name}", hint="is this address really a gateway?")
    return reply[name]


def _refusal(status: int, body: object) -> Exception:
    said = body.get("error") if isinstance(body, dict) else None
    why = said.get("message") if isinstance(said, dict) else said
    message = f"the gateway answered {status}" + (f": {one_line(str(why))}" if why else "")
    if status == _TOO_MANY:
        return OverQuotaError(message, hint="wait a little, then try again")
    return _ERRORS.get(status, RefusedError)(message)


def _unreachable(address: object, error: Exception) -> ConnectionFailedError:
    why = one_line(str(error)) or type(error).__name__
    return ConnectionFailedError(f"no reply from the gateway at {address}: {why}", hint="start one: console gateway")
