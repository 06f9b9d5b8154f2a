"""How an endpoint is dialled: few headers, no redirects, a cap on what comes back, public addresses for tenants."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from functools import cache
from typing import TYPE_CHECKING

import httpx2

from console.ai.model_error import ModelError, Trouble

if TYPE_CHECKING:
    from ssl import SSLContext

MAX_BYTES = 8_000_000
"""A longer body is no answer."""

_SENT = ("host", "content-type", "content-length", "authorization", "accept", "user-agent")
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::/96", "::ffff:0:0:0/96", "100.64.0.0/10",
        "168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "5f00::/16", "fec0::/10",
    )
)  # fmt: skip
"""Ranges that lead inside and that `is_global` lets pass."""


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
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise ModelError(Trouble.UNREACHABLE, f"the endpoint's host {host[:100]} is not known") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(map(is_public, addresses)):
        raise ModelError(
            Trouble.FORBIDDEN, f"the endpoint's host {host[:100]} is at a private address",
            hint="whoever runs this server may allow it: CONSOLE_MODEL_PRIVATE_HOSTS",
        )  # fmt: skip
    request.extensions = {**request.extensions, "sni_hostname": host}
    request.url = request.url.copy_with(host=addresses[0])


def is_public(text: str) -> bool:
    """Whether an address lies on the open internet."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    inside = any(address in network for network in _NEVER if network.version == address.version)
    return address.is_global and not address.is_multicast and not inside


@cache
def _trust() -> SSLContext:
    return httpx2.create_ssl_context()
