"""What an answer costs its workspace, beside the statement that publishes it."""

from __future__ import annotations

from collections.abc import Mapping

from console.clock import utc_now
from console.db.engine import WriteTx
from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.quota import Quota
from console.domain.run import Answer, AnswerKind
from console.ids import new_id
from console.services.quotas import settle, settling, spend_rest, warn, warn_of
from console.services.run_records import Begun, count_embedding, is_counted, tokens_of

_SAID = "I can't answer more questions here at the moment, so I'm passing you to a person, who will answer you here."
_HANDOFF = """
    INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, agent_id, agent_version_id, conversation_id,
                              run_id, model, domain, occurred_at)
    VALUES (:ws, :id, :key, 'handoffs', :agent, :version, :conversation, :run, :model, :domain, :at)
    ON CONFLICT (workspace_id, idempotency_key) DO NOTHING
"""


def used_up(published: Published, quota: Quota) -> Answer:
    """The handoff where a limit leaves no room for an answer. What the staff is told goes into the trace."""
    told = {
        "metric": quota.metric.value, "period": quota.period.value, "hard": quota.limit.hard,
        "resets_at": quota.window.end.isoformat(),
    }  # fmt: skip
    trace = {"decision": f"the limit of {quota.metric} is reached", "quota": told}
    return Answer(AnswerKind.HANDOFF, _SAID, (), 0.0, published.threshold, HandoffReason.USAGE_LIMIT, trace)


def settles_later(answer: Answer) -> bool:
    """Whether the counters wait for a statement of their own, because a gap is locked before them."""
    return answer.reason == HandoffReason.MISSING_KNOWLEDGE


async def account(tx: WriteTx, begun: Begun, answer: Answer, moved: Mapping[str, int] | None) -> None:
    """Count what the publishing statement left open, and tell owners and admins of a limit that is near.

    `moved` is what that statement returned.
    """
    at = begun.reserved.at if begun.reserved else utc_now()
    tokens = tokens_of(answer)
    if settles_later(answer):
        moved = await settle(tx, begun.run_id, int(is_counted(answer)), settling(begun.reserved, tokens))
    await count_embedding(tx, begun, answer)
    await spend_rest(tx, begun.reserved, tokens)
    if answer.reason is not None:
        await tx.execute(
            _HANDOFF, id=new_id(), key=f"handoff:{begun.run_id}", agent=begun.agent_id,
            version=begun.published.version_id, conversation=begun.conversation_id, run=begun.run_id,
            model=answer.trace.get("model", ""), domain=begun.domain, at=at,
        )  # fmt: skip
    if begun.refused is not None:
        await warn_of(tx, begun.refused)
    await warn(tx, begun.reserved, moved)
