"""What a finished answer leaves behind: the run's result and trace, its usage, its gap."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from console.clock import utc_now
from console.db.engine import WriteTx
from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.gap import GapTrigger
from console.domain.quota import Quota
from console.domain.run import Answer, RunState, Turn
from console.ids import AgentId, ConversationId, RunId, WorkspaceId, new_id
from console.services import gaps, quota_sql
from console.services.quotas import Reserved, spend_rest


@dataclass(frozen=True, slots=True)
class Begun:
    """A run in hand: what it was begun with, and the fence that its publish must pass."""

    workspace_id: WorkspaceId
    run_id: RunId
    conversation_id: ConversationId
    agent_id: AgentId
    token: UUID
    epoch: int
    visitor_seq: int
    domain: str
    turns: tuple[Turn, ...]
    published: Published
    exhausted: bool
    ai_turns: int = 0
    reserved: Reserved | None = None
    refused: Quota | None = None


async def finish(tx: WriteTx, begun: Begun, answer: Answer, state: RunState, ms: int) -> None:
    """Close a run that published nothing, with its result and trace.

    `LostLeaseError` when another worker has taken it.
    """
    statement = f"WITH {FINISHED.format(when='')}, {SETTLED} SELECT run_id FROM finished"  # noqa: S608 - a constant
    if await tx.scalar(statement, now=utc_now(), **finishing(begun, answer, state, ms, counts=False)) is None:
        raise LostLeaseError
    await spend_rest(tx, begun.reserved, tokens_of(answer))


def is_counted(answer: Answer) -> bool:
    """Whether an answer counts: it was said, or a model or a search was asked in vain; a failure does not."""
    if answer.reason == HandoffReason.POLICY_RESTRICTION:
        return "model_ms" in answer.trace
    return answer.reason in {None, HandoffReason.MISSING_KNOWLEDGE, HandoffReason.UNSUPPORTED_REQUEST}


def tokens_of(answer: Answer) -> int:
    """What a model read and wrote for an answer."""
    return int(answer.trace.get("tokens_in", 0)) + int(answer.trace.get("tokens_out", 0))


def finishing(begun: Begun, answer: Answer, state: RunState, ms: int, *, counts: bool) -> dict[str, Any]:
    """The values of `FINISHED`; `counts` when it was an answer, to be counted once however often it is finished."""
    trace, steps = answer.trace, _steps(answer, state)
    return {
        "run": begun.run_id, "token": begun.token, "state": state, "ms": ms,
        "text": "" if answer.reason else answer.content, "output": json.dumps(_output(answer)),
        "success": state is RunState.COMPLETE, "error": trace.get("error", ""), "length": len(answer.content),
        "model": trace.get("model", ""), "results": len(trace.get("passages", [])),
        "types": [kind for kind, _ in steps], "data": [json.dumps(data) for _, data in steps],
        "cost": trace.get("cost_usd", 0.0), "took": trace.get("model_ms"),
        "counts": counts, "usage": new_id(), "key": f"answer:{begun.run_id}", "agent": begun.agent_id,
        "version": begun.published.version_id, "id": begun.conversation_id, "domain": begun.domain,
        "tin": trace.get("tokens_in", 0), "tout": trace.get("tokens_out", 0),
        "at": begun.reserved.at if begun.reserved else None,
        "answers": int(counts), "tokens": tokens_of(answer),
    }  # fmt: skip


FINISHED = """
    finished AS (
        UPDATE runs SET state = :state, finished_at = now(), duration_ms = :ms, output_text = :text,
            output = cast(:output AS jsonb), success = :success, error = :error, response_length = :length,
            model = :model, searches = 1, results = :results, iterations = 1,
            tokens_in = :tin, tokens_out = :tout, cost_usd = :cost
        WHERE workspace_id = :ws AND id = :run AND state = 'running' AND lease_token = :token {when}
        RETURNING id AS run_id),
    told AS (
        INSERT INTO run_events (workspace_id, run_id, ordinal, type, data, duration_ms, model, tokens_in, tokens_out)
        SELECT :ws, run_id, step.place + (SELECT coalesce(max(ordinal), 0) FROM run_events
                                          WHERE workspace_id = :ws AND run_id = :run), type, cast(step.data AS jsonb),
            CASE type WHEN 'llm_call' THEN cast(:took AS integer) END,
            CASE type WHEN 'llm_call' THEN :model ELSE '' END,
            CASE type WHEN 'llm_call' THEN :tin ELSE 0 END, CASE type WHEN 'llm_call' THEN :tout ELSE 0 END
        FROM finished,
            unnest(cast(:types AS text[]), cast(:data AS text[])) WITH ORDINALITY AS step (type, data, place)),
    counted AS (
        INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, agent_id, agent_version_id,
            conversation_id, run_id, model, domain, tokens_in, tokens_out, cost_usd, duration_ms, occurred_at)
        SELECT :ws, :usage, :key, CASE WHEN :counts THEN 'answers' ELSE 'discarded_answers' END, :agent, :version, :id,
            run_id, :model, :domain, :tin, :tout, :cost, :ms, coalesce(cast(:at AS timestamptz), :now)
        FROM finished WHERE :counts OR :tin + :tout > 0
        ON CONFLICT (workspace_id, idempotency_key) DO NOTHING)
