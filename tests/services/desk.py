"""What tests of the desk look at and force in the database."""

from __future__ import annotations

from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.conversation import Conversation
from console.services.conversations import Conversations
from console.services.drafts import Drafts
from tests.world import Talk, World


async def make_due(db: Database, world: World, seconds: float = -1) -> None:
    """All that is held is due in so many seconds: now, when none are given."""
    statement = "UPDATE held_sends SET due_at = now() + make_interval(secs => :seconds) WHERE workspace_id = :ws"
    await change(db, world, statement, seconds=seconds)


async def expire_leases(db: Database, world: World) -> None:
    """All holders have vanished."""
    await change(
        db,
        world,
        "UPDATE conversations SET lease_expires_at = now() - interval '1 second'"
        " WHERE workspace_id = :ws AND lease_expires_at IS NOT NULL",
    )


async def change(db: Database, world: World, statement: str, **values: object) -> None:
    """Do this in the world's workspace."""
    async with db.write(world.workspace_id) as tx:
        await tx.execute(statement, **values)


async def count(db: Database, world: World, table: str, where: str = "true") -> int:
    """How many rows the workspace has."""
    async with db.read(world.workspace_id) as tx:
        found: int = await tx.scalar(f"SELECT count(*) FROM {table} WHERE workspace_id = :ws AND {where}")
        return found


async def kinds(db: Database, world: World, talk: Talk) -> list[str]:
    """The conversation's events in order."""
    async with db.read(world.workspace_id) as tx:
        rows = await tx.rows("SELECT kind FROM conversation_events WHERE conversation_id = :id ORDER BY id", id=talk.id)
        return [row.kind for row in rows]


async def draft_of(db: Database, actor: Actor, talk: Talk) -> str | None:
    """The actor's draft."""
    draft = await Drafts(db).load(actor, talk.id)
    return draft.content if draft else None


async def now_of(db: Database, actor: Actor, talk: Talk) -> Conversation:
    """The conversation as it is."""
    return await Conversations(db).get(actor, talk.id)
