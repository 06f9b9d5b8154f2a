"""Conversations over HTTP: begin one, write into it, read it, say that one types."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.gateway import requests
from console.gateway.errors import reply
from console.gateway.gate import Gate, Kind
from console.services.visitors import Visitors

PROFILE = ("name", "email", "page", "domain", "visitor_id")


class ConversationRoutes:
    """The routes of the visitor's one noun; a body may take `body_seconds` to arrive."""

    def __init__(self, visitors: Visitors, gate: Gate, body_seconds: float) -> None:
        self._visitors = visitors
        self._gate = gate
        self._seconds = body_seconds

    def routes(self) -> list[Route]:
        """Where they are."""
        messages = {"GET": (Kind.READ, self._read), "POST": (Kind.MESSAGE, self._send)}
        return [
            self._gate.route("/v1/agents/{public_key}/conversations", {"POST": (Kind.START, self._start)}),
            self._gate.route("/v1/conversations/{id}/messages", messages),
            self._gate.route("/v1/conversations/{id}/typing", {"POST": (Kind.TYPING, self._typing)}),
        ]

    async def _start(self, request: Request) -> Response:
        """201 with the conversation's id and the only copy of its token."""
        body = await requests.json_object(request, seconds=self._seconds, optional=True)
        profile = requests.texts(body, PROFILE)
        started = await self._visitors.start(request.path_params["public_key"], profile)
        return reply(201, {"conversation_id": str(started.conversation_id), "visitor_token": started.visitor_token})

    async def _send(self, request: Request) -> Response:
        token, key, id = requests.bearer(request), requests.idempotency_key(request), requests.conversation_id(request)
        content = requests.content(await requests.json_object(request, seconds=self._seconds))
        sent = await self._visitors.send(token, id, content, key=key)
        return reply(200 if sent.repeated else 201, {"seq": sent.seq})

    async def _read(self, request: Request) -> Response:
        token, after, id = requests.bearer(request), requests.after(request), requests.conversation_id(request)
        return reply(200, {"messages": await self._visitors.read(token, id, after=after)})

    async def _typing(self, request: Request) -> Response:
        """204; what the body says does not matter, and it need not come."""
        await self._visitors.typing(requests.bearer(request), requests.conversation_id(request))
        return Response(status_code=204)
