"""A conversation as server-sent events (WHATWG HTML, 9.2): what was said after a seq, then all that follows, once."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from console.db.hub import Hub
from console.errors import ConsoleError
from console.gateway import requests
from console.gateway.errors import RequestError
from console.gateway.gate import Gate, Kind
from console.ids import ConversationId
from console.services.visitors import Followed, Visitors

POLL_SECONDS = 5.0
"""How often a stream reads without being woken; each time it also shows the client that it lives."""

RECONNECT_MS = 2000
MEDIA_TYPE = "text/event-stream"


class StreamRoutes:
    """The event stream of a conversation."""

    def __init__(self, visitors: Visitors, gate: Gate, hub: Hub, poll_seconds: float = POLL_SECONDS) -> None:
        self._visitors = visitors
        self._gate = gate
        self._hub = hub
        self._poll_seconds = poll_seconds

    def routes(self) -> list[Route]:
        """Where it is."""
        return [self._gate.route("/v1/conversations/{id}/events", {"GET": (Kind.STREAM, self._events)})]

    async def _events(self, request: Request) -> Response:
        """200 with the stream; `Last-Event-ID` (else `after`) is the last seq that the client has."""
        token, id = requests.bearer(request), requests.conversation_id(request)
        after = requests.last_event_id(request)
        if self._hub.stopped:
            raise RequestError(503, "busy", "the gateway is about to end", headers={"Retry-After": "5"})
        with ExitStack() as place:
            place.enter_context(self._gate.stream(request))
            now = await self._follow(token, id, after)
            if request.method == "HEAD":
                return Response(media_type=MEDIA_TYPE)
            return _Stream(self._stream(request, token, id, after, now), place.pop_all())

    async def _stream(
        self, request: Request, token: str, id: ConversationId, after: int, now: Followed
    ) -> AsyncIterator[str]:
        clock = asyncio.get_running_loop().time
        known: dict[str, Any] = {"typing": {"typing": False}}
        first, checked = True, clock()
        with self._hub.follow(id) as woken, contextlib.suppress(ConsoleError):  # The client comes back by itself.
            yield f"retry: {RECONNECT_MS}\n\n"
            while not self._hub.stopped:
                for message in now.messages:
                    after = message["seq"]
                    yield _event("message", message, id=after)
                for name, said in _standing(now):
                    if known.get(name) != said:
                        known[name] = said
                        yield _event(name, said)
                if not first and not now.messages:
                    yield await self._pause(woken, now.typing_seconds)
                first = False
                if clock() - checked >= self._poll_seconds:
                    checked = clock()
                    if not await self._gate.still_allowed(request):
                        return
                # Cleared before the read: what comes during it wakes the next pause.
                woken.clear()
                now = await self._follow(token, id, after)

    async def _follow(self, token: str, id: ConversationId, after: int) -> Followed:
        # A read that is broken off costs its connection to the database: the client leaves, the read ends by itself.
        reading = asyncio.ensure_future(self._visitors.follow(token, id, after=after))
        reading.add_done_callback(_forget)
        return await asyncio.shield(reading)

    async def _pause(self, woken: asyncio.Event, typing_seconds: float) -> str:
        """Wait until there may be news: also the end of typing is some, though nobody tells of it."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), min(self._poll_seconds, typing_seconds or self._poll_seconds))
            return ""
        return ": still here\n\n"


class _Stream(StreamingResponse):
    """A stream that gives its place back however it ends, also when it never began."""

    def __init__(self, events: AsyncIterator[str], place: ExitStack) -> None:
        super().__init__(events, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        with self._place:
            await super().__call__(scope, receive, send)


def _forget(reading: asyncio.Future[Followed]) -> None:
    if not reading.cancelled():
        reading.exception()  # Taken note of here: nobody may be left to.


def _standing(now: Followed) -> tuple[tuple[str, dict[str, Any]], ...]:
    return (
        ("control", {"control": now.control, "waiting": now.waiting}),
        ("typing", {"typing": now.typing_seconds > 0}),
    )


def _event(name: str, data: dict[str, Any], *, id: int | None = None) -> str:
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"
