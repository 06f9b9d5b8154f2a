"""Live changes for a screen."""

from __future__ import annotations

from collections.abc import AsyncIterator

from console.db.engine import Database
from console.db.listen import listen
from console.domain.actor import Actor
from console.domain.live import LiveEvent


class Live:
    """The live link of this process."""

    def __init__(self, db: Database, direct_url: str) -> None:
        self._db = db
        self._url = direct_url

    def events(self, actor: Actor) -> AsyncIterator[LiveEvent]:
        """Changes in the actor's workspace, for ever; close the iterator to stop listening."""
        return listen(self._db, self._url, actor.workspace_id)
