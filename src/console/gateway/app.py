"""The gateway's ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from console.db.engine import Database
from console.db.hub import Hub
from console.errors import ConsoleError
from console.gateway import errors, health, openapi
from console.gateway.conversations import ConversationRoutes
from console.gateway.edge import Edge
from console.gateway.gate import Gate
from console.gateway.limits import Limits
from console.gateway.opinions import OpinionRoutes
from console.gateway.stream import POLL_SECONDS, StreamRoutes
from console.services.feedback import FeedbackDesk
from console.services.leads import Leads
from console.services.visitors import Visitors


def create_app(
    db: Database,
    *,
    hub: Hub,
    ready: health.Ready,
    limits: Limits | None = None,
    poll_seconds: float = POLL_SECONDS,
) -> Starlette:
    """The application over this database, opened as the gateway's role.

    A browser's page is let in where its agent lists the page's origin.
    """
    limits, visitors = limits or Limits(), Visitors(db)
    gate = Gate(visitors, limits)
    app = Starlette(
        routes=[
            *ConversationRoutes(visitors, gate, limits.body_seconds).routes(),
            *OpinionRoutes(Leads(db), FeedbackDesk(db), gate, limits.body_seconds).routes(),
            *StreamRoutes(visitors, gate, hub, poll_seconds).routes(),
            *health.routes(ready),
            *openapi.routes(),
        ],
        middleware=[Middleware(Edge)],
        exception_handlers={
            errors.RequestError: errors.on_request_error,
            ConsoleError: errors.on_console_error,
            HTTPException: errors.on_http_error,
        },
    )
    app.router.redirect_slashes = False
    return app
