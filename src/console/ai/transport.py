"""How an endpoint is dialled: few headers, no redirects, a cap on what comes back, public addresses for tenants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache
from typing import TYPE_CHECKING

import httpx2

from console.addresses import PrivateAddressError, UnknownHostError, vetted
from console.ai.model_error import ModelError, Trouble

if TYPE_CHECKING:
    from ssl import SSLContext

MAX_BYTES = 8_000_000
"""A longer body is no answer."""

_SENT = ("host", "content-type", "content-length", "authorization", "accept", "user-agent")


class EndpointTransport(httpx2.AsyncBaseTransport):
    """Wraps the library's own; with `public_only` the address dialled is the one that was looked at."""

    def __init__(self, *, public_only: bool, secure: bool) -> None:
        self._public_only = public_only
        self._inner = httpx2.AsyncHTTPTransport(verify=_trust() if secure else False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send; `ModelError` for an address or a coding that is refused."""
        sent = {name: value for name, value in request.headers.items() if name.lower() in _SENT}
        dialled = httpx2.Request(
            request.method, request.url, headers=sent | {"accept-encoding": "identity"}, stream=request.stream,
            extensions=request.extensions,
        )  # fmt: skip
        if self._public_only:
            await _pin(dialled)
        response = await self._inner.handle_async_request(dialled)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise ModelError(Trouble.GARBAGE, "the endpoint answers in a coding that was not asked for")
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Capped(response.stream)
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class _Capped(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_BYTES
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise ModelError(Trouble.GARBAGE, f"the endpoint sends more than {MAX_BYTES // 1_000_000} MB")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _pin(request: httpx2.Request) -> None:
    """Put a public address of the host into the URL; name and certificate stay the host's."""
    host = request.url.host
    port = request.url.port or (443 if request.url.scheme == "https" else 80)
    try:
        addresses = await vetted(host, port, any_port=True)
    except UnknownHostError:
        raise ModelError(Trouble.UNREACHABLE, f"the endpoint's host {host[:100]} is not known") from None
    except PrivateAddressError:
        raise ModelError(
            Trouble.FORBIDDEN, f"the endpoint's host {host[:100]} is at a private address",
            hint="whoever runs this server may allow it: CONSOLE_MODEL_PRIVATE_HOSTS",
        ) from None  # fmt: skip
    request.extensions = {**request.extensions, "sni_hostname": host}
    request.url = request.url.copy_with(host=addresses[0])


@cache
def _trust() -> SSLContext:
    return httpx2.create_ssl_context()
