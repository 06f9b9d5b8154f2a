"""The order of work: how soon a conversation needs a person."""

from __future__ import annotations

from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.conversation import Priority
from console.ids import ConversationId
from console.services.events import note_event
from console.services.standing import no_such_conversation
from console.services.unit import writing


class Triage:
    """Priorities of conversations."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def set_priority(self, actor: Actor, id: ConversationId, priority: Priority) -> None:
        """Set it; needs no claim. `NotFoundError` when there is no such conversation."""
        async with writing(self._db, actor, "conversation.priority", ("conversation", id)) as tx:
            before = await tx.scalar(
                "SELECT priority FROM conversations WHERE workspace_id = :ws AND id = :id FOR NO KEY UPDATE", id=id
            )
            if before is None:
                raise no_such_conversation(id)
            if before != priority:
                await tx.execute(
                    "UPDATE conversations SET priority = :priority, updated_at = now()"
                    " WHERE workspace_id = :ws AND id = :id",
                    id=id, priority=int(priority),
                )  # fmt: skip
                await note_event(tx, actor, id, "priority", reason=priority.label)
