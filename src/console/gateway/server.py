"""uvicorn inside our own event loop: our signals, our log, nothing on stdout."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import resource
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from console.errors import RefusedError
from console.gateway.limits import Limits
from console.gateway.protocol import Connection, Doors
from console.text import one_line

_GRACE_SECONDS = 8
_BACKLOG = 1024
_MAX_HEAD_BYTES = 16 * 1024
_OTHER_FILES = 256
_SILENT_MS = 30_000


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone: uvicorn would raise them again after its end, before our own clean-up."""
        yield


async def serve(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    stop: asyncio.Event,
    listening: Callable[[int], None] = lambda _port: None,
    stopping: Callable[[], None] = lambda: None,
    limits: Limits | None = None,
) -> None:
    """Serve until `stop` is set, then finish the requests that have begun.

    `listening` is called with the port once connections are taken, the real one for port 0; `stopping` when `stop`
    is set, to end what would never end by itself.
    Raises `RefusedError` when the address can't be had.
    """
    limits = limits or Limits()
    _raise_file_limit(limits.connections + _OTHER_FILES)
    with _bound(host, port) as sock:
        server = _Server(_settings(app, limits))
        listening(sock.getsockname()[1])
        stopper = asyncio.create_task(_stop_when(stop, server, stopping))
        try:
            await server.serve(sockets=[sock])
        finally:
            stopper.cancel()


def _settings(app: ASGIApp, limits: Limits) -> uvicorn.Config:
    protocol = functools.partial(Connection, doors=Doors(limits))
    return uvicorn.Config(
        app,
        http=protocol,  # type: ignore[arg-type]
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
        timeout_keep_alive=limits.idle_seconds,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _bound(host: str, port: int) -> socket.socket:
    # TCP by name: asyncio sends at once (TCP_NODELAY) only on sockets that say so, and an answer is two writes.
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A peer that has silently gone is given up by the kernel; what is accepted inherits it.
        sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_USER_TIMEOUT", 18), _SILENT_MS)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except (OSError, TypeError, OverflowError) as error:
        sock.close()
        why = getattr(error, "strerror", None) or "no such address"
        message = f"the gateway can't listen on {one_line(host)}:{port}: {why}"
        raise RefusedError(message, hint="choose another with --host and --port (0: any free port)") from error
    return sock


def _raise_file_limit(wanted: int) -> None:
    """Allow as many open files as there may be connections, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


async def _stop_when(stop: asyncio.Event, server: uvicorn.Server, stopping: Callable[[], None]) -> None:
    await stop.wait()
    stopping()
    server.should_exit = True
