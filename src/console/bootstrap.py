"""The one place that puts the parts together: a database, the services over it, and who acts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from console.config import Config
from console.domain.actor import Actor
from console.errors import NotSignedInError, UsageError
from console.services import Services

if TYPE_CHECKING:
    from console.db.embedded.server import ServerUrls
    from console.db.engine import Database, Hints


@dataclass(slots=True)
class Runtime:
    """What a process works with while it is open. `gateway_url` is None where only the app's role is known."""

    config: Config
    db: Database
    services: Services
    app_url: str = field(repr=False)
    direct_url: str = field(repr=False)
    gateway_url: str | None = field(repr=False)
    closing: AsyncExitStack = field(repr=False)
    passing_token: str | None = field(default=None, repr=False)


@asynccontextmanager
async def open_runtime(config: Config) -> AsyncIterator[Runtime]:
    """Connect to DATABASE_URL, or to the embedded server, started and migrated if need be.

    Raises `ConnectionFailedError` when the server can't be reached, `RefusedError` for one that does not fit.
    """
    async with AsyncExitStack() as closing:
        app_url, gateway_url = await _urls(config, closing)
        direct_url = config.database_direct_url or app_url
        # Behind a transaction pooler prepared statements of one client may meet another's connection.
        db = _database(app_url, prepare=config.database_direct_url is None)
        closing.push_async_callback(db.close)
        closing.push_async_callback(_NotifierOnDemand(db, direct_url).close)
        yield Runtime(config, db, Services(db, direct_url), app_url, direct_url, gateway_url, closing)


async def signed_in(runtime: Runtime, workspace: str | None = None) -> Actor:
    """Who acts: by CONSOLE_SESSION_TOKEN, else CONSOLE_EMAIL with CONSOLE_PASSWORD, else the token kept here.

    `workspace` (else the settings') chooses the workspace. Raises what `Auth.resume` and `Auth.login` raise.
    """
    auth = runtime.services.auth
    token = await session_token(runtime)
    if token is None:
        raise NotSignedInError("you are not signed in", hint="console login")
    return await auth.resume(token, workspace_slug=workspace or runtime.config.workspace)


async def session_token(runtime: Runtime) -> str | None:
    """The token to act with, or None. One that the environment's password opens ends with the runtime."""
    from console.keychain import TokenStore

    config = runtime.config
    if not config.session_token and config.email and config.password:
        if runtime.passing_token is None:
            runtime.passing_token = (await runtime.services.auth.login(config.email, config.password)).token
            runtime.closing.push_async_callback(runtime.services.auth.logout, runtime.passing_token)
        return runtime.passing_token
    return TokenStore(config).load()


async def _urls(config: Config, closing: AsyncExitStack) -> tuple[str, str | None]:
    if config.database_url:
        await _check(config.database_url)
        return config.database_url, config.database_gateway_url
    from console.db.embedded.server import EmbeddedServer

    server = EmbeddedServer(config.data_dir)
    urls = await asyncio.to_thread(server.start)
    closing.push_async_callback(asyncio.to_thread, server.stop)
    await asyncio.to_thread(_migrate, urls)
    return urls.app, urls.gateway


def _migrate(urls: ServerUrls) -> None:
    """Bring the embedded server's schema up to date; one look as the app's role when it is."""
    from console.db import migrate, migrated

    if not migrated.is_current(urls.app):
        migrate.migrate(urls.owner)


async def _check(url: str) -> None:
    """Refuse a server that does not fit."""


def _database(url: str, *, prepare: bool) -> Database:
    from sqlalchemy.exc import ArgumentError

    from console.db.engine import Database

    try:
        return Database(url, prepare=prepare)
    except (ArgumentError, ValueError):
        raise UsageError(
            "DATABASE_URL is no PostgreSQL address", hint="like postgresql://console:secret@localhost/console"
        ) from None


class _NotifierOnDemand:
    """Starts the notifier with the first commit that has something to tell: a command that only reads never pays."""

    def __init__(self, db: Database, direct_url: str) -> None:
        self._db = db
        self._url = direct_url
        self._first: list[tuple[UUID, Hints]] = []
        self._task: asyncio.Task[None] | None = None
        self._open = AsyncExitStack()
        db.on_commit = self._collect

    async def close(self) -> None:
        """Send what is still to be sent."""
        if self._task is not None:
            await self._task
        await self._open.aclose()

    def _collect(self, workspace_id: UUID, hints: Hints) -> None:
        self._first.append((workspace_id, hints))
        self._task = self._task or asyncio.create_task(self._start(), name="start notifier")

    async def _start(self) -> None:
        from console.db.notify import Notifier

        await self._open.enter_async_context(Notifier(self._db, self._url))
        for workspace_id, hints in self._first:
            self._db.on_commit(workspace_id, hints)
