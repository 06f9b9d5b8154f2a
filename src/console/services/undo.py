"""What a resolve, snooze or hand-back was done to, kept with its event, and put back when it is undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from console.db.engine import ReadTx, WriteTx
from console.domain.actor import Actor
from console.domain.held import HOLD_SECONDS
from console.errors import ConflictError
from console.ids import ConversationId
from console.services.events import cancel_queued, queue_answer, visitor_waits
from console.services.standing import LEASE_SECONDS, Standing

_KEPT = (
    "status", "control", "assigned_to_user_id", "waiting_since", "handoff_reason", "snoozed_until", "ended_at",
    "claimed_at", "ai_turns", "supersessions", "last_answered_seq",
)  # fmt: skip
_LAST = """
    SELECT kind, detail FROM conversation_events
    WHERE workspace_id = :ws AND conversation_id = :id AND epoch = :epoch AND actor_user_id = :me
      AND kind IN ('resolved', 'snoozed', 'handed_back') AND created_at > now() - make_interval(secs => :seconds)
"""
_RESTORE = """
    UPDATE conversations SET status = :status, control = :control, assigned_to_user_id = :assigned_to_user_id,
        waiting_since = :waiting_since, handoff_reason = :handoff_reason, snoozed_until = :snoozed_until,
        ended_at = :ended_at, ai_turns = :ai_turns, supersessions = :supersessions,
        last_answered_seq = greatest(last_answered_seq, :last_answered_seq), epoch = epoch + 1, updated_at = now(),
        {holder}
    WHERE workspace_id = :ws AND id = :id AND epoch = :epoch RETURNING epoch
"""
_MINE_AGAIN = (
    "claimed_by_user_id = :me, claimed_at = :claimed_at, lease_expires_at = now() + make_interval(secs => :lease)"
)
_NOBODYS = "claimed_by_user_id = NULL, claimed_at = NULL, lease_expires_at = NULL"


def before(seen: Standing, actor: Actor) -> dict[str, Any]:
    """The event's detail from which the act can be undone."""
    kept = {name: _plain(getattr(seen.row, name)) for name in _KEPT}
    return {"before": kept | {"mine": seen.mine(actor)}}


async def undoable(tx: ReadTx, actor: Actor, id: ConversationId, epoch: int) -> Any:
    """The actor's act that made this epoch, if it can still be undone by the database's clock; else None."""
    # Each such act makes an epoch of its own, so there is one at most.
    return await tx.row(_LAST, id=id, epoch=epoch, me=actor.user_id, seconds=HOLD_SECONDS)


async def restore(tx: WriteTx, actor: Actor, seen: Standing, detail: dict[str, Any]) -> None:
    """Put the conversation back, under a new epoch; the AI begins again where it was its turn."""
    id, kept = ConversationId(seen.row.id), {name: _read(name, value) for name, value in detail["before"].items()}
    mine, claimed_at = kept.pop("mine"), kept.pop("claimed_at")
    if mine:
        held = {"me": actor.user_id, "claimed_at": claimed_at, "lease": LEASE_SECONDS}
    else:
        held = {}
        kept["waiting_since"] = kept["waiting_since"] or _waits(kept, seen)
    statement = _RESTORE.format(holder=_MINE_AGAIN if mine else _NOBODYS)
    if await tx.row(statement, id=id, epoch=seen.epoch, **kept, **held) is None:
        raise ConflictError("the conversation changed meanwhile", hint="look at it again")
    await cancel_queued(tx, id)
    if (kept["status"], kept["control"]) == ("open", "ai") and await visitor_waits(tx, id):
        await queue_answer(tx, id, seen.row.agent_id)


def _waits(kept: dict[str, Any], seen: Standing) -> datetime | None:
    """Since when it waits for a person whose holder was gone before the act."""
    return seen.row.updated_at if (kept["status"], kept["control"]) == ("open", "human") else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "assigned_to_user_id":
        return UUID(value)
    return datetime.fromisoformat(value) if name in _TIMES else value


_TIMES = {"waiting_since", "snoozed_until", "ended_at", "claimed_at"}
