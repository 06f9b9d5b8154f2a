"""Conversations over HTTP: begin one, write into it, read it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.gateway import requests
from console.gateway.errors import reply
from console.services.visitors import Visitors

PROFILE = ("name", "email", "page", "domain", "visitor_id")


class ConversationRoutes:
    """The routes of the visitor's one noun; a body may take `body_seconds` to arrive."""

    def __init__(self, visitors: Visitors, body_seconds: float) -> None:
        self._visitors = visitors
        self._seconds = body_seconds

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/v1/agents/{public_key}/conversations", self.start, methods=["POST"]),
            Route("/v1/conversations/{id}/messages", self.messages, methods=["GET", "POST"]),
        ]

    async def start(self, request: Request) -> Response:
        """201 with the conversation's id and the only copy of its token."""
        body = await requests.json_object(request, seconds=self._seconds, optional=True)
        profile = requests.texts(body, PROFILE)
        started = await self._visitors.start(request.path_params["public_key"], profile)
        return reply(201, {"conversation_id": str(started.conversation_id), "visitor_token": started.visitor_token})

    async def messages(self, request: Request) -> Response:
        """POST sends, GET and HEAD read."""
        return await (self._send if request.method == "POST" else self._read)(request)

    async def _send(self, request: Request) -> Response:
        token, key, id = requests.bearer(request), requests.idempotency_key(request), requests.conversation_id(request)
        content = requests.content(await requests.json_object(request, seconds=self._seconds))
        sent = await self._visitors.send(token, id, content, key=key)
        return reply(200 if sent.repeated else 201, {"seq": sent.seq})

    async def _read(self, request: Request) -> Response:
        token, after, id = requests.bearer(request), requests.after(request), requests.conversation_id(request)
        return reply(200, {"messages": await self._visitors.read(token, id, after=after)})
