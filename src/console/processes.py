"""The long-running processes: the screen, the worker, the gateway, each put together from its parts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from console import companion
from console.bootstrap import Runtime, open_runtime, session_token, signed_in
from console.config import Config
from console.errors import NotSignedInError
from console.ids import WorkspaceId
from console.signals import stop_on_signals

if TYPE_CHECKING:
    from console.ai.embedder import Embedder
    from console.domain.actor import Actor


async def run_worker(config: Config, *, companion_of_data: bool = False) -> None:
    """Work until SIGTERM or SIGINT. As companion of an embedded server: only one, and until nobody needs it."""
    with ExitStack() as held:
        if companion_of_data:
            if not held.enter_context(companion.only_worker(config.data_dir)):
                return
            config = embedded(config)
        async with open_runtime(config) as runtime:
            with stop_on_signals() as stop:
                leaving = asyncio.create_task(_stop_when_unneeded(config, stop)) if companion_of_data else None
                await _work(runtime, stop)
                if leaving is not None:
                    leaving.cancel()


def embedded(config: Config) -> Config:
    """The same settings for this machine's own database, whatever server they name."""
    return replace(config, database_url=None, database_direct_url=None, database_gateway_url=None)


async def _stop_when_unneeded(config: Config, stop: asyncio.Event) -> None:
    await companion.unneeded(config.data_dir)
    stop.set()


async def _work(runtime: Runtime, stop: asyncio.Event) -> None:
    from console.ai.embedder import MiniLm
    from console.services.answering import Answering
    from console.services.answers import Answers
    from console.services.search import Search
    from console.worker.worker import run_worker as work

    embedder = MiniLm(intra_op_num_threads=1)
    answering = Answering(Search(runtime.db, embedder), embedder)
    await work(runtime.db, runtime.direct_url, Answers(runtime.db, answering), _crawl(runtime, embedder), stop=stop)


def _crawl(runtime: Runtime, embedder: Embedder) -> Callable[[WorkspaceId, UUID], Awaitable[None]]:
    async def crawl(workspace_id: WorkspaceId, crawl_run_id: UUID) -> None:
        from console.services.ingest import run_crawl

        await run_crawl(runtime.db, workspace_id, crawl_run_id, embedder)

    return crawl


def run_tui(config: Config) -> int:
    """Open the console for the person signed in; `NotSignedInError` when nobody is."""
    return asyncio.run(_tui(config))


async def _tui(config: Config) -> int:
    async with open_runtime(config) as runtime:
        with ExitStack() as held:
            if not config.database_url:
                held.enter_context(companion.needed(config.data_dir))
            return await show(runtime, await signed_in(runtime))


async def show(runtime: Runtime, actor: Actor) -> int:
    """Show the console to `actor` until it is left; returns the exit code."""
    from console.tui.app import ConsoleApp, Options, Place

    token = await session_token(runtime)
    if token is None:
        raise NotSignedInError("you are not signed in", hint="console login")
    memberships = await runtime.services.auth.memberships(token)
    here = next(one for one in memberships if one.workspace_id == actor.workspace_id)
    theme = runtime.config.theme if runtime.config.theme != "auto" else "dark"
    options = Options(theme, drafts=runtime.config.paths.drafts, ascii=runtime.config.ascii)
    app = ConsoleApp(runtime.services, actor, Place(here.slug, here.name), options)
    await app.run_async()
    return app.return_code or 0
