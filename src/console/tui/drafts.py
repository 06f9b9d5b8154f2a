"""Drafts are kept as they are typed, and outlive the screen, the console and the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from console.domain.actor import Actor
from console.errors import ConsoleError, NotFoundError
from console.ids import ConversationId
from console.tui.spool import Key, Spool

if TYPE_CHECKING:
    from console.services.drafts import Drafts

DELAY = 0.5
RETRY = 3.0


class DraftKeeper:
    """Keeps each draft at most `DELAY` seconds after a key: on this machine, and on the server until that has it."""

    def __init__(self, drafts: Drafts, actor: Actor, report: Callable[[BaseException], None], spool: Spool) -> None:
        self._drafts = drafts
        self._actor = actor
        self._report = report
        self._spool = spool
        self._dirty: dict[Key, str] = {}
        self._unspooled: set[Key] = set()
        self._refused: set[Key] = set()
        self._last: dict[Key, str] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._saving = asyncio.Lock()
        self._spooling = asyncio.Lock()

    @property
    def unsaved(self) -> bool:
        """Whether something typed has not reached the server."""
        return bool(self._dirty)

    @property
    def begun(self) -> int:
        """How many replies and notes are written here and not sent."""
        return sum(1 for text in (self._dirty | self._last).values() if text.strip())

    def is_saved(self, id: ConversationId, kind: str) -> bool:
        """Whether this draft is on the server as it is here."""
        return (id, kind) not in self._dirty

    def is_nowhere(self, id: ConversationId, kind: str) -> bool:
        """Whether this draft could be kept neither on the server nor on this machine."""
        return (id, kind) in self._refused & self._dirty.keys()

    def typed(self, id: ConversationId, kind: str, text: str) -> None:
        """Remember a draft and save it soon."""
        if self._last.get((id, kind)) == text:
            return
        self._dirty[id, kind] = self._last[id, kind] = text
        self._unspooled.add((id, kind))
        self._soon("here", self._keep_here)
        self._soon("there", self.flush)

    async def restore(self) -> int:
        """Take up what an earlier console could not save; returns how many drafts that were."""
        kept = await asyncio.to_thread(self._spool.kept)
        for key, text in kept.items():
            self._dirty.setdefault(key, text)
        if kept:
            self._soon("there", self.flush)
        return sum(1 for text in kept.values() if text)

    async def load(self, id: ConversationId, kind: str) -> str:
        """The draft as it was last typed here, else as the server has it."""
        if (typed := self._dirty.get((id, kind))) is not None:
            return typed
        draft = await self._drafts.load(self._actor, id, kind)
        text = self._dirty.get((id, kind), str(draft.content) if draft else "")
        self._last[id, kind] = text
        return text

    async def flush(self) -> None:
        """Save everything now; raises what the service raises, and then keeps the rest."""
        async with self._saving:
            for key, text in list(self._dirty.items()):
                with suppress(NotFoundError):  # nothing is left that it could be the draft of
                    await self._drafts.save(self._actor, key[0], text, key[1])
                if self._dirty.get(key) == text:
                    del self._dirty[key]
                    await self._forget_here(key)

    async def close(self) -> None:
        """Save what can be saved and stop."""
        async with self._spooling:  # a thread that writes can't be cancelled: it is waited for
            for task in self._tasks.values():
                task.cancel()
        try:
            await self._keep_here()
            await self.flush()
        except ConsoleError as error:
            self._report(error)

    async def _keep_here(self) -> None:
        async with self._spooling:
            waiting, self._unspooled = self._unspooled, set()
            try:
                for key in waiting & self._dirty.keys():
                    await asyncio.to_thread(self._spool.keep, key, self._dirty[key])
            except ConsoleError:
                self._unspooled |= waiting
                self._refused |= waiting
                raise
            self._refused -= waiting

    async def _forget_here(self, key: Key) -> None:
        async with self._spooling:
            if key not in self._dirty:
                await asyncio.to_thread(self._spool.forget, key)

    def _soon(self, name: str, save: Callable[[], Awaitable[None]]) -> None:
        if name not in self._tasks or self._tasks[name].done():
            self._tasks[name] = asyncio.create_task(self._loop(save), name=f"drafts {name}")

    async def _loop(self, save: Callable[[], Awaitable[None]]) -> None:
        delay = DELAY
        while self._dirty if save == self.flush else self._unspooled:
            await asyncio.sleep(delay)
            try:
                await save()
                delay = DELAY
            except Exception as error:
                self._report(error)
                delay = RETRY
