"""Live changes for a screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import monotonic

from console.db.engine import Database
from console.db.listen import listen
from console.db.moved import moved_on
from console.domain.actor import Actor
from console.domain.live import LiveEvent, SchemaMoved

LOOK_SECONDS = 5.0
"""How often at most the schema's version is looked at, beside what else is read."""
_PATIENCE_SECONDS = 0.5


class Live:
    """The live link of this process."""

    def __init__(self, db: Database, direct_url: str) -> None:
        self._db = db
        self._url = direct_url

    async def events(self, actor: Actor) -> AsyncGenerator[LiveEvent, None]:
        """Changes in the actor's workspace, for ever; close the iterator to stop listening."""
        schema = _Schema(self._db)
        async with aclosing(listen(self._db, self._url, actor.workspace_id)) as events:
            async for event in events:
                yield event
                if name := await schema.moved_on():
                    yield SchemaMoved(name)


class _Schema:
    """Looks now and then whether the schema has moved on; where the pool is busy nobody waits for the answer."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._looked = 0.0
        self._look: asyncio.Task[str | None] | None = None

    async def moved_on(self) -> str | None:
        """The migration that this program does not know, once a look has found it."""
        if self._look is None and monotonic() - self._looked > LOOK_SECONDS:
            self._looked = monotonic()
            self._look = asyncio.create_task(moved_on(self._db.pool), name="schema")
            await asyncio.wait({self._look}, timeout=_PATIENCE_SECONDS)
        if self._look is None or not self._look.done():
            return None
        look, self._look = self._look, None
        return look.result()
