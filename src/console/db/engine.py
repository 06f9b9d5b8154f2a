"""The unit of work: one transaction, one tenant, set for the transaction and never for the session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Executable, Result, Row, Select, event, exc, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.util import await_only

from console.db.begin import begin
from console.db.hangup import Impatient
from console.db.link import LINK
from console.db.moved import moved_on, outdated
from console.db.scope import TenantSession
from console.errors import ConflictError, ConnectionFailedError, ConsoleError, RefusedError

T = TypeVar("T")

_NO_SUCH_THING = {"3F000", "42703", "42704", "42883", "42P01"}
"""A schema, column, object, function or table that a statement names and the database lacks."""

_CONNECT: dict[str, Any] = {"autocommit": True, "async_creator_fn": Impatient.connect, **LINK}

Hints = set[tuple[str, UUID]]
"""What changed in a transaction, as (kind, id): sent as notifications after the commit."""


def driver_url(url: str) -> str:
    """The URL with SQLAlchemy's full dialect name in front."""
    scheme, _, rest = url.partition("://")
    return url if scheme.startswith("postgresql+") else f"postgresql+psycopg://{rest}"


class ReadTx:
    """A read-only transaction of one workspace, or of none."""

    def __init__(self, session: AsyncSession, workspace_id: UUID | None) -> None:
        self.session = session
        self.workspace_id = workspace_id

    async def execute(self, statement: Executable | str, **params: Any) -> Result[Any]:
        """Run a statement; `ws` is bound to the workspace where the text names it."""
        if isinstance(statement, str):
            statement = text(statement)
            if ":ws" in statement.text:
                params.setdefault("ws", self.workspace_id)
        # Plain statements write beside the session: what it has loaded before may be old.
        return await self.session.execute(statement, params, execution_options={"populate_existing": True})

    async def rows(self, statement: Executable | str, **params: Any) -> Sequence[Row[Any]]:
        """All rows."""
        return (await self.execute(statement, **params)).all()

    async def row(self, statement: Executable | str, **params: Any) -> Row[Any] | None:
        """The first row, or None."""
        return (await self.execute(statement, **params)).first()

    async def scalar(self, statement: Executable | str, **params: Any) -> Any:
        """The first column of the first row, or None."""
        return (await self.execute(statement, **params)).scalar()

    async def scalars(self, statement: Select[T]) -> Sequence[T]:
        """The one column, or model, of all rows."""
        return (await self.execute(statement)).scalars().all()

    async def one(self, statement: Select[T]) -> T | None:
        """The one column, or model, of the first row, or None."""
        return (await self.execute(statement)).scalars().first()

    def narrow(self, agent_id: UUID) -> None:
        """Let the models show nothing of another agent from here to the end of the transaction."""
        self.session.info["agent_id"] = agent_id

    async def many(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement for many rows on the driver's own cursor (`%(name)s`, `%(name)b`)."""
        connection = await (await self.session.connection()).get_raw_connection()
        driver: Any = connection.driver_connection
        async with driver.cursor() as cursor:
            await cursor.executemany(statement, rows)


class WriteTx(ReadTx):
    """A transaction that may write; what it hints at is notified after its commit."""

    def __init__(self, session: AsyncSession, workspace_id: UUID | None) -> None:
        super().__init__(session, workspace_id)
        self.hints: Hints = set()

    def hint(self, kind: str, id: UUID) -> None:
        """Remember that the thing changed, for the live screens."""
        self.hints.add((kind, id))


class Database:
    """One server and role; hands out transactions.

    `on_commit` is called with (workspace, hints) after each commit that hinted at something.
    """

    def __init__(self, url: str, *, pool_size: int = 5, prepare: bool = True) -> None:
        connect = _CONNECT if prepare else _CONNECT | {"prepare_threshold": None}
        self.url = url
        self.engine = create_async_engine(
            driver_url(url),
            connect_args=connect,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=True,
        )
        self.on_commit: Callable[[UUID, Hints], None] = lambda _workspace, _hints: None
        event.listen(self.engine.sync_engine, "begin", _begin)

    @asynccontextmanager
    async def read(self, workspace_id: UUID | None) -> AsyncIterator[ReadTx]:
        """A read-only transaction; `ConnectionFailedError` when the server can't be reached."""
        async with self._session(workspace_id, read_only=True) as session:
            yield ReadTx(session, workspace_id)

    @asynccontextmanager
    async def write(self, workspace_id: UUID | None) -> AsyncIterator[WriteTx]:
        """A transaction committed at the end of the block, rolled back when the block raises."""
        async with self._session(workspace_id, read_only=False) as session:
            tx = WriteTx(session, workspace_id)
            yield tx
            await session.commit()
        if tx.hints and workspace_id is not None:
            self.on_commit(workspace_id, tx.hints)

    @asynccontextmanager
    async def _session(self, workspace_id: UUID | None, *, read_only: bool) -> AsyncIterator[AsyncSession]:
        bind = self.engine.execution_options(workspace_id=workspace_id, read_only=read_only)
        session = AsyncSession(
            bind,
            sync_session_class=TenantSession,
            expire_on_commit=False,
            info={"workspace_id": workspace_id},
        )
        try:
            async with session:
                yield session
        except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError, psycopg.OperationalError) as error:
            raise told(error) from error
        except (exc.ProgrammingError, AttributeError) as error:
            if _names_what_is_gone(error) and (name := await moved_on(self.engine)):
                raise outdated(name) from error
            raise

    async def ping(self) -> None:
        """Do nothing on the server; `ConnectionFailedError` when it can't be reached."""
        async with self.read(None) as tx:
            await tx.scalar("SELECT 1")

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()


def _names_what_is_gone(error: Exception) -> bool:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state in _NO_SUCH_THING or isinstance(error.__cause__, exc.NoSuchColumnError)


def told(error: Exception) -> ConsoleError:
    """The one line for what the server did not do: it was out of reach, too slow, or two acts met."""
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    if state in {"40001", "40P01"}:
        return ConflictError("somebody else changed the same things at this moment", hint="try again")
    if state == "57014":
        return RefusedError("the database took too long over it", hint="try again, with less at once")
    if state == "53100":
        return ConnectionFailedError("the database's disk is full: nothing can be stored", hint="free space on it")
    return unreachable(error)


def unreachable(error: Exception) -> ConnectionFailedError:
    """The one line for a database that can't be reached."""
    cause = getattr(error, "orig", None) or error
    reason = " ".join(str(cause).split()) or type(cause).__name__

    return ConnectionFailedError(f"the database can't be reached: {reason}", hint="`console doctor` checks each part")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    text = begin(options.get("workspace_id"), read_only=bool(options.get("read_only")))
    driver: Any = connection.connection.driver_connection
    # One text, one round trip; a prepared multi-statement would fail from its sixth use.
    await_only(driver.execute(text, prepare=False))
