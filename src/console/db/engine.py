"""The unit of work: one transaction, one tenant, set for the transaction and never for the session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.pq import TransactionStatus

from console.clock import set_back_to
from console.db.begin import begin
from console.db.hangup import Impatient
from console.db.moved import moved_on, outdated
from console.db.pool import Pool
from console.db.rows import Result, driver_text
from console.db.whole import whole
from console.errors import ConflictError, ConnectionFailedError, ConsoleError, RefusedError

if TYPE_CHECKING:
    from sqlalchemy import Executable, Select
    from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")

_NO_SUCH_THING = {"0A000", "3F000", "42703", "42704", "42883", "42P01"}
"""A schema, column, object, function or table that a statement names and the database lacks."""

_UNREACHED = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.IdleInTransactionSessionTimeout)

Hints = set[tuple[str, UUID]]
"""What changed in a transaction, as (kind, id): sent as notifications after the commit."""


class ReadTx:
    """A read-only transaction of one workspace, or of none."""

    def __init__(self, connection: Impatient, workspace_id: UUID | None) -> None:
        self.workspace_id = workspace_id
        self._connection: Impatient | None = connection
        self._session: AsyncSession | None = None

    @property
    def connection(self) -> Impatient:
        """The connection; RuntimeError once the transaction is over: it may be another tenant's by then."""
        connection = self._connection
        if connection is None or connection.pgconn.transaction_status == TransactionStatus.IDLE:
            raise RuntimeError("the transaction is over")
        return connection

    @property
    def session(self) -> AsyncSession:
        """The models' session in this transaction."""
        connection = self.connection
        if self._session is None:
            from console.db.orm import session_on

            self._session = session_on(connection, self.workspace_id)
        return self._session

    async def execute(self, statement: Executable | str, **params: Any) -> Result:
        """Run a statement; `ws` is bound to the workspace where the text names it, `back` to a clock set back."""
        if not isinstance(statement, str):
            from console.db.orm import run

            return await run(self.session, statement, params)
        text = _bound(statement, self.workspace_id, params)
        cursor = self.connection.cursor()
        await cursor.execute(text, params)
        found = cursor.pgresult is not None and cursor.pgresult.nfields
        return Result(await cursor.fetchall() if found else (), cursor.rowcount)

    async def rows(self, statement: Executable | str, **params: Any) -> Sequence[Any]:
        """All rows."""
        return (await self.execute(statement, **params)).rows

    async def row(self, statement: Executable | str, **params: Any) -> Any:
        """The first row, or None."""
        return next(iter(await self.rows(statement, **params)), None)

    async def scalar(self, statement: Executable | str, **params: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.row(statement, **params)
        return None if row is None else row[0]

    async def one(self, statement: Select[T]) -> T | None:
        """The one column, or model, of the first row, or None."""
        found: T | None = await self.scalar(statement)
        return found

    def narrow(self, agent_id: UUID) -> None:
        """Let the models show nothing of another agent from here to the end of the transaction."""
        self.session.info["agent_id"] = agent_id

    async def many(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement for many rows on the driver's own cursor (`%(name)s`, `%(name)b`)."""
        async with self.connection.cursor() as cursor:
            await cursor.executemany(statement.encode(), rows)

    async def close(self) -> None:
        """Let go of the connection and of the models' session."""
        self._connection = None
        if self._session is not None:
            await self._session.close()


class WriteTx(ReadTx):
    """A transaction that may write; what it hints at is notified after its commit."""

    def __init__(self, connection: Impatient, workspace_id: UUID | None) -> None:
        super().__init__(connection, workspace_id)
        self.hints: Hints = set()

    async def commit(self) -> None:
        """Make it lasting; nothing comes after. `InFailedSqlTransaction` when a statement of it has failed."""
        if self._session is not None:
            await self._session.flush()
        if self.connection.pgconn.transaction_status == TransactionStatus.INERROR:
            # PostgreSQL answers such a COMMIT by a ROLLBACK, and no error.
            raise psycopg.errors.InFailedSqlTransaction("a statement failed: the transaction can't be committed")
        await self.connection.commit()

    def hint(self, kind: str, id: UUID) -> None:
        """Remember that the thing changed, for the live screens."""
        self.hints.add((kind, id))


class Database:
    """One server and role; hands out transactions.

    `on_commit` is called with (workspace, hints) after each commit that hinted at something.
    """

    def __init__(self, url: str, *, pool_size: int = 5, prepare: bool = True) -> None:
        """ValueError for a URL that is none."""
        self.url = url
        self.pool = Pool(url, pool_size, prepare=prepare)
        self.on_commit: Callable[[UUID, Hints], None] = lambda _workspace, _hints: None

    @asynccontextmanager
    async def read(self, workspace_id: UUID | None, *, one_moment: bool = False) -> AsyncIterator[ReadTx]:
        """A read-only transaction; in one of `one_moment` every statement sees the same rows.

        `ConnectionFailedError` when the server can't be reached.
        """
        text = begin(workspace_id, read_only=True, one_moment=one_moment)
        async with self._connection(self.pool.begin(text)) as connection:
            tx = ReadTx(connection, workspace_id)
            try:
                yield tx
            finally:
                await tx.close()
            with suppress(psycopg.Error):
                await connection.commit()  # a rollback would take the prepared statements with it

    @asynccontextmanager
    async def write(self, workspace_id: UUID | None) -> AsyncIterator[WriteTx]:
        """A transaction committed at the end of the block, rolled back when the block raises."""
        async with self._connection(self.pool.begin(begin(workspace_id, read_only=False))) as connection:
            tx = WriteTx(connection, workspace_id)
            try:
                yield tx
                await tx.commit()
            finally:
                await tx.close()
        if tx.hints and tx.workspace_id is not None:
            self.on_commit(tx.workspace_id, tx.hints)

    async def read_once(self, workspace_id: UUID | None, statement: str, **params: Any) -> Result:
        """A read-only transaction of one statement, in one round trip; the statement is planned anew each time."""
        return await self._whole(workspace_id, begin(workspace_id, read_only=True), statement, params)

    async def write_once(self, workspace_id: UUID | None, statement: str, **params: Any) -> Result:
        """A transaction of one statement, begun, run and committed in one round trip, or nothing of it.

        The statement is planned anew each time. What it changed is told by `hint`.
        """
        return await self._whole(workspace_id, begin(workspace_id, read_only=False), statement, params)

    def hint(self, workspace_id: UUID, kind: str, id: UUID) -> None:
        """Notify of a change that is committed."""
        self.on_commit(workspace_id, {(kind, id)})

    async def _whole(self, workspace_id: UUID | None, begun: str, statement: str, params: dict[str, Any]) -> Result:
        text = _bound(statement, workspace_id, params)
        async with self._connection(self.pool.take()) as connection:
            return await whole(connection, begun.encode(), text, params)

    @asynccontextmanager
    async def _connection(self, lent: Awaitable[Impatient]) -> AsyncIterator[Impatient]:
        try:
            connection = await lent
            try:
                yield connection
            finally:
                await self.pool.end(connection)
        except _UNREACHED as error:
            raise told(error) from error
        except (psycopg.ProgrammingError, psycopg.NotSupportedError, AttributeError) as error:
            if _names_what_is_gone(error) and (name := await moved_on(self.pool)):
                raise outdated(name) from error
            raise

    async def ping(self) -> None:
        """Do nothing on the server; `ConnectionFailedError` when it can't be reached."""
        async with self.read(None) as tx:
            await tx.scalar("SELECT 1")

    async def close(self) -> None:
        """Close all connections."""
        await self.pool.close()


def _bound(statement: str, workspace_id: UUID | None, params: dict[str, Any]) -> bytes:
    """The statement as the driver takes it; `params` learn what it names and they lack."""
    text, names = driver_text(statement)
    if "ws" in names:
        params.setdefault("ws", workspace_id)
    if "back" in names:
        params.setdefault("back", set_back_to())
    return text


def _names_what_is_gone(error: psycopg.Error | AttributeError) -> bool:
    if isinstance(error, AttributeError):
        return isinstance(error.obj, tuple)  # a row without a column of that name
    return error.sqlstate in _NO_SUCH_THING


def told(error: psycopg.Error) -> ConsoleError:
    """The one line for what the server did not do: it was out of reach, too slow, or two acts met."""
    state = error.sqlstate
    if state in {"40001", "40P01"}:
        return ConflictError("somebody else changed the same things at this moment", hint="try again")
    if state == "57014":
        return RefusedError("the database took too long over it", hint="try again, with less at once")
    if state == "53100":
        return ConnectionFailedError("the database's disk is full: nothing can be stored", hint="free space on it")
    return unreachable(error)


def unreachable(error: Exception) -> ConnectionFailedError:
    """The one line for a database that can't be reached."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return ConnectionFailedError(f"the database can't be reached: {reason}", hint="`console doctor` checks each part")
