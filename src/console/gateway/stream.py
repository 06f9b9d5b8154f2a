"""A conversation as server-sent events (WHATWG HTML, 9.2): what was said after a seq, then all that follows, once."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.db.hub import Hub
from console.errors import ConsoleError
from console.gateway import requests
from console.gateway.errors import RequestError
from console.ids import ConversationId
from console.services.visitors import Followed, Visitors

MAX_STREAMS = 1000
POLL_SECONDS = 5.0
"""How often a stream reads without being woken; each time it also shows the client that it lives."""

RECONNECT_MS = 2000


class StreamRoutes:
    """The event stream of a conversation."""

    def __init__(self, visitors: Visitors, hub: Hub, poll_seconds: float = POLL_SECONDS) -> None:
        self._visitors = visitors
        self._hub = hub
        self._poll_seconds = poll_seconds
        self._open = 0

    def routes(self) -> list[Route]:
        """Where it is."""
        return [Route("/v1/conversations/{id}/events", self.events, methods=["GET"])]

    async def events(self, request: Request) -> Response:
        """200 with the stream; `Last-Event-ID` (else `after`) is the last seq that the client has."""
        token, id = requests.bearer(request), requests.conversation_id(request)
        after = requests.last_event_id(request)
        if self._open >= MAX_STREAMS or self._hub.stopped:
            raise RequestError(503, "busy", "too many streams are open", headers={"Retry-After": "5"})
        first = await self._visitors.follow(token, id, after=after)
        stream = self._stream(token, id, after, first)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def _stream(self, token: str, id: ConversationId, after: int, first: Followed) -> AsyncIterator[str]:
        self._open += 1
        try:
            with self._hub.follow(id) as woken:
                yield f"retry: {RECONNECT_MS}\n\n"
                control = None
                now = first
                while not self._hub.stopped:
                    for message in now.messages:
                        after = message["seq"]
                        yield _event("message", message, id=after)
                    if now.control != control:
                        control = now.control
                        yield _event("control", {"control": control})
                    if now is not first and not now.messages:
                        yield await self._pause(woken)
                    # Cleared before the read: what comes during it wakes the next pause.
                    woken.clear()
                    now = await self._visitors.follow(token, id, after=after)
        except ConsoleError:
            return  # The client comes back with its last seq.
        finally:
            self._open -= 1

    async def _pause(self, woken: asyncio.Event) -> str:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), self._poll_seconds)
            return ""
        return ": still here\n\n"


def _event(name: str, data: dict[str, Any], *, id: int | None = None) -> str:
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"
