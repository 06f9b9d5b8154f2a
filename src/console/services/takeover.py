"""Who speaks: claim, take over, release, hand back, resolve. Each is a compare-and-set on holder and epoch."""

from __future__ import annotations

from typing import Any

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.actor import Actor, Role
from console.domain.conversation import Claim, Conversation, Holder
from console.errors import ConflictError, NotFoundError
from console.ids import ConversationId, UserId
from console.services import audit
from console.services.conversations import fetch_conversation
from console.services.events import cancel_queued, note_event, queue_answer, visitor_waits
from console.services.unit import writing
from console.text import sanitise

LEASE_SECONDS = 60
_ATTEMPTS = 5

_CLAIM = """
    UPDATE conversations SET control = 'human', status = 'open', claimed_by_user_id = :me, claimed_at = now(),
        lease_expires_at = now() + make_interval(secs => :lease), epoch = epoch + 1, waiting_since = NULL,
        snoozed_until = NULL, ended_at = NULL, updated_at = now()
    WHERE workspace_id = :ws AND id = :id AND epoch = :epoch AND {free}
    RETURNING epoch
"""
_FREE = "(claimed_by_user_id IS NULL OR lease_expires_at <= now())"
_HELD_BY_ANOTHER = "claimed_by_user_id <> :me"

_LET_GO = """
    UPDATE conversations SET claimed_by_user_id = NULL, claimed_at = NULL, lease_expires_at = NULL,
        epoch = epoch + 1, updated_at = now(), {changes}
    WHERE workspace_id = :ws AND id = :id AND epoch = :epoch AND {holder}
    RETURNING agent_id
"""
# The AI begins anew: its turn budget, its patience, and its leave to answer what it has answered before.
_FRESH = "waiting_since = NULL, handoff_reason = NULL, ai_turns = 0, supersessions = 0, last_answered_seq = 0"
_MINE = "claimed_by_user_id = :me"
_MINE_OR_FREE = "(claimed_by_user_id = :me OR claimed_by_user_id IS NULL OR lease_expires_at <= now())"


