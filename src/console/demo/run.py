"""`console demo`: the whole product on the bundled Postgres, with workspaces, people, and visitors arriving."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console import bootstrap, companion
from console.bootstrap import signed_in
from console.config import Config
from console.db.engine import Database
from console.demo.arrive import keep_arriving
from console.demo.beside import OPERATOR, beside
from console.demo.content import WORKSPACES
from console.demo.load import PASSWORD, load_workspace
from console.errors import ConnectionFailedError, RefusedError
from console.gateway.limits import configured
from console.processes import embedded, show
from console.signals import stop_on_signals

Say = Callable[[str], None]
LEAVING_SECONDS = 12.0
LEFT_SECONDS = 30.0
"""How long a demo that was ended just now may take, with its worker, to let go of the data."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs: what a script needs to use it."""

    runtime: bootstrap.Runtime
    gateway_url: str
    public_keys: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """The one line that `--headless` prints."""
        return {
            "ready": True,
            "gateway_url": self.gateway_url,
            "database_url": self.runtime.app_url,
            "workspaces": [
                {"slug": slug, "agents": [{"slug": "assistant", "public_key": key}]}
                for slug, key in self.public_keys.items()
            ],
            "logins": [
                {"email": m.email, "password": PASSWORD, "role": m.role.label, "workspace": space.slug}
                for space in WORKSPACES
                for m in space.members
            ],
        }


@asynccontextmanager
async def running(config: Config, say: Say, tell: Say) -> AsyncIterator[Demo]:
    """Start everything, load what is missing, let visitors arrive; stop all of it at the end of the block.

    `say` is told of the start, `tell` of what goes on in the background.
    """
    watch = _Watch(say)
    config = embedded(config)
    async with bootstrap.open_runtime(config) as runtime:
        watch(f"database ready in {config.data_dir}")
        if runtime.gateway_url is None:
            raise ConnectionFailedError("the embedded server has no gateway login")
        gateway_db = Database(runtime.gateway_url)
        runtime.closing.push_async_callback(gateway_db.close)
        with companion.needed(config.data_dir):
            watch("worker starting")
            loading = [load_workspace(runtime.services, gateway_db, space, watch) for space in WORKSPACES]
            agents = zip(WORKSPACES, await asyncio.gather(*loading), strict=True)
            public_keys = {space.slug: agent.public_key for space, agent in agents}
            async with _gateway(gateway_db, runtime.gateway_url, config) as url:
                watch(f"gateway listens on {url}; visitors arrive, knowledge is filling in the background")
                async with _visitors(url, public_keys), _past(config.data_dir, tell):
                    yield Demo(runtime, url, public_keys)


@asynccontextmanager
async def _visitors(url: str, public_keys: dict[str, str]) -> AsyncIterator[None]:
    visits = asyncio.create_task(keep_arriving(url, public_keys, seed=int(time.time())), name="visitors")
    try:
        yield
    finally:
        visits.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await visits


@asynccontextmanager
async def _past(data: Path, tell: Say) -> AsyncIterator[None]:
    """Let another process fill in the past; it ends with the block, and by itself when this process is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "console.demo.past", str(data),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    relaying = asyncio.create_task(_relay(process, tell), name="past")
    try:
        yield
    finally:
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), LEAVING_SECONDS)
        if process.returncode is None:
            process.kill()
        await relaying


async def _relay(process: asyncio.subprocess.Process, tell: Say) -> None:
    assert process.stdout is not None  # noqa: S101 - asked for
    async for line in process.stdout:
        tell(line.decode().rstrip())
    if await process.wait() > 0:
        tell("history: left off; the next start goes on with it")


@asynccontextmanager
async def _gateway(db: Database, url: str, config: Config) -> AsyncIterator[str]:
    """The real gateway on a free port of this machine, for as long as the block runs."""
    stop, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        bootstrap.serve_gateway(db, url, "127.0.0.1", 0, stop, port.set_result, limits=configured(config)),
        name="gateway",
    )
    try:
        await asyncio.wait([port, serving], return_when=asyncio.FIRST_COMPLETED)
        if not port.done():
            await serving
        yield f"http://127.0.0.1:{port.result()}"
    finally:
        stop.set()
        await serving


class _Watch:
    """Progress lines, each with the seconds since the start."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._started = time.monotonic()

    def __call__(self, line: str) -> None:
        self._say(f"{time.monotonic() - self._started:5.1f} s  {line}")


async def headless(config: Config, say: Say, ready: Callable[[dict[str, Any]], None]) -> None:
    """Run until SIGTERM, SIGINT or SIGHUP; `ready` is told once everything can be used."""
    with stop_on_signals(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as stop:
        async with running(config, say, say) as demo:
            ready(demo.as_json())
            await stop.wait()


async def on_screen(config: Config, say: Say) -> int:
    """Run with the console in front, signed in as the retailer's owner; returns its exit code."""
    async with running(config, say, lambda _line: None) as demo:
        say(f"signed in as {OPERATOR}; every password is {PASSWORD}")
        say(f"for commands on the same data, in another terminal:\n{beside(config.data_dir)}")
        auth = demo.runtime.services.auth
        signed = await auth.login(OPERATOR, PASSWORD)
        runtime = replace(demo.runtime, config=replace(demo.runtime.config, session_token=signed.token))
        try:
            return await show(runtime, await signed_in(runtime))
        finally:
            await auth.logout(signed.token)


def begin_anew(config: Config, say: Say) -> None:
    """Delete the demo's data; `RefusedError` while another process uses it, after the time that one takes to leave."""
    from console.db.embedded.server import EmbeddedServer

    began, told = time.monotonic(), False
    while True:
        try:
            return EmbeddedServer(config.data_dir).destroy()
        except RefusedError:
            if time.monotonic() > began + LEFT_SECONDS:
                raise
            if not told:
                say(f"the demo's data is in use; waiting up to {LEFT_SECONDS:.0f} s for it to be let go")
            told = True
            time.sleep(0.5)
