"""Giving up a server that does not answer: a cancelled query waits for it, a broken link for nobody."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus

STATEMENT_SECONDS = 30
PATIENCE_SECONDS = STATEMENT_SECONDS + 5.0
"""The server ends a statement itself before that; a client that waits longer waits for nobody."""


class Impatient(psycopg.AsyncConnection):
    """A connection that breaks when one of its statements stays unanswered for `PATIENCE_SECONDS`."""

    async def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:  # noqa: ASYNC109
        """As in psycopg."""
        with hung_up_after(PATIENCE_SECONDS, self):
            return await super().wait(gen, interval, timeout)


@contextmanager
def hung_up_after(seconds: float, connection: psycopg.AsyncConnection) -> Iterator[None]:
    """Break the link when the block takes longer: what waits in it fails as if the server had hung up."""
    timer = asyncio.get_running_loop().call_later(seconds, _hang_up, connection)
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: psycopg.AsyncConnection) -> None:
    if connection.pgconn.transaction_status != TransactionStatus.ACTIVE:
        return  # It waits for notifications, as long as it likes.
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as link:
        link.shutdown(socket.SHUT_RDWR)
