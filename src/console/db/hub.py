"""One listening connection for a process that serves many followers of single conversations."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import UUID

import psycopg

from console.db.ending import end
from console.db.hangup import Impatient
from console.db.link import LINK

CHANNEL = "visitors"
"""Every conversation's changes, by id alone."""

RETRY_SECONDS = 1.0


class Hub:
    """Wakes whoever follows a conversation when it may have changed; a wake-up says only: read again."""

    def __init__(self, direct_url: str) -> None:
        self._url = direct_url
        self._followers: dict[UUID, set[asyncio.Event]] = {}
        self.stopped = False

    @contextmanager
    def follow(self, id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever the conversation may have changed, for as long as the block runs."""
        woken = asyncio.Event()
        self._followers.setdefault(id, set()).add(woken)
        try:
            yield woken
        finally:
            self._followers[id].discard(woken)
            if not self._followers[id]:
                del self._followers[id]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen while the block runs, across lost connections; after each new one all are woken."""
        task = asyncio.create_task(self._listen(), name="hub")
        try:
            yield
        finally:
            self.stop()
            await end(task)

    def stop(self) -> None:
        """Tell all followers that the process ends."""
        self.stopped = True
        self._wake_all()

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(psycopg.Error, OSError):
                await self._hear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _hear(self) -> None:
        async with await Impatient.connect(self._url, autocommit=True, **LINK) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self._wake_all()
            async for note in connection.notifies():
                with contextlib.suppress(ValueError):  # Anybody on the server may notify anything.
                    for woken in self._followers.get(UUID(note.payload), ()):
                        woken.set()

    def _wake_all(self) -> None:
        for followers in self._followers.values():
            for woken in followers:
                woken.set()
