"""The outermost layer of our own: headers that every response carries, an answer where nobody expected an error."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.gateway.errors import unexpected

ALLOWED_ORIGIN = "allowed_origin"
"""Where a request's state says which page may read the answer; without it no page may."""

_HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"vary", b"Origin"))


class Edge:
    """ASGI middleware; the server below never sees an exception, so it can't print one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begun = False
        state = scope.setdefault("state", {})

        async def sealed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", ()), *_HEADERS, *_for_page(state.get(ALLOWED_ORIGIN))]
            await send(message)

        try:
            await self._app(scope, receive, sealed)
        except ClientDisconnect:
            return
        except Exception as error:
            response = unexpected(error)
            if not begun:
                await response(scope, receive, sealed)


def _for_page(origin: str | None) -> list[tuple[bytes, bytes]]:
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"Retry-After"),
    ]
