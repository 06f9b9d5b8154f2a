"""The one place that puts the parts together: a database, the services over it, and who acts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from console.config import Config
from console.domain.actor import Actor
from console.errors import RefusedError, UsageError
from console.services import Services
from console.signals import stop_on_signals

if TYPE_CHECKING:
    from console.db.embedded.server import ServerUrls
    from console.db.engine import Database, Hints
    from console.domain.model import ModelDefaults
    from console.domain.workspace import SignIn
    from console.gateway.limits import Limits


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
    from console.seal import seal_of

    async with AsyncExitStack() as closing:
        app_url, gateway_url = await _urls(config, closing)
        direct_url = config.database_direct_url or app_url
        # Behind a transaction pooler prepared statements of one client may meet another's connection.
        db = _database(app_url, prepare=config.database_direct_url is None)
        closing.push_async_callback(db.close)
        closing.push_async_callback(_NotifierOnDemand(db, direct_url).close)
        services = Services(
            db, direct_url, seal_of(config), lambda: _model_defaults(config),
            config.fetch_private, config.source_folders,
        )  # fmt: skip
        yield Runtime(config, db, services, app_url, direct_url, gateway_url, closing)


def _model_defaults(config: Config) -> ModelDefaults:
    from console.model_key import model_defaults

    return model_defaults(config)


async def signed_in(runtime: Runtime, workspace: str | None = None) -> Actor:
    """Who acts: by CONSOLE_SESSION_TOKEN, else CONSOLE_EMAIL with CONSOLE_PASSWORD, else the token kept here.

    `workspace` (else the settings') chooses the workspace. Raises what `Auth.resume` and `Auth.login` raise.
    """
    auth = runtime.services.auth
    token = await session_token(runtime)
    if token is None:
        raise await auth.nobody()
    return await auth.resume(token, workspace_slug=workspace or runtime.config.workspace)


async def sign_in(runtime: Runtime, email: str, password: str, code: str | None = None) -> tuple[SignIn, str]:
    """Open a session and keep its token on this machine; returns it, and where the token lies, in words.

    Raises what `Auth.login` raises, and `RefusedError` when the token can't be kept: then the session is ended.
    """
    from socket import gethostname

    from console.keychain import TokenStore

    config, auth = runtime.config, runtime.services.auth
    signed = await auth.login(email, password, code=code, workspace_slug=config.workspace, seen_from=gethostname())
    try:
        # a keyring may wait for a dialogue that nobody can see
        return signed, await asyncio.to_thread(TokenStore(config).save, signed.token)
    except RefusedError:
        await auth.logout(signed.token)
        raise


async def session_token(runtime: Runtime) -> str | None:
    """The token to act with, or None. One that the environment's password opens ends with the runtime."""
    from console.keychain import TokenStore

    config = runtime.config
    if not config.session_token and config.email and config.password:
        if runtime.passing_token is None:
            signed = await runtime.services.auth.login(config.email, config.password, code=config.totp, passing=True)
            runtime.passing_token = signed.token
            runtime.closing.push_async_callback(runtime.services.auth.logout, runtime.passing_token)
        return runtime.passing_token
    return TokenStore(config).load()


async def run_gateway(config: Config, host: str, port: int, listening: Callable[[int], None]) -> None:
    """Serve visitors as the gateway's role until SIGTERM or SIGINT; `listening` is called with the real port.

    Raises `UsageError` without DATABASE_GATEWAY_URL, `RefusedError` for a login with more rights or a taken port,
    `ConnectionFailedError`.
    """
    from console import companion
    from console.gateway.limits import configured

    limits = configured(config)
    with stop_on_signals() as stop:
        async with AsyncExitStack() as closing:
            url = await _gateway_url(config, closing)
            if not config.database_url:
                closing.enter_context(companion.needed(config.data_dir))
            db = _database(url, prepare=config.database_direct_url is None, name="DATABASE_GATEWAY_URL")
            closing.push_async_callback(db.close)
            direct_url = config.database_direct_url or url
            await serve_gateway(db, direct_url, host, port, stop, listening, limits=limits)


async def serve_gateway(
    db: Database,
    direct_url: str,
    host: str,
    port: int,
    stop: asyncio.Event,
    listening: Callable[[int], None],
    *,
    limits: Limits | None = None,
) -> None:
    """Serve visitors over a database opened as the gateway's role, until `stop`."""
    from console.db.hub import Hub
    from console.db.notify import Notifier
    from console.gateway.app import create_app
    from console.gateway.server import serve

    await _require_visitor_role(db)
    hub = Hub(direct_url)
    async with Notifier(db, direct_url), hub.listening():
        app = create_app(db, hub=hub, ready=db.ping, limits=limits)
        await serve(app, host=host, port=port, stop=stop, listening=listening, stopping=hub.stop, limits=limits)


async def _gateway_url(config: Config, closing: AsyncExitStack) -> str:
    if config.database_gateway_url:
        from console.db.check import check_server

        await asyncio.to_thread(check_server, config.database_gateway_url)
        return config.database_gateway_url
    if not config.database_url:
        _, url = await _urls(config, closing)
        if url:
            return url
    raise UsageError(
        "the gateway's own login is not known", hint="set DATABASE_GATEWAY_URL: a login IN ROLE console_gateway"
    )


async def _require_visitor_role(db: Database) -> None:
    """Refuse a login that reaches more than a visitor may: the wall around notes and drafts is the role."""
    async with db.read(None) as tx:
        more = await tx.scalar(
            "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'console_app' AND pg_has_role(oid, 'MEMBER'))"
        )
    if more:
        raise RefusedError(
            "the gateway's login may do all that the console may",
            hint="set DATABASE_GATEWAY_URL: a login IN ROLE console_gateway",
        )


async def _urls(config: Config, closing: AsyncExitStack) -> tuple[str, str | None]:
    if config.database_url:
        from console.db.check import check_server

        await asyncio.to_thread(check_server, config.database_url)
        return config.database_url, config.database_gateway_url
    from console.db.embedded.server import EmbeddedServer

    server = EmbeddedServer(config.data_dir)
    urls = await asyncio.to_thread(server.start)
    closing.push_async_callback(asyncio.to_thread, server.stop)
    server.keep()
    await asyncio.to_thread(_migrate, urls)
    return urls.app, urls.gateway


def _migrate(urls: ServerUrls) -> None:
    """Bring the embedded server's schema up to date; one look as the app's role when it is."""
    from console.db.migrate import migrate, pending

    if pending(urls.app):
        migrate(urls.owner)


def _database(url: str, *, prepare: bool, name: str = "DATABASE_URL") -> Database:
    from console.db.engine import Database

    try:
        return Database(url, prepare=prepare)
    except ValueError:
        raise UsageError(
            f"{name} is no PostgreSQL address", hint="like postgresql://console:secret@localhost/console"
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
