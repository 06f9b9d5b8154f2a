"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.errors import ConsoleError
from console.gateway.errors import RETRY_SECONDS, reply

Ready = Callable[[], Awaitable[None]]
"""Returns when the database answers; raises a `ConsoleError` when it does not."""

_READY_SECONDS = 2.0


def routes(ready: Ready) -> list[Route]:
    """`/healthz` and `/readyz`; the latter's 503 names the kind of trouble and no more."""

    async def healthz(_request: Request) -> Response:
        return reply(200, {"ok": True})

    async def readyz(_request: Request) -> Response:
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await ready()
        except ConsoleError as error:
            return _not_ready(error.code)
        except TimeoutError:
            return _not_ready("timeout")
        return reply(200, {"ready": True})

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _not_ready(reason: str) -> Response:
    return reply(503, {"ready": False, "reason": reason}, {"Retry-After": RETRY_SECONDS})
