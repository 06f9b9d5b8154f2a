"""The connections of one login: few, each lent to one transaction at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

from console.db.hangup import Impatient
from console.db.link import LINK
from console.db.rows import by_name
from console.errors import ConnectionFailedError

PATIENCE_SECONDS = 5.0
"""How long a transaction waits for its turn."""


class Pool:
    """At most `size` connections; the one put back last is lent first. ValueError for a URL that is none."""

    def __init__(self, url: str, size: int, *, prepare: bool) -> None:
        """`prepare` is for a server that keeps a connection to itself: statements are prepared on it."""
        try:
            conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise ValueError(str(error)) from None
        self.patience = PATIENCE_SECONDS
        self.lent = 0
        self._url = url
        self._size = size
        self._link: dict[str, Any] = LINK if prepare else LINK | {"prepare_threshold": None}
        self._turns = asyncio.Semaphore(size)
        self._idle: list[Impatient] = []
        self._closed = False

    async def begin(self, text: str) -> Impatient:
        """A connection that has run `text`; one that broke while it lay idle is replaced.

        Raises `ConnectionFailedError` when none is free in time, `psycopg.OperationalError` when none can be made.
        """
        return await self._lend(partial(self._with, text))

    async def take(self) -> Impatient:
        """A connection that has begun nothing; one that is seen to have broken is replaced. Raises as `begin`."""
        return await self._lend(self._sound)

    async def end(self, connection: Impatient) -> None:
        """Take it back; what it has not committed is rolled back."""
        try:
            if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                with suppress(psycopg.Error):
                    await connection.rollback()
        finally:
            self.lent -= 1
            self._turns.release()
            if connection.pgconn.transaction_status == TransactionStatus.IDLE and not self._closed:
                self._idle.append(connection)
            else:
                await connection.close()

    async def close(self) -> None:
        """Close those that are here; the others when they come back."""
        self._closed = True
        await self._drop_idle()

    async def _lend(self, make: Callable[[], Awaitable[Impatient]]) -> Impatient:
        await self._turn()
        try:
            connection = await make()
        except BaseException:
            self._turns.release()
            raise
        self.lent += 1
        return connection

    async def _turn(self) -> None:
        if not self._turns.locked():
            await self._turns.acquire()  # at once, without a timer
            return
        try:
            async with asyncio.timeout(self.patience):
                await self._turns.acquire()
        except TimeoutError:
            raise ConnectionFailedError(
                f"the database can't be reached: all {self._size} connections to it are in use", hint="try again"
            ) from None

    async def _with(self, text: str) -> Impatient:
        return await self._reused(text) or await self._begun(await self._connect(), text)

    async def _sound(self) -> Impatient:
        if self._idle:
            connection = self._idle.pop()
            with suppress(psycopg.OperationalError):
                # The first reads the server's farewell, the second finds that it has hung up.
                connection.pgconn.consume_input()
                connection.pgconn.consume_input()
                return connection
            await connection.close()
            await self._drop_idle()  # what one met, the others met as well
        return await self._connect()

    async def _reused(self, text: str) -> Impatient | None:
        if self._idle:
            try:
                return await self._begun(self._idle.pop(), text)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                await self._drop_idle()  # what one met, the others met as well
        return None

    async def _begun(self, connection: Impatient, text: str) -> Impatient:
        try:
            # One text, one round trip; a prepared multi-statement would fail from its sixth use.
            await connection.execute(text.encode(), prepare=False)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _connect(self) -> Impatient:
        return await Impatient.connect(self._url, autocommit=True, row_factory=by_name, **self._link)

    async def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()
