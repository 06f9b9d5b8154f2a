"""Giving up a server that does not answer: a cancelled query waits for it, a broken link for nobody."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus

from console.db.begin import STATEMENT_SECONDS

PATIENCE_SECONDS = STATEMENT_SECONDS + 5.0
"""The server ends a statement itself before that; a client that waits longer waits for nobody."""
CANCEL_SECONDS = 0.4
"""How long a cancelled statement is waited for; half of it to ask the server, then its link is broken."""
ROLLBACK_SECONDS = 0.8
"""A broken link rolls back as well."""


class Impatient(psycopg.AsyncConnection[Any]):
    """A connection that breaks when one of its statements stays unanswered for `PATIENCE_SECONDS`.

    A cancelled one is given up after `CANCEL_SECONDS`. It wakes for news alone, not ten times a second to look for a
    Ctrl-C, which here is a cancellation.
    """

    async def wait(self, gen: PQGen[RV], interval: float = PATIENCE_SECONDS, timeout: float | None = None) -> RV:  # noqa: ASYNC109 - psycopg's own argument
        """As in psycopg, and a cancellation stays one when the link breaks while the server is asked to stop."""
        before = sys.exception()
        try:
            with hung_up_after(PATIENCE_SECONDS, self), ExitStack() as self._ending:
                return await super().wait(gen, interval, timeout)
        except psycopg.Error as error:
            if _is_cancellation(error, before):
                raise asyncio.CancelledError from error
            raise

    async def rollback(self) -> None:
        """As in psycopg; whoever is cancelled between two statements waits here."""
        with hung_up_after(ROLLBACK_SECONDS, self):
            await super().rollback()

    async def _try_cancel(self, *, timeout: float = CANCEL_SECONDS) -> None:  # noqa: ASYNC109 - psycopg's own argument
        # Called within `wait`, which then goes on waiting for the statement's end.
        self._ending.enter_context(hung_up_after(CANCEL_SECONDS, self))
        await super()._try_cancel(timeout=min(timeout, CANCEL_SECONDS / 2))


def _is_cancellation(error: BaseException | None, before: BaseException | None) -> bool:
    """Whether it came of a cancellation, and not of the one `before` that is being cleaned up after."""
    while error is not None and error is not before and not isinstance(error, asyncio.CancelledError):
        error = error.__context__
    return error is not None and error is not before


@contextmanager
def hung_up_after(seconds: float, connection: psycopg.AsyncConnection[Any]) -> Iterator[None]:
    """Break the link when the block takes longer: what waits in it fails as if the server had hung up."""
    timer = asyncio.get_running_loop().call_later(seconds, _hang_up, connection)
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: psycopg.AsyncConnection[Any]) -> None:
    if connection.pgconn.transaction_status != TransactionStatus.ACTIVE:
        return  # It waits for notifications, as long as it likes.
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as link:
        link.shutdown(socket.SHUT_RDWR)