class Takeover:
    """Control of conversations."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(self, actor: Actor, id: ConversationId, *, epoch: int | None = None) -> Claim:
        """Claim a conversation that nobody holds. The loser is told who won; `NotFoundError` when there is none.

        With `epoch` the claim holds only for the state that the caller saw.
        """
        async with writing(self._db, actor, "conversation.claim", ("conversation", id)) as tx:
            for _ in range(_ATTEMPTS):
                seen = await _standing(tx, id)
                if seen.mine(actor):
                    return Claim(id, True, seen.holder, seen.epoch)
                if seen.holder is not None or (epoch is not None and epoch != seen.epoch):
                    return Claim(id, False, seen.holder, seen.epoch)
                if await _take(tx, actor, id, seen.epoch, _FREE):
                    return await _claimed(tx, actor, id, "claimed")
            raise ConflictError("the conversation changes too fast to be claimed", hint="try again")

    async def take_from(self, actor: Actor, id: ConversationId, *, epoch: int) -> Claim:
        """Take a conversation over from its holder: admins only. The other's draft stays with the other."""
        async with writing(self._db, actor, "conversation.take_over", ("conversation", id), Role.ADMIN) as tx:
            seen = await _standing(tx, id)
            if seen.mine(actor):
                return Claim(id, True, seen.holder, seen.epoch)
            if not await _take(tx, actor, id, epoch, _HELD_BY_ANOTHER):
                now = await _standing(tx, id)
                return Claim(id, False, now.holder, now.epoch)
            return await _claimed(tx, actor, id, "taken_over")

    async def release(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        """Put a conversation of mine back among those that wait for a person; `ConflictError` when it isn't mine."""
        async with writing(self._db, actor, "conversation.release", ("conversation", id)) as tx:
            await _let_go(tx, actor, id, epoch, "waiting_since = now()", _MINE)
            return await _ended(tx, actor, id, "released", "conversation.release")

    async def hand_back(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        """Give a conversation of mine back to the AI, which answers if the visitor still waits."""
        async with writing(self._db, actor, "conversation.hand_back", ("conversation", id)) as tx:
            agent_id = await _let_go(tx, actor, id, epoch, f"control = 'ai', {_FRESH}", _MINE)
            if await visitor_waits(tx, id):
                await queue_answer(tx, id, agent_id)
            return await _ended(tx, actor, id, "handed_back", "conversation.hand_back")

    async def resolve(self, actor: Actor, id: ConversationId, *, epoch: int, seen: int | None = None) -> Conversation:
        """Resolve a conversation that I hold or nobody holds; the visitor's next message reopens it with the AI.

        With `seen`, the visitor's last seq that the actor knows of, a newer message refuses it: `ConflictError`.
        """
        async with writing(self._db, actor, "conversation.resolve", ("conversation", id)) as tx:
            changes = f"status = 'resolved', control = 'ai', snoozed_until = NULL, ended_at = now(), {_FRESH}"
            await _let_go(tx, actor, id, epoch, changes, _MINE_OR_FREE)
            await _refuse_unseen(tx, id, seen)
            await cancel_queued(tx, id)
            return await _ended(tx, actor, id, "resolved", "conversation.resolve")

    async def renew(self, actor: Actor) -> int:
        """Renew the leases of all that I hold, by the database's clock; returns how many I still hold."""
        async with self._db.write(actor.workspace_id) as tx:
            result = await tx.rows(
                "UPDATE conversations SET lease_expires_at = now() + make_interval(secs => :lease)"
                " WHERE workspace_id = :ws AND claimed_by_user_id = :me AND lease_expires_at > now()"
                " AND EXISTS (SELECT FROM workspace_users u WHERE u.workspace_id = :ws AND u.user_id = :me"
                " AND u.left_at IS NULL AND u.role <> 'viewer') RETURNING id",
                me=actor.user_id, lease=LEASE_SECONDS,
            )  # fmt: skip
            return len(result)


class _Standing:
    """A conversation's holder and epoch as this transaction sees them; an expired lease is no holder."""

    def __init__(self, row: Any) -> None:
        self.epoch: int = row.epoch
        self.holder = (
            Holder(UserId(row.claimed_by_user_id), sanitise(row.name or ""), row.claimed_at, row.lease_expires_at)
            if row.claimed_by_user_id and row.live
            else None
        )

    def mine(self, actor: Actor) -> bool:
        return self.holder is not None and self.holder.user_id == actor.user_id


async def _standing(tx: ReadTx, id: ConversationId) -> _Standing:
    row = await tx.row(
        "SELECT c.epoch, c.claimed_by_user_id, c.claimed_at, c.lease_expires_at, u.name,"
        " c.lease_expires_at > now() AS live"
        " FROM conversations c LEFT JOIN workspace_users u"
        " ON u.workspace_id = c.workspace_id AND u.user_id = c.claimed_by_user_id"
        " WHERE c.workspace_id = :ws AND c.id = :id",
        id=id,
    )
    if row is None:
        raise no_such_conversation(id)
    return _Standing(row)


def no_such_conversation(id: ConversationId) -> NotFoundError:
    """The same words for a foreign id and a random one."""
    return NotFoundError(f"there is no conversation {id} here", hint="`console conv list` shows them")


async def _take(tx: WriteTx, actor: Actor, id: ConversationId, epoch: int, free: str) -> bool:
    statement = _CLAIM.format(free=free)
    row = await tx.row(statement, id=id, me=actor.user_id, epoch=epoch, lease=LEASE_SECONDS)
    return row is not None


async def _claimed(tx: WriteTx, actor: Actor, id: ConversationId, kind: str) -> Claim:
    await cancel_queued(tx, id)
    await note_event(tx, actor, id, kind)
    standing = await _standing(tx, id)
    await audit.record(tx, actor, f"conversation.{kind}", ("conversation", id))
    return Claim(id, True, standing.holder, standing.epoch)


async def _let_go(tx: WriteTx, actor: Actor, id: ConversationId, epoch: int, changes: str, holder: str) -> Any:
    statement = _LET_GO.format(changes=changes, holder=holder)
    row = await tx.row(statement, id=id, me=actor.user_id, epoch=epoch)
    if row is None:
        raise lost(await _standing(tx, id), actor)
    return row.agent_id


def lost(standing: _Standing, actor: Actor) -> ConflictError:
    """Why a fenced act was refused: somebody else holds it, or it moved on."""
    if standing.holder and not standing.mine(actor):
        return ConflictError(
            f"{standing.holder.name} has held this conversation since {standing.holder.since:%H:%M} UTC",
            hint="an admin may take it over",
        )
    if standing.holder:
        return ConflictError("the conversation changed meanwhile", hint="look at it again, then repeat")
    return ConflictError("you don't hold this conversation", hint="take it over first (console conv claim ID)")


async def _refuse_unseen(tx: WriteTx, id: ConversationId, seen: int | None) -> None:
    last = await tx.scalar("SELECT last_visitor_seq FROM conversations WHERE workspace_id = :ws AND id = :id", id=id)
    if seen is not None and last > seen:
        raise ConflictError("the visitor wrote meanwhile", hint="read it, then resolve again")


async def _ended(tx: WriteTx, actor: Actor, id: ConversationId, kind: str, action: str) -> Conversation:
    await note_event(tx, actor, id, kind)
    conversation = await fetch_conversation(tx, actor, id)
    await audit.record(tx, actor, action, ("conversation", id))
    return conversation


async def standing(tx: ReadTx, id: ConversationId) -> _Standing:
    """Holder and epoch of a conversation; `NotFoundError` when there is none."""
    return await _standing(tx, id)
