"""Connections that can't be held for nothing: what uvicorn's own protocol leaves open is bounded here."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from console.gateway import address
from console.gateway.limits import Limits

_REFUSALS = {
    400: ("Bad Request", "http", "this is no HTTP request"),
    408: ("Request Timeout", "too_slow", "the request did not arrive in time"),
    429: ("Too Many Requests", "too_many", "too many connections from this address"),
    503: ("Service Unavailable", "busy", "too many connections are open"),
}
_RETRY_SECONDS = 5


class Doors:
    """How many connections are open, in all and by address; proxies that are trusted share no address's part."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open = 0
        self._by_address: Counter[str] = Counter()

    def enter(self, peer: str | None) -> tuple[str | None, int]:
        """Count a connection: what to give to `leave`, and the status of its refusal or 0."""
        found = address.parse(peer or "")
        who = None if address.is_trusted(found, self.limits.trusted_proxies) else address.counted(found)
        self._open += 1
        self._by_address[who or ""] += 1
        if who is not None and self._by_address[who] > self.limits.address_connections:
            return who, 429
        return who, 503 if self._open > self.limits.connections else 0

    def leave(self, who: str | None) -> None:
        """Count it no more."""
        self._open -= 1
        self._by_address[who or ""] -= 1
        if not self._by_address[who or ""]:
            del self._by_address[who or ""]


class Connection(H11Protocol):
    """HTTP/1.1 whose requests must arrive in time, whose answers must be read in time, one of a bounded number."""

    def __init__(self, *settings: Any, doors: Doors, **named: Any) -> None:
        super().__init__(*settings, **named)
        self._doors = doors
        self._who: str | None = None
        self._arriving: asyncio.TimerHandle | None = None
        self._draining: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse one too many."""
        super().connection_made(transport)
        self._who, status = self._doors.enter(self.client[0] if self.client else None)
        if status:
            self._refuse(status)
        else:
            self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Free its place."""
        self._stop_arriving()
        self._stop_draining()
        self._doors.leave(self._who)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; while they make no whole head, or come after an answer, the time runs."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._answering():
            self._stop_arriving()
        elif self._arriving is None and not self.transport.is_closing():
            self._expect()

    def on_response_complete(self) -> None:
        """Wait for the next request, in which uvicorn's own time-out stops at its first byte."""
        self._stop_arriving()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Give a client that does not read a while."""
        super().pause_writing()
        self._draining = self.loop.call_later(self._doors.limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read."""
        super().resume_writing()
        self._stop_draining()

    def shutdown(self) -> None:
        """End with the process: whoever does not read now is not waited for."""
        if self._draining is not None:
            self.transport.abort()
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - what uvicorn says is no business of the client
        """Refuse what is no HTTP in our own words."""
        self._refuse(400)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _expect(self) -> None:
        self._arriving = self.loop.call_later(self._doors.limits.header_seconds, self._give_up)

    def _stop_arriving(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _stop_draining(self) -> None:
        if self._draining is not None:
            self._draining.cancel()
            self._draining = None

    def _give_up(self) -> None:
        self._arriving = None
        # After an answer nothing more may be said: the rest of its request just never came.
        if self.cycle is not None:
            self.transport.close()
        else:
            self._refuse(408)

    def _refuse(self, status: int) -> None:
        reason, code, message = _REFUSALS[status]
        body = json.dumps({"error": {"code": code, "message": message}})
        retry = f"Retry-After: {_RETRY_SECONDS}\r\n" if status in {429, 503} else ""
        head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n{retry}"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        self.transport.close()
