"""A web site on loopback whose every answer a test writes, byte by byte if need be."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from console.addresses import Reach

Writer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came in."""

    target: str
    headers: Mapping[str, str]


@dataclass(slots=True)
class Site:
    """What each path answers: the bytes of a whole response, or a function that writes one."""

    port: int = 0
    secure: bool = False
    answers: dict[str, bytes | Writer] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    @property
    def reach(self) -> Reach:
        """What an operator sets so that this site may be fetched from."""
        return Reach.parse(self.allowed)

    @property
    def allowed(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}{path}"

    def page(self, path: str, body: bytes | str, kind: str = "text/html", **headers: str) -> None:
        """Answer this path with 200."""
        self.answers[path] = response(200, body, kind, **headers)

    def moves(self, path: str, to: str, status: int = 302) -> None:
        """Answer this path with a redirection."""
        self.answers[path] = response(status, b"", "", location=to)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            target = head[0].split(" ")[1]
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            self.seen.append(Seen(target, headers))
            answer = self.answers.get(target, response(404, b"none", "text/plain"))
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side has had enough
        finally:
            writer.close()


def response(status: int, body: bytes | str, kind: str = "text/html", **headers: str) -> bytes:
    """A whole response; `_` in a header's name stands for `-`, and an empty `kind` for no type at all."""
    data = body.encode() if isinstance(body, str) else body
    lines = {"content-type": kind, "content-length": str(len(data)), "connection": "close"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"HTTP/1.1 {status} x\r\n{head}\r\n".encode("latin-1") + data


@asynccontextmanager
async def a_site(context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Site]:
    """A site while the block runs."""
    site = Site(secure=context is not None)
    server = await asyncio.start_server(site._serve, host, 0, ssl=context)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
