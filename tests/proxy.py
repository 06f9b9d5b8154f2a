"""A link to the server that can be cut, stalled, or robbed of the answer to a COMMIT."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

COMMIT = b"COMMIT\x00"
"""The end of the client's simple query, and of the server's command tag."""


class Proxy:
    """Links to the server's unix socket through a socket of the same name in another folder."""

    def __init__(self, url: str, folder: Path) -> None:
        query = parse_qs(urlsplit(url).query)
        host, name = query["host"][0], f".s.PGSQL.{query['port'][0]}"
        self.url = url.replace(quote(host, safe=""), quote(str(folder), safe=""))
        self.lost = asyncio.Event()
        self.refused: list[float] = []
        self._there, self._here = Path(host) / name, folder / name
        self._flows = _set()
        self._stranded: list[asyncio.Event] = []
        self._refuses = self._loses = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._links: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Every link breaks, and none is made until `mend`."""
        self._refuses = True
        self.drop()

    def drop(self) -> None:
        """Every link breaks; new ones are taken."""
        for end in self._ends:
            end.transport.abort()

    def stall(self) -> None:
        """Links are taken and kept, and nothing goes through either way until `mend`."""
        self._flows.clear()

    def strand(self) -> None:
        """Nothing goes through the present links ever again; new ones work."""
        self._flows.clear()
        self._stranded.append(self._flows)
        self._flows = _set()

    def mend(self) -> None:
        """All goes through again."""
        self._refuses = False
        self._flows.set()

    def lose_next_commit(self) -> None:
        """The next COMMIT reaches the server and is done there; its link breaks instead of the answer."""
        self._loses = True
        self.lost.clear()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Proxy]:
        """Take links while the block runs."""
        server = await asyncio.start_unix_server(self._taken, self._here)
        try:
            yield self
        finally:
            server.close()
            for flows in (*self._stranded, self._flows):
                flows.set()
            self.drop()
            await asyncio.gather(*self._links, return_exceptions=True)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        try:
            if self._refuses:
                self.refused.append(asyncio.get_running_loop().time())
            else:
                await self._carry(reader, writer)
        finally:
            self._links.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(self._there)
        ends, flows, losing = {writer, server_writer}, self._flows, asyncio.Event()
        self._ends |= ends
        pumps = [
            asyncio.create_task(self._asks(reader, server_writer, flows, losing)),
            asyncio.create_task(self._answers(server_reader, writer, flows, losing)),
        ]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        self._ends -= ends
        for end in ends:
            end.transport.abort()
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)

    async def _asks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event, losing: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self._loses and COMMIT in data:
                    self._loses = False
                    losing.set()
                await flows.wait()
                writer.write(data)
                await writer.drain()

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event, losing: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if losing.is_set():
                    assert COMMIT in data
                    self.lost.set()
                    return
                await flows.wait()
                writer.write(data)
                await writer.drain()


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
