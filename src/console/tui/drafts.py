"""Drafts are kept as they are typed, and outlive the screen they were typed on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from console.domain.actor import Actor
from console.errors import ConsoleError
from console.ids import ConversationId
from console.services.drafts import Drafts

DELAY = 0.5
RETRY = 3.0
Key = tuple[ConversationId, str]


class DraftKeeper:
    """Saves each draft at most `DELAY` seconds after a key; what can't be saved is tried again until it is."""

    def __init__(self, drafts: Drafts, actor: Actor, report: Callable[[BaseException], None]) -> None:
        self._drafts = drafts
        self._actor = actor
        self._report = report
        self._dirty: dict[Key, str] = {}
        self._last: dict[Key, str] = {}
        self._task: asyncio.Task[None] | None = None
        self._saving = asyncio.Lock()

    @property
    def unsaved(self) -> bool:
        """Whether something typed has not reached the server."""
        return bool(self._dirty)

    def is_saved(self, id: ConversationId, kind: str) -> bool:
        """Whether this draft is on the server as it is here."""
        return (id, kind) not in self._dirty

    def typed(self, id: ConversationId, kind: str, text: str) -> None:
        """Remember a draft and save it soon."""
        if self._last.get((id, kind)) == text:
            return
        self._dirty[id, kind] = self._last[id, kind] = text
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._loop())

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
                await self._drafts.save(self._actor, key[0], text, key[1])
                if self._dirty.get(key) == text:
                    del self._dirty[key]

    async def close(self) -> None:
        """Save what can be saved and stop."""
        if self._task:
            self._task.cancel()
        try:
            await self.flush()
        except ConsoleError as error:
            self._report(error)

    async def _loop(self) -> None:
        delay = DELAY
        while self._dirty:
            await asyncio.sleep(delay)
            try:
                await self.flush()
                delay = DELAY
            except Exception as error:
                self._report(error)
                delay = RETRY