"""
"""Closes the run, with its trace and its usage, as parts of a statement: every round trip holds the conversation."""


SETTLED = quota_sql.SETTLED.format(when="AND EXISTS (SELECT FROM finished)")
"""Settles what the run has set aside; stands after `FINISHED`, and does nothing where that closed no run."""


class LostLeaseError(Exception):
    """Another worker took the run meanwhile; what this one did is rolled back."""


def _steps(answer: Answer, state: RunState) -> list[tuple[str, dict[str, Any]]]:
    looked = {"question": answer.trace.get("question", ""), "results": len(answer.trace.get("passages", []))}
    if "curated" in answer.trace:
        looked["curated"] = answer.trace["curated"]
    steps: list[tuple[str, dict[str, Any]]] = [
        ("retrieval", looked),
        ("decision", {"kind": answer.kind, "confidence": answer.confidence, "reason": answer.reason, "state": state}),
    ]
    if "model_ms" in answer.trace:
        called = {name: answer.trace.get(name) for name in ("verdict", "cited", "not_given", "priced", "cost_usd")}
        steps.insert(1, ("llm_call", called))
    if "error" in answer.trace:
        steps.append(("error", {"error": answer.trace["error"]}))
    return steps


def occurrence(begun: Begun, answer: Answer) -> gaps.Occurrence:
    """The question as an occurrence of a gap."""
    trace = answer.trace
    return gaps.Occurrence(
        agent_id=begun.agent_id,
        conversation_id=begun.conversation_id,
        seq=begun.visitor_seq,
        run_id=begun.run_id,
        question=begun.turns[-1].content,
        normalised=trace["normalised"],
        embedding=trace["embedding"],
        trigger=GapTrigger.LOW_CONFIDENCE if trace.get("passages") else GapTrigger.NO_HIT,
        score=answer.confidence,
        threshold=answer.threshold,
        retrieval=[{"chunk_id": p.get("chunk_id"), "score": p.get("score")} for p in trace.get("passages", [])],
    )


def _output(answer: Answer) -> dict[str, Any]:
    kept = {name: value for name, value in answer.trace.items() if name != "embedding"}
    return kept | {
        "kind": answer.kind,
        "confidence": answer.confidence,
        "threshold": answer.threshold,
        "reason": answer.reason,
    }


def citation_json(item: Any) -> dict[str, Any]:
    """A citation as the message keeps it."""
    chunk_id = str(item.chunk_id) if item.chunk_id else None
    return {"title": item.title, "uri": item.uri, "quote": item.quote, "chunk_id": chunk_id}
