"""What stands before each visitor's request: its address's rate, its page's origin, its visitor's or agent's rate."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.gateway import address, requests
from console.gateway.edge import ALLOWED_ORIGIN
from console.gateway.errors import RequestError, method_not_allowed, too_many
from console.gateway.limits import Limits
from console.gateway.rate import Rate
from console.ids import ConversationId
from console.services.visitors import Visitors


class Kind(StrEnum):
    """What a request is counted as, in the words of its refusal."""

    START = "conversations of this agent"
    MESSAGE = "messages"
    READ = "reads"
    TYPING = "signs of typing"
    STREAM = "streams"


Handler = Callable[[Request], Awaitable[Response]]
Handlers = Mapping[str, tuple[Kind, Handler]]

PREFLIGHT_SECONDS = 600


class Gate:
    """Lets requests through to their handlers; everything it remembers is bounded and this process's own."""

    def __init__(self, visitors: Visitors, limits: Limits) -> None:
        self._visitors = visitors
        self._limits = limits
        self._requests = Rate(limits.requests)
        self._rates = {
            Kind.START: Rate(limits.starts),
            Kind.MESSAGE: Rate(limits.messages),
            Kind.READ: Rate(limits.reads),
            Kind.TYPING: Rate(limits.typing),
            Kind.STREAM: Rate(limits.openings),
        }
        self._streams: Counter[str | bytes] = Counter()

    def route(self, path: str, handlers: Handlers) -> Route:
        """A route whose handlers, by method, see only what may come in."""

        async def guarded(request: Request) -> Response:
            wait = self._requests.count(self._address(request))
            if wait:
                raise too_many("requests from this address", math.ceil(wait))
            origin = await self._origin(request)
            if request.method == "OPTIONS":
                return _preflight(request, origin, handlers)
            kind, handler = handlers["GET" if request.method == "HEAD" else request.method]
            wait = self._rates[kind].count(self._whose(kind, request))
            if wait:
                raise too_many(str(kind), math.ceil(wait))
            return await handler(request)

        return Route(path, guarded, methods=[*handlers, "OPTIONS"])

    @contextmanager
    def stream(self, request: Request) -> Iterator[None]:
        """A place among the open streams; `RequestError` 429 when the visitor or the address holds too many."""
        places: list[tuple[str | bytes, int]] = [
            (_digest(requests.bearer(request)), self._limits.streams),
            (self._address(request), self._limits.address_streams),
        ]
        if any(self._streams[who] >= most for who, most in places):
            raise too_many("open streams", requests.STREAM_RETRY_SECONDS)
        self._streams.update(who for who, _ in places)
        try:
            yield
        finally:
            for who, _ in places:
                self._streams[who] -= 1
                if not self._streams[who]:
                    del self._streams[who]

    async def still_allowed(self, request: Request) -> bool:
        """Whether the request's page, if a page sent it, would be let in now."""
        origin = request.headers.get("origin")
        return origin is None or await self._is_listed(request, origin)

    async def _origin(self, request: Request) -> str | None:
        given = request.headers.getlist("origin")
        if not given:
            return None
        if len(given) > 1 or not await self._is_listed(request, given[0]):
            hint = "an admin of the agent lists it: console agent origin add AGENT ORIGIN"
            raise RequestError(403, "origin", "pages of this origin may not talk with this agent", hint=hint)
        request.scope.setdefault("state", {})[ALLOWED_ORIGIN] = given[0]
        return given[0]

    async def _is_listed(self, request: Request, origin: str) -> bool:
        if "public_key" in request.path_params:
            return await self._visitors.agent_lists(request.path_params["public_key"], origin)
        try:
            id = ConversationId(UUID(request.path_params["id"]))
        except ValueError:
            return False
        return await self._visitors.conversation_lists(id, origin)

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else None
        forwarded = request.headers.getlist("x-forwarded-for")
        return address.counted(address.client(peer, forwarded, self._limits.trusted_proxies))

    def _whose(self, kind: Kind, request: Request) -> bytes:
        return _digest(request.path_params["public_key"] if kind is Kind.START else requests.bearer(request))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _preflight(request: Request, origin: str | None, handlers: Handlers) -> Response:
    """The answer to a browser's question (WHATWG Fetch, CORS-preflight); 405 for any other OPTIONS."""
    if origin is None or "access-control-request-method" not in request.headers:
        raise method_not_allowed([*handlers, "OPTIONS"])
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": ", ".join(handlers),
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Last-Event-ID",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        },
    )
