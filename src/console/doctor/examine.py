"""All checks in order; one that breaks never keeps the next from its look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from console import bootstrap
from console.doctor import database, live, machine, model
from console.doctor.finding import Finding, doubtful, failed
from console.errors import ConsoleError

if TYPE_CHECKING:
    from console.config import Config


async def examine(config: Callable[[], Config]) -> AsyncIterator[Finding]:
    """Each finding as it comes; what needs settings that can't be read is left out."""
    yield machine.python()
    try:
        found = config()
    except ConsoleError as error:
        yield failed("configuration", error)
    else:
        async for finding in _configured(found):
            yield finding
    yield await _look("embedding model", live.model)
    yield await _look("terminal", machine.terminal)


async def _configured(config: Config) -> AsyncIterator[Finding]:
    yield machine.configuration(config)
    yield await _look("data folder", lambda: machine.folder("data folder", config.data_dir))
    yield await _look("state folder", lambda: machine.folder("state folder", config.paths.state))
    yield await _look("keyring", lambda: machine.keyring(config))
    usable = True
    for finding in await asyncio.to_thread(lambda: list(_server(config))):
        usable &= finding.ok
        yield finding
    async for finding in _inside(config) if usable else _not_inside():
        yield finding
    yield await _look_async("gateway", lambda: live.gateway(config))
    yield await _look_async("model endpoint", lambda: model.endpoint(config))


def _server(config: Config) -> Iterator[Finding]:
    try:
        with _url(config) as url:
            if not config.database_url:
                yield database.programs(config)
            yield from database.server(url, embedded=not config.database_url)
    except Exception as error:
        yield failed("database", error)


@contextmanager
def _url(config: Config) -> Iterator[str]:
    if config.database_url:
        yield config.database_direct_url or config.database_url
        return
    from console.db.embedded.server import EmbeddedServer
    from console.db.migrate import migrate

    with EmbeddedServer(config.data_dir) as urls:
        with suppress(ConsoleError):  # the look at the schema says why
            migrate(urls.owner)
        yield urls.app


async def _inside(config: Config) -> AsyncIterator[Finding]:
    try:
        async with bootstrap.open_runtime(config) as runtime:
            yield await _look_async("session", lambda: live.session(runtime))
            yield await _look_async("worker", lambda: live.worker(runtime))
            if own := await _look_own(runtime):
                yield own
    except Exception as error:
        yield failed("session", error)


async def _look_own(runtime: bootstrap.Runtime) -> Finding | None:
    try:
        return await model.of_workspace(runtime)
    except Exception as error:
        return failed("workspace's model", error)


async def _not_inside() -> AsyncIterator[Finding]:
    for name in ("session", "worker"):
        yield doubtful(name, "not checked: the database can't be used")


async def _look(name: str, check: Callable[[], Finding]) -> Finding:
    return await _look_async(name, lambda: asyncio.to_thread(check))


async def _look_async(name: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await check()
    except Exception as error:
        return failed(name, error)
