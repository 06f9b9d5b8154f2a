"""A wire to the server that can be cut and mended."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit


class Wire:
    """A socket of the same name in another folder; what it hears goes to the server's socket and back."""

    def __init__(self, url: str, folder: Path) -> None:
        query = parse_qs(urlsplit(url).query)
        host, name = query["host"][0], f".s.PGSQL.{query['port'][0]}"
        self.url = url.replace(quote(host, safe=""), quote(str(folder), safe=""))
        self._there, self._here = Path(host) / name, folder / name
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        """Connections are taken from now on."""
        self._server = await asyncio.start_unix_server(self._carry, self._here)

    async def cut(self) -> None:
        """Nothing goes through any more, and nobody is answered."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._here.unlink(missing_ok=True)
        for writer in list(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._there)
        both = {writer, far_writer}
        self._open |= both
        with suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.wait(
                [asyncio.create_task(_pump(reader, far_writer)), asyncio.create_task(_pump(far_reader, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        for each in both:
            each.transport.abort()
        self._open -= both


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
