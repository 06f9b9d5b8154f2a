"""An answer in hand is published behind the fence, with all that it leaves behind, or kept as overtaken."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from console.db.engine import Database, WriteTx
from console.domain.actor import System
from console.domain.conversation import HandoffReason
from console.domain.run import Answer, RunState
from console.services import gaps
from console.services.answer_usage import account, settles_later
from console.services.content import snippet
from console.services.curated_rows import count_hit
from console.services.events import note_event, queue_answer
from console.services.quotas import reached, settling, warn
from console.services.run_records import (
    AS_ANSWERED,
    Begun,
    answered,
    citation_json,
    finish,
    is_counted,
    occurrence,
    settled,
    tokens_of,
)

_STATES = {HandoffReason.TOOL_FAILURE: RunState.FAILED, HandoffReason.USAGE_LIMIT: RunState.REFUSED}
_UNASKED = {
    HandoffReason.CUSTOMER_REQUEST, HandoffReason.TOOL_FAILURE, HandoffReason.POLICY_RESTRICTION,
    HandoffReason.USAGE_LIMIT,
}  # fmt: skip
"""Where an answer was no matter of knowing, it shows no confidence."""

# The fence, the run's end and its quotas: one statement at READ COMMITTED, in sql/0130_answers.sql.
_PUBLISH = f"SELECT publish_answer(:ws, {AS_ANSWERED})"
_SUPERSEDED = """
    UPDATE conversations SET supersessions = supersessions + 1
    WHERE workspace_id = :ws AND id = :id AND control = 'ai' AND epoch = :epoch
    RETURNING last_visitor_seq > :seq
"""


async def publish(db: Database, begun: Begun, answer: Answer, ms: int) -> RunState:
    """Publish, close the run and settle its quotas, or keep the answer as superseded where the fence refuses it.

    `LostLeaseError` when another worker has taken the run.
    """
    if _stands_alone(begun, answer):
        return await _publish_alone(db, begun, answer, ms)
    async with db.write(begun.workspace_id) as tx:
        moved = await settled(tx.scalar(_PUBLISH, answered=_said(begun, answer, ms)))
        if moved is None:
            return await _supersede(tx, begun, answer, ms)
        tx.hint("conversation", begun.conversation_id)
        await _leave_behind(tx, begun, answer)
        await account(tx, begun, answer, moved)
        return _state(answer)


def _stands_alone(begun: Begun, answer: Answer) -> bool:
    """Whether all that an answer leaves behind is within the publishing statement."""
    tokens = tokens_of(answer)
    return (
        settling(begun.reserved, tokens) == tokens
        and answer.reason is None
        and begun.refused is None
        and not answer.trace.keys() & {"curated", "embedded"}
    )


async def _publish_alone(db: Database, begun: Begun, answer: Answer, ms: int) -> RunState:
    """In one round trip: the conversation is locked no longer than the server takes."""
    result = await settled(db.write_once(begun.workspace_id, _PUBLISH, answered=_said(begun, answer, ms)))
    moved = result.rows[0][0]
    if moved is None:
        async with db.write(begun.workspace_id) as tx:
            return await _supersede(tx, begun, answer, ms)
    db.hint(begun.workspace_id, "conversation", begun.conversation_id)
    if reached(begun.reserved, moved):
        # Whatever keeps this from being told: the next answer in the window tells it.
        async with db.write(begun.workspace_id) as tx:
            await warn(tx, begun.reserved, moved)
    return _state(answer)


async def _supersede(tx: WriteTx, begun: Begun, answer: Answer, ms: int) -> RunState:
    tx.hint("conversation", begun.conversation_id)
    typing = await tx.scalar(_SUPERSEDED, id=begun.conversation_id, epoch=begun.epoch, seq=begun.visitor_seq)
    if typing:
        await queue_answer(tx, begun.conversation_id, begun.agent_id)
    await finish(tx, begun, answer, RunState.SUPERSEDED, ms)
    return RunState.SUPERSEDED


async def _leave_behind(tx: WriteTx, begun: Begun, answer: Answer) -> None:
    if answer.reason is not None:
        note = answer.trace.get("quota", {})
        system = System(begun.workspace_id)
        await note_event(tx, system, begun.conversation_id, "handed_off", reason=answer.reason, **note)
    if answer.reason == HandoffReason.MISSING_KNOWLEDGE:
        await gaps.record(tx, occurrence(begun, answer))
    for id in answer.trace.get("curated", {}).get("ids", ()):
        await count_hit(tx, UUID(id))


def _said(begun: Begun, answer: Answer, ms: int) -> str:
    said: dict[str, Any] = {
        "epoch": begun.epoch, "seq": begun.visitor_seq, "snippet": snippet(answer.content), "reason": answer.reason,
        "confidence": None if answer.reason in _UNASKED else answer.confidence,
        "citations": [citation_json(item) for item in answer.citations], "counts": is_counted(answer),
        "settles": not settles_later(answer),
    }  # fmt: skip
    return answered(begun, answer, _state(answer), ms, **said)


def _state(answer: Answer) -> RunState:
    return RunState.COMPLETE if answer.reason is None else _STATES.get(HandoffReason(answer.reason), RunState.COMPLETE)
