"""The long-running processes: the screen, the worker, the gateway, each put together from its parts."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from console import companion
from console.bootstrap import Runtime, open_runtime, session_token, sign_in, signed_in
from console.config import Config
from console.errors import ConsoleError, NotSignedInError
from console.ids import WorkspaceId
from console.keychain import TokenStore
from console.signals import stop_on_signals

if TYPE_CHECKING:
    from console.ai.embedder import Embedder
    from console.domain.actor import Actor
    from console.tui.app import Options, Place
    from console.tui.starting import Seat


async def run_worker(config: Config, *, companion_of_data: bool = False) -> None:
    """Work until SIGTERM or SIGINT. As companion of an embedded server: only one, and until nobody needs it."""
    with ExitStack() as held:
        if companion_of_data:
            if not held.enter_context(companion.only_worker(config.data_dir)):
                return
            config = embedded(config)
        async with open_runtime(config) as runtime:
            with stop_on_signals() as stop:
                leaving = asyncio.create_task(_stop_when_unneeded(runtime, stop)) if companion_of_data else None
                await _work(runtime, stop)
                if leaving is not None:
                    leaving.cancel()


def embedded(config: Config) -> Config:
    """The same settings for this machine's own database, whatever server they name."""
    return replace(config, database_url=None, database_direct_url=None, database_gateway_url=None)


async def _stop_when_unneeded(runtime: Runtime, stop: asyncio.Event) -> None:
    async def busy() -> bool:
        from console.services.held import workspaces_holding

        # What a console that is gone has held goes out first.
        try:
            return bool(await workspaces_holding(runtime.db))
        except ConsoleError:
            return False

    await companion.unneeded(runtime.config.data_dir, busy)
    stop.set()


async def _work(runtime: Runtime, stop: asyncio.Event) -> None:
    from console.ai.embedder import MiniLm
    from console.services.answering import Answering
    from console.services.answers import Answers
    from console.services.search import Search
    from console.services.thumbs import record_thumbs_down
    from console.worker.worker import run_worker as work

    embedder = MiniLm(intra_op_num_threads=1)
    models = runtime.services.models
    answering = Answering(Search(runtime.db, embedder, models=models), embedder, models)
    answers = Answers(runtime.db, answering, estimate=answering.estimate)
    await work(
        runtime.db, runtime.direct_url, answers, _crawl(runtime, embedder), stop=stop,
        duties=[partial(record_thumbs_down, runtime.db, embedder)],
    )  # fmt: skip


def _crawl(runtime: Runtime, embedder: Embedder) -> Callable[[WorkspaceId, UUID], Awaitable[None]]:
    async def crawl(workspace_id: WorkspaceId, crawl_run_id: UUID) -> None:
        from console.services.ingest import run_crawl

        embeds = await runtime.services.models.embedder(workspace_id, embedder)
        await run_crawl(runtime.db, workspace_id, crawl_run_id, embeds, reach=runtime.services.reach)

    return crawl


def run_tui(config: Config) -> int:
    """Open the console for the person signed in, or for whoever signs in at its first screen; returns the exit code."""
    if not (config.email and config.password):
        config = replace(config, session_token=TokenStore(config).load())
    return asyncio.run(_tui(config))


async def _tui(config: Config) -> int:
    from console.tui.starting import StartingApp

    async with AsyncExitStack() as closing:
        door, email = _Door(config, closing), ""
        while True:
            enter = door.enter if door.asks else None
            app = StartingApp(door.opening, _options(config), enter=enter, email=email)
            await app.run_async()
            if app.over is None or not door.shut(app.over):
                return _ended(app.failure or app.over, app.return_code)
            app.leaving.done()
            email = app.actor.email


class _Door:
    """The way to a seat: over one runtime, however often somebody tries to sign in."""

    def __init__(self, config: Config, closing: AsyncExitStack) -> None:
        self._config = config
        self._closing = closing
        self._runtime: Runtime | None = None
        self._why: ConsoleError | None = None

    def shut(self, why: ConsoleError) -> bool:
        """Whether who has lost the seat is asked to sign in again; drafts and all else begin anew then."""
        if self._runtime is None or not self.asks:
            return False
        self._runtime.config = replace(self._runtime.config, session_token=None)
        self._why = why
        return True

    @property
    def asks(self) -> bool:
        """Whether a person is asked; what the environment gives is right or wrong."""
        return not (self._config.email and self._config.password)

    async def opening(self) -> Seat:
        """The seat of who is signed in."""
        await asyncio.to_thread(_load_database)
        seat, _ = await asyncio.gather(self._taken(), asyncio.to_thread(_load_inbox))
        _collect_garbage()
        return seat

    async def _taken(self) -> Seat:
        from console.tui.starting import Seat

        runtime = await self._connected()
        if self._why is not None:
            why, self._why = self._why, None
            raise NotSignedInError(why.message)
        if self.asks and runtime.config.session_token is None:
            raise await runtime.services.auth.nobody()
        actor = await signed_in(runtime)
        return Seat(runtime.services, actor, await _place(runtime, actor))

    async def enter(self, email: str, password: str, code: str | None) -> str:
        """Sign in; returns where the session is kept."""
        runtime = await self._connected()
        signed, kept = await sign_in(runtime, email, password, code)
        runtime.config = replace(runtime.config, session_token=signed.token)
        return kept

    async def _connected(self) -> Runtime:
        if self._runtime is None:
            self._runtime = await self._closing.enter_async_context(open_runtime(self._config))
            if not self._config.database_url:
                self._closing.enter_context(companion.needed(self._config.data_dir))
        return self._runtime


def _load_database() -> None:
    """Import what a seat needs, in a thread: the screen is there already and stays awake."""
    import console.db.check
    import console.services.auth  # noqa: F401 - to have it loaded


def _load_inbox() -> None:
    """Import what the inbox needs, while the server is waited for."""
    import console.services.drafts
    import console.services.inbox
    import console.services.live
    import console.tui.screens.inbox  # noqa: F401 - to have it loaded


def _collect_garbage() -> None:
    """From now on; `console` begins without. What was imported stays, and is never searched."""
    gc.freeze()
    gc.enable()


async def show(runtime: Runtime, actor: Actor) -> int:
    """Show the console to `actor` until it is left; returns the exit code."""
    from console.tui.app import ConsoleApp

    app = ConsoleApp(runtime.services, actor, await _place(runtime, actor), _options(runtime.config))
    await app.run_async()
    return _ended(app.over, app.return_code)


def _ended(why: Exception | None, code: int | None) -> int:
    """The exit code; what ended the console is raised, now that the terminal is there to tell it on."""
    if why is not None:
        raise why
    return code or 0


def _options(config: Config) -> Options:
    from console.tui.app import Options

    return Options(config.theme, drafts=config.paths.drafts, ascii=config.ascii, notify=config.notify)


async def _place(runtime: Runtime, actor: Actor) -> Place:
    from console.tui.app import Place

    token = await session_token(runtime)
    if token is None:
        raise NotSignedInError("you are not signed in", hint="console login")
    memberships = await runtime.services.auth.memberships(token)
    here = next(one for one in memberships if one.workspace_id == actor.workspace_id)
    return Place(here.slug, here.name)
