"""Who speaks: claim, take over, release, hand back, resolve, snooze, assign. Each compares holder and epoch, then sets.

Every act that moves control first sends what its holder holds back, under the conversation's row lock.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from console.db.engine import Database, WriteTx
from console.domain.actor import Actor, Role
from console.domain.conversation import Claim, Conversation
from console.domain.notification import NotificationType
from console.errors import ConflictError, InvalidInputError
from console.ids import ConversationId, UserId
from console.services import audit
from console.services.assigning import may_reply
from console.services.conversations import fetch_conversation
from console.services.events import cancel_queued, note_event, queue_answer, visitor_waits
from console.services.held import return_held, send_held
from console.services.notifications import notify
from console.services.standing import LEASE_SECONDS, Standing, locked, lost, standing
from console.services.undo import before, restore, undoable
from console.services.unit import writing

_CLAIM = """
    UPDATE conversations SET control = 'human', status = 'open', claimed_by_user_id = :me, claimed_at = now(),
        lease_expires_at = now() + make_interval(secs => :lease), epoch = epoch + 1,
        snoozed_until = NULL, ended_at = NULL, updated_at = now(),
        assigned_to_user_id = CASE WHEN assigned_to_user_id = :me THEN assigned_to_user_id END
    WHERE workspace_id = :ws AND id = :id AND epoch = :epoch AND {free}
    RETURNING epoch
"""
_FREE = "(claimed_by_user_id IS NULL OR lease_expires_at <= now())"
_HELD_BY_ANOTHER = "claimed_by_user_id <> :me"

_LET_GO = """
    UPDATE conversations SET claimed_by_user_id = NULL, claimed_at = NULL, lease_expires_at = NULL,
        epoch = epoch + 1, updated_at = now(), {changes}
    WHERE workspace_id = :ws AND id = :id AND epoch = :epoch AND {holder}
    RETURNING epoch
