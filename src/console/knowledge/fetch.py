"""One page of the web: vetted address by address and hop by hop, with a limit on everything it may take."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx2

from console.addresses import PUBLIC, Reach, Resolver, system_addresses, vetted
from console.errors import ConsoleError
from console.knowledge.media import FETCHED, MAX_BYTES, essence
from console.knowledge.web_address import WebAddress, web_address
from console.text import one_line

if TYPE_CHECKING:
    from ssl import SSLContext

MAX_HOPS = 5
"""How often a page may send us on."""
SECONDS = 30.0
"""How long a page may take, all its hops together."""

_DIALLED = 3
_STEP = 65_536
_WAITS = {"connect": 5.0, "read": 10.0, "write": 5.0, "pool": 5.0}
_MOVED = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_SENT = {"accept": ", ".join(FETCHED), "accept-encoding": "gzip", "user-agent": "operator-console/1"}


class FetchError(ConsoleError):
    """A page can't be had; `gone` tells that its server says that there is none."""

    def __init__(self, message: str, *, gone: bool = False) -> None:
        super().__init__(message)
        self.gone = gone


@dataclass(frozen=True, slots=True)
class Page:
    """A page as its server sent it; `validators` are what to ask with whether it has changed."""

    url: str
    media_type: str
    data: bytes
    validators: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Fetches pages. `seconds` bounds a whole fetch, `trust` whose certificates are believed."""

    reach: Reach = PUBLIC
    resolve: Resolver = system_addresses
    seconds: float = SECONDS
    trust: SSLContext | None = field(default=None, repr=False)

    async def fetch(self, address: WebAddress, before: Mapping[str, str] | None = None) -> Page | None:
        """The page, or None when it is what it was `before` (the validators of then).

        Raises `FetchError`, and `PrivateAddressError` or `InvalidInputError` for an address that is not dialled.
        """
        try:
            async with asyncio.timeout(self.seconds):
                return await self._follow(address, before or {})
        except TimeoutError:
            raise FetchError(f"{address.host} took longer than {self.seconds:g} s") from None

    async def _follow(self, address: WebAddress, before: Mapping[str, str]) -> Page | None:
        seen = set()
        async with httpx2.AsyncHTTPTransport(verify=self.trust or _trust(), trust_env=False) as transport:
            for _hop in range(MAX_HOPS + 1):
                if str(address) in seen:
                    raise FetchError(f"{one_line(str(address))} sends us round in a circle")
                seen.add(str(address))
                answer = await self._dial(transport, address, _conditions(address, before))
                try:
                    if answer.status_code not in _MOVED:
                        return await _page(address, answer, before)
                    address = self._next(address, answer)
                finally:
                    await answer.aclose()
        raise FetchError(f"it sends us on more than {MAX_HOPS} times")

    def _next(self, address: WebAddress, answer: httpx2.Response) -> WebAddress:
        location = answer.headers.get("location", "").strip()
        if not location:
            raise FetchError(f"{address.host} sends us on and does not say where")
        following = web_address(urljoin(str(address), location).partition("#")[0], self.reach)
        if address.scheme == "https" and following.scheme == "http":
            raise FetchError(f"it sends us from https to http, to {one_line(following.host, 80)}")
        return following

    async def _dial(
        self, transport: httpx2.AsyncHTTPTransport, address: WebAddress, conditions: Mapping[str, str]
    ) -> httpx2.Response:
        """Ask at one of the host's addresses, none of which is refused; name and certificate stay the host's."""
        addresses = await vetted(address.host, address.port, self.reach, self.resolve)
        failed: httpx2.HTTPError | None = None
        for dialled in addresses[:_DIALLED]:
            try:
                return await transport.handle_async_request(_request(address, dialled, conditions))
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                failed = error
            except httpx2.HTTPError as error:
                raise _failure(address, error) from error
        raise _failure(address, failed or httpx2.ConnectError("")) from failed


def _request(address: WebAddress, dialled: str, conditions: Mapping[str, str]) -> httpx2.Request:
    place = f"[{dialled}]" if ":" in dialled else dialled
    return httpx2.Request(
        "GET", f"{address.scheme}://{place}:{address.port}{address.target}",
        headers={"host": address.authority, **_SENT, **conditions},
        extensions={"sni_hostname": address.host, "timeout": _WAITS},
    )  # fmt: skip


async def _page(address: WebAddress, answer: httpx2.Response, before: Mapping[str, str]) -> Page | None:
    status = answer.status_code
    if status == HTTPStatus.NOT_MODIFIED and _conditions(address, before):
        return None
    if status != HTTPStatus.OK:
        raise FetchError(f"{address.host} answers {_said(status)}", gone=status in _GONE)
    kind = answer.headers.get("content-type", "")
    if not kind:
        raise FetchError("its server does not say what it is")
    if essence(kind) not in FETCHED:
        raise FetchError(f"it is {one_line(essence(kind), 60)}, not a page, text, PDF or Word document")
    try:
        data = await _body(answer)
    except httpx2.HTTPError as error:
        raise _failure(address, error) from error
    names = {"etag": "etag", "last-modified": "modified"}
    kept = {key: answer.headers[name][:200] for name, key in names.items() if name in answer.headers}
    return Page(str(address), kind[:200], data, {"url": str(address), **kept} if kept else {})


async def _body(answer: httpx2.Response) -> bytes:
    """The whole body, unpacked step by step, so that no more is held than the limit."""
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip"}:
        raise FetchError("it comes in a coding that was not asked for")
    _check_size(int(answer.headers.get("content-length") or 0))
    unpack = zlib.decompressobj(31) if coding == "gzip" else None
    whole, received = bytearray(), 0
    try:
        async for chunk in answer.aiter_raw():
            received += len(chunk)
            _check_size(received)
            rest = chunk
            while rest:
                whole += unpack.decompress(rest, _STEP) if unpack else rest
                rest = unpack.unconsumed_tail if unpack else b""
                _check_size(len(whole))
        whole += unpack.flush() if unpack else b""
    except zlib.error:
        raise FetchError("its compressed text is broken") from None
    if unpack and not unpack.eof:
        raise FetchError("its compressed text breaks off")
    return bytes(whole)


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise FetchError(f"it is larger than {MAX_BYTES / 1_000_000:.0f} MB")


def _conditions(address: WebAddress, before: Mapping[str, str]) -> dict[str, str]:
    """What makes the request conditional: asked only of the very address that gave it."""
    if before.get("url") != str(address):
        return {}
    names = {"etag": "if-none-match", "modified": "if-modified-since"}
    return {header: before[key] for key, header in names.items() if key in before}


def _said(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


_WORDS: Sequence[tuple[type[httpx2.HTTPError], str]] = (
    (httpx2.TimeoutException, "does not answer in time"),
    (httpx2.ConnectError, "can't be reached"),
    (httpx2.RemoteProtocolError, "does not speak HTTP as it should"),
    (httpx2.HTTPError, "broke off"),
)


def _failure(address: WebAddress, error: httpx2.HTTPError) -> FetchError:
    if "CERTIFICATE" in str(error).upper():
        return FetchError(f"{address.host} has a certificate that is not trusted")
    words = next(words for kind, words in _WORDS if isinstance(error, kind))
    return FetchError(f"{address.host} {words}")


@cache
def _trust() -> SSLContext:
    return httpx2.create_ssl_context()
