"""The real gateway and its worker as processes on an embedded server of their own, to be killed and to come back."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.errors import RefusedError
from tests.db.embedded_support import kill_cluster, postmaster_pid

ROOT = Path(__file__).parents[2]
LONG = 180.0
UNLIMITED = {f"CONSOLE_GATEWAY_{name}": "1000000" for name in ("MESSAGES", "REQUESTS", "STARTS")}


@dataclass(slots=True)
class House:
    """One data directory and the processes that live on it; the gateway keeps its address across its deaths."""

    server: EmbeddedServer
    urls: ServerUrls
    data_dir: Path
    port: int = 0
    gateway: Process | None = None
    bytecode: Path = field(default_factory=Path)

    @property
    def address(self) -> str:
        """Where visitors find the gateway."""
        return f"http://127.0.0.1:{self.port}"

    async def open_gateway(self) -> None:
        """Start the gateway and wait until it listens."""
        self.gateway = await self.run("-m", "console", "gateway", "--port", str(self.port), "--json")
        assert self.gateway.stdout is not None
        async with asyncio.timeout(LONG):
            line = await self.gateway.stdout.readline()
        assert line, "the gateway ended at its start"
        self.port = int(json.loads(line)["gateway_url"].rpartition(":")[2])

    async def run(self, *words: str, stdin: int = asyncio.subprocess.DEVNULL) -> Process:
        """A Python process of the house."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "CONSOLE_"))}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        own = {"CONSOLE_DATA_DIR": str(self.data_dir), "HOME": str(self.data_dir.parent), "PYTHONPATH": str(ROOT)}
        env = kept | UNLIMITED | own | {"PYTHONPYCACHEPREFIX": str(self.bytecode)}
        return await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, stdin=stdin, stdout=PIPE, env=env)

    async def worker(self) -> psutil.Process:
        """The worker, when one has come."""
        async with asyncio.timeout(LONG):
            while True:
                if found := next(filter(self._is_worker, psutil.process_iter()), None):
                    return found
                await asyncio.sleep(0.05)

    def _is_worker(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            if "--companion" in process.cmdline():
                return process.environ().get("CONSOLE_DATA_DIR") == str(self.data_dir)
        return False

    async def kill_gateway(self) -> None:
        """It dies, and somebody starts it again."""
        assert self.gateway is not None
        self.gateway.kill()
        await self.gateway.communicate()
        await self.open_gateway()

    async def kill_worker(self) -> None:
        """It dies; whoever needs it starts another."""
        before = await self.worker()
        before.kill()
        async with asyncio.timeout(LONG):
            while await self.worker() == before:
                await asyncio.sleep(0.05)

    async def kill_backend(self, chance: random.Random) -> None:
        """One session's process dies of no signal that Postgres knows; the server ends all the others itself."""
        async with asyncio.timeout(LONG):
            while not (sessions := self._sessions()):
                await asyncio.sleep(0.05)
        with suppress(psutil.NoSuchProcess):
            chance.choice(sessions).kill()

    def _sessions(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return [each for each in psutil.Process(postmaster_pid(self.data_dir)).children() if _is_session(each)]
        return []

    async def kill_cluster(self) -> None:
        """Every process of the server dies; nobody but its users can start it again."""
        await asyncio.to_thread(kill_cluster, self.data_dir)

    async def close(self) -> None:
        """End everything."""
        if self.gateway is not None and self.gateway.returncode is None:
            self.gateway.send_signal(signal.SIGTERM)
            await self.gateway.communicate()
        async with asyncio.timeout(LONG):
            while next(filter(self._is_worker, psutil.process_iter()), None) or not await self._destroyed():
                await asyncio.sleep(0.05)

    async def _destroyed(self) -> bool:
        """Whether nobody used the server: a process that ends has no name a moment before it lets go of its locks."""
        with suppress(RefusedError):
            await asyncio.to_thread(self.server.destroy)
            return True
        return False


def _is_session(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return "_login " in " ".join(process.cmdline())
    return False


@asynccontextmanager
async def house(data_dir: Path, bytecode: Path) -> AsyncIterator[House]:
    """A house whose server runs, migrated."""
    from console.db.migrate import migrate

    server = EmbeddedServer(data_dir)
    urls = await asyncio.to_thread(server.start)
    await asyncio.to_thread(migrate, urls.owner)
    home = House(server, urls, data_dir, bytecode=bytecode)
    try:
        yield home
    finally:
        await home.close()
