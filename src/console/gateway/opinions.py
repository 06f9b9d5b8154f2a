"""What a visitor leaves besides words: an address to be reached at, a thumb on an answer."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.gateway import requests
from console.gateway.errors import reply
from console.gateway.gate import Gate, Kind
from console.services.feedback import FeedbackDesk
from console.services.leads import Leads


class OpinionRoutes:
    """Both count as messages of their visitor; a body may take `body_seconds` to arrive."""

    def __init__(self, leads: Leads, feedback: FeedbackDesk, gate: Gate, body_seconds: float) -> None:
        self._leads = leads
        self._feedback = feedback
        self._gate = gate
        self._seconds = body_seconds

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            self._gate.route("/v1/conversations/{id}/lead", {"POST": (Kind.MESSAGE, self._lead)}),
            self._gate.route("/v1/conversations/{id}/feedback", {"POST": (Kind.MESSAGE, self._rate)}),
        ]

    async def _lead(self, request: Request) -> Response:
        """204 whether or not the address was known."""
        token, id = requests.bearer(request), requests.conversation_id(request)
        given = requests.lead(await requests.json_object(request, seconds=self._seconds))
        await self._leads.leave(token, id, given)
        return Response(status_code=204)

    async def _rate(self, request: Request) -> Response:
        """What counts from now on."""
        token, id = requests.bearer(request), requests.conversation_id(request)
        seq, rating, comment = requests.opinion(await requests.json_object(request, seconds=self._seconds))
        await self._feedback.rate(token, id, seq, rating, comment)
        return reply(200, {"seq": seq, "rating": rating})
