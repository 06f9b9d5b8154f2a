"""The gateway's ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from console.db.hub import Hub
from console.errors import ConsoleError
from console.gateway import errors, health
from console.gateway.conversations import ConversationRoutes
from console.gateway.edge import Edge
from console.gateway.requests import BODY_SECONDS
from console.gateway.stream import POLL_SECONDS, StreamRoutes
from console.services.visitors import Visitors


def create_app(
    visitors: Visitors,
    *,
    hub: Hub,
    ready: health.Ready,
    body_seconds: float = BODY_SECONDS,
    poll_seconds: float = POLL_SECONDS,
) -> Starlette:
    """The application over these services; no origin is allowed, so no CORS header is ever sent."""
    app = Starlette(
        routes=[
            *ConversationRoutes(visitors, body_seconds).routes(),
            *StreamRoutes(visitors, hub, poll_seconds).routes(),
            *health.routes(ready),
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