"""
# Whoever was claimed without a word has waited all the while.
_WAITS_ON = "waiting_since = coalesce(waiting_since, now())"
_UNASSIGNED = "assigned_to_user_id = NULL"
_RESOLVED = (
    "status = 'resolved', control = 'ai', snoozed_until = NULL, ended_at = coalesce(cast(:back AS timestamptz), now())"
)
# Control stays where it is, and whoever it is for, or else whoever put it aside, finds it again.
_SNOOZED = (
    "status = 'snoozed', snoozed_until = cast(:until AS timestamptz), waiting_since = NULL,"
    " assigned_to_user_id = coalesce(assigned_to_user_id, :me)"
)
_ASSIGNED = (
    "status = 'open', control = 'human', snoozed_until = NULL, ended_at = NULL,"
    f" assigned_to_user_id = cast(:to AS uuid), {_WAITS_ON}"
)
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
            return await _claim(tx, actor, id, epoch)

    async def take_from(self, actor: Actor, id: ConversationId, *, epoch: int) -> Claim:
        """Take a conversation over from its holder: admins only.

        The other's draft stays with the other, and what the other holds back returns to it.
        """
        async with writing(self._db, actor, "conversation.take_over", ("conversation", id), Role.ADMIN) as tx:
            seen = await locked(tx, id)
            if seen.mine(actor):
                return Claim(id, True, seen.holder, seen.epoch)
            if epoch != seen.epoch or seen.row.claimed_by_user_id in (None, actor.user_id):
                return Claim(id, False, seen.holder, seen.epoch)
            await (return_held(tx, id) if seen.holder else _send_held(tx, seen))
            await _take(tx, actor, seen, _HELD_BY_ANOTHER)
            return await _claimed(tx, actor, id, "taken_over")

    async def release(self, actor: Actor, id: ConversationId, *, epoch: int, leaving: bool = False) -> Conversation:
        """Put a conversation of mine back among those that wait for a person; `ConflictError` when it isn't mine.

        With `leaving` its events say that its holder left, not that it was put back.
        """
        async with writing(self._db, actor, "conversation.release", ("conversation", id)) as tx:
            seen = await locked(tx, id)
            await _let_go(tx, actor, seen, epoch, f"{_WAITS_ON}, {_UNASSIGNED}", _MINE)
            return await _ended(tx, actor, id, "left" if leaving else "released")

    async def hand_back(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        """Give a conversation of mine back to the AI, which answers if the visitor still waits."""
        async with writing(self._db, actor, "conversation.hand_back", ("conversation", id)) as tx:
            seen = await locked(tx, id)
            await _let_go(tx, actor, seen, epoch, f"control = 'ai', {_UNASSIGNED}, {_FRESH}", _MINE)
            if await visitor_waits(tx, id):
                await queue_answer(tx, id, seen.row.agent_id)
            return await _ended(tx, actor, id, "handed_back", **before(seen, actor))

    async def resolve(self, actor: Actor, id: ConversationId, *, epoch: int, seen: int | None = None) -> Conversation:
        """Resolve a conversation that I hold or nobody holds; the visitor's next message reopens it with the AI.

        With `seen`, the visitor's last seq that the actor knows of, a newer message refuses it: `ConflictError`.
        """
        async with writing(self._db, actor, "conversation.resolve", ("conversation", id)) as tx:
            now = await locked(tx, id)
            _refuse_unseen(now, seen, "resolve")
            await _let_go(tx, actor, now, epoch, f"{_RESOLVED}, {_UNASSIGNED}, {_FRESH}", _MINE_OR_FREE)
            await cancel_queued(tx, id)
            return await _ended(tx, actor, id, "resolved", **before(now, actor))

    async def snooze(
        self, actor: Actor, id: ConversationId, *, until: datetime | None, epoch: int, seen: int | None = None
    ) -> Conversation:
        """Put a conversation aside until a time, or until the visitor writes.

        It then returns to whom it is assigned, else to the actor.

        Raises `InvalidInputError` for a time that is past or ten years away, `ConflictError` as `resolve` does and for
        a resolved one.
        """
        async with writing(self._db, actor, "conversation.snooze", ("conversation", id)) as tx:
            now = await locked(tx, id)
            await _refuse_until(tx, until)
            _refuse_unseen(now, seen, "snooze")
            if now.row.status == "resolved":
                raise ConflictError("the conversation is resolved", hint="it opens again when the visitor writes")
            await _let_go(tx, actor, now, epoch, _SNOOZED, _MINE_OR_FREE, until=until)
            await cancel_queued(tx, id)
            return await _ended(tx, actor, id, "snoozed", **before(now, actor))

    async def assign(self, actor: Actor, id: ConversationId, to: UserId | None, *, epoch: int) -> Conversation:
        """Give a conversation that nobody else holds to a member, who is told; to me claims it, None queues it.

        Raises `InvalidInputError` for somebody who may not reply, `ConflictError` when another holds it.
        """
        async with writing(self._db, actor, "conversation.assign", ("conversation", id)) as tx:
            if to == actor.user_id:
                if not (await _claim(tx, actor, id, epoch)).claimed:
                    raise lost(await standing(tx, id), actor)
                return await fetch_conversation(tx, actor, id)
            seen = await locked(tx, id)
            name = await may_reply(tx, to) if to is not None else None
            await _let_go(tx, actor, seen, epoch, _ASSIGNED, _MINE_OR_FREE, to=to)
            await cancel_queued(tx, id)
            if to is not None:
                await notify(tx, actor, NotificationType.ASSIGNED, [to], id)
            return await _ended(tx, actor, id, "assigned" if to else "unassigned", reason=name or "")

    async def undo(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        """Take back my resolve, snooze or hand-back; `ConflictError` later than `HOLD_SECONDS` or after a change."""
        async with writing(self._db, actor, "conversation.undo", ("conversation", id)) as tx:
            seen = await locked(tx, id)
            event = await undoable(tx, actor, id, epoch) if epoch == seen.epoch else None
            if event is None:
                raise ConflictError("that can't be undone any more", hint="look at the conversation as it is now")
            await restore(tx, actor, seen, event.detail)
            return await _ended(tx, actor, id, "undone", reason=event.kind)

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


async def _claim(tx: WriteTx, actor: Actor, id: ConversationId, epoch: int | None) -> Claim:
    seen = await locked(tx, id)
    if seen.mine(actor):
        return Claim(id, True, seen.holder, seen.epoch)
    if seen.holder is not None or (epoch is not None and epoch != seen.epoch):
        return Claim(id, False, seen.holder, seen.epoch)
    await _send_held(tx, seen)
    await _take(tx, actor, seen, _FREE)
    return await _claimed(tx, actor, id, "claimed")


async def _take(tx: WriteTx, actor: Actor, seen: Standing, free: str) -> None:
    id, statement = ConversationId(seen.row.id), _CLAIM.format(free=free)
    if await tx.row(statement, id=id, me=actor.user_id, epoch=seen.epoch, lease=LEASE_SECONDS) is None:
        raise ConflictError("the conversation changes too fast to be claimed", hint="try again")


async def _claimed(tx: WriteTx, actor: Actor, id: ConversationId, kind: str) -> Claim:
    await cancel_queued(tx, id)
    await note_event(tx, actor, id, kind)
    now = await standing(tx, id)
    await audit.record(tx, actor, f"conversation.{kind}", ("conversation", id))
    return Claim(id, True, now.holder, now.epoch)


async def _let_go(
    tx: WriteTx, actor: Actor, seen: Standing, epoch: int, changes: str, holder: str, **values: Any
) -> None:
    await _send_held(tx, seen)
    statement = _LET_GO.format(changes=changes, holder=holder)
    if await tx.row(statement, id=seen.row.id, me=actor.user_id, epoch=epoch, **values) is None:
        raise lost(seen, actor)


async def _send_held(tx: WriteTx, seen: Standing) -> None:
    if seen.row.holds_back:
        await send_held(tx, ConversationId(seen.row.id))


def _refuse_unseen(now: Standing, seen: int | None, act: str) -> None:
    if seen is not None and now.row.last_visitor_seq > seen:
        raise ConflictError("the visitor wrote meanwhile", hint=f"read it, then {act} again")


async def _refuse_until(tx: WriteTx, until: datetime | None) -> None:
    if until is None:
        return
    if not await tx.scalar("SELECT cast(:until AS timestamptz) > now()", until=until):
        raise InvalidInputError("that time is past", hint="snooze until a time to come")
    if await tx.scalar("SELECT cast(:until AS timestamptz) > now() + interval '10 years'", until=until):
        raise InvalidInputError("that is more than ten years away", hint="resolve it instead")


_ACTIONS = {
    "released": "conversation.release",
    "left": "conversation.release",
    "handed_back": "conversation.hand_back",
    "resolved": "conversation.resolve",
    "snoozed": "conversation.snooze",
    "assigned": "conversation.assign",
    "unassigned": "conversation.assign",
    "undone": "conversation.undo",
}


async def _ended(tx: WriteTx, actor: Actor, id: ConversationId, kind: str, **detail: Any) -> Conversation:
    await note_event(tx, actor, id, kind, **detail)
    conversation = await fetch_conversation(tx, actor, id)
    await audit.record(tx, actor, _ACTIONS[kind], ("conversation", id))
    return conversation
