"""What a finished answer leaves behind: the run's result and trace, its usage, its gap."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from console.db.engine import WriteTx
from console.domain.agent import Published
from console.domain.gap import GapTrigger
from console.domain.run import Answer, RunState, Turn
from console.ids import AgentId, ConversationId, RunId, WorkspaceId, new_id
from console.services import gaps


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


async def finish(tx: WriteTx, begun: Begun, answer: Answer, state: RunState, ms: int) -> None:
    """Close the run with its result and trace; `LostLeaseError` when another worker has taken it."""
    done = await tx.scalar(
        "UPDATE runs SET state = :state, finished_at = now(), duration_ms = :ms, output_text = :text,"
        " output = cast(:output AS jsonb), success = :success, error = :error, response_length = :length,"
        " model = :model, searches = 1, results = :results, iterations = 1"
        " WHERE workspace_id = :ws AND id = :id AND state = 'running' AND lease_token = :token RETURNING id",
        id=begun.run_id, token=begun.token, state=state, ms=ms, text="" if answer.reason else answer.content,
        output=json.dumps(_output(answer)), success=state is RunState.COMPLETE, error=answer.trace.get("error", ""),
        length=len(answer.content), model=answer.trace.get("model", ""), results=len(answer.trace.get("passages", [])),
    )  # fmt: skip
    if done is None:
        raise LostLeaseError
    await _trace_events(tx, begun, answer, state)


class LostLeaseError(Exception):
    """Another worker took the run meanwhile; what this one did is rolled back."""


async def _trace_events(tx: WriteTx, begun: Begun, answer: Answer, state: RunState) -> None:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("retrieval", {"question": answer.trace.get("question", ""), "results": len(answer.trace.get("passages", []))}),
        ("decision", {"kind": answer.kind, "confidence": answer.confidence, "reason": answer.reason, "state": state}),
    ]
    if "error" in answer.trace:
        steps.append(("error", {"error": answer.trace["error"]}))
    first: int = await tx.scalar(
        "SELECT coalesce(max(ordinal), 0) FROM run_events WHERE workspace_id = :ws AND run_id = :id", id=begun.run_id
    )
    for ordinal, (kind, data) in enumerate(steps, first + 1):
        await tx.execute(
            "INSERT INTO run_events (workspace_id, run_id, ordinal, type, data)"
            " VALUES (:ws, :id, :ordinal, :type, cast(:data AS jsonb))",
            id=begun.run_id, ordinal=ordinal, type=kind, data=json.dumps(data),
        )  # fmt: skip


async def count(tx: WriteTx, begun: Begun, answer: Answer, ms: int) -> None:
    """Count the answer once, however often its run is finished."""
    await tx.execute(
        "INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, agent_id, agent_version_id,"
        " conversation_id, run_id, model, domain, tokens_in, tokens_out, duration_ms)"
        " VALUES (:ws, :id, :key, 'answers', :agent, :version, :conversation, :run, :model, :domain, :tin, :tout, :ms)"
        " ON CONFLICT (workspace_id, idempotency_key) DO NOTHING",
        id=new_id(), key=f"answer:{begun.run_id}", agent=begun.agent_id, version=begun.published.version_id,
        conversation=begun.conversation_id, run=begun.run_id, model=answer.trace.get("model", ""), domain=begun.domain,
        tin=answer.trace.get("tokens_in", 0), tout=answer.trace.get("tokens_out", 0), ms=ms,
    )  # fmt: skip


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
