"""What a finished answer leaves behind: the run's result and trace, its usage, its gap."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import psycopg

from console.clock import utc_now
from console.db.engine import WriteTx
from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.gap import GapTrigger
from console.domain.quota import Quota
from console.domain.run import Answer, RunState, Turn
from console.ids import AgentId, ConversationId, RunId, WorkspaceId, new_id
from console.services import gaps
from console.services.embedding_usage import add_embeddings
from console.services.quotas import Reserved, settling, spend_rest


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
    await settled(tx.scalar(_FINISH, answered=answered(begun, answer, state, ms)))
    await count_embedding(tx, begun, answer)
    await spend_rest(tx, begun.reserved, tokens_of(answer))


def is_counted(answer: Answer) -> bool:
    """Whether an answer counts: it was said, or a model or a search was asked in vain; a failure does not."""
    if answer.reason == HandoffReason.POLICY_RESTRICTION:
        return "model_ms" in answer.trace
    return answer.reason in {None, HandoffReason.MISSING_KNOWLEDGE, HandoffReason.UNSUPPORTED_REQUEST}


def tokens_of(answer: Answer) -> int:
    """What models read and wrote for an answer, an endpoint's embedding of the question included."""
    embedded = (answer.trace.get("embedded") or {}).get("tokens", 0)
    return int(answer.trace.get("tokens_in", 0)) + int(answer.trace.get("tokens_out", 0)) + int(embedded)


async def count_embedding(tx: WriteTx, begun: Begun, answer: Answer) -> None:
    """Add the event of what an endpoint read to embed the question, under the run's key."""
    if used := answer.trace.get("embedded"):
        await add_embeddings(
            tx, begun.run_id, used, begun.reserved.at if begun.reserved else utc_now(), agent=begun.agent_id,
            version=begun.published.version_id, conversation=begun.conversation_id, run=begun.run_id,
            domain=begun.domain,
        )  # fmt: skip


def answered(begun: Begun, answer: Answer, state: RunState, ms: int, **more: Any) -> str:
    """The run's end as the functions of the database take it: JSON of their type `answered`.

    `more` is what a publish adds; without it nothing was said, and it counts as discarded.
    """
    trace = answer.trace
    return orjson.dumps({
        "run": begun.run_id, "token": begun.token, "conversation": begun.conversation_id, "at": utc_now(),
        "agent": begun.agent_id, "version": begun.published.version_id, "domain": begun.domain,
        "content": answer.content, "state": state, "success": state is RunState.COMPLETE, "ms": ms,
        "error": trace.get("error", ""), "output_text": "" if answer.reason else answer.content,
        "output": _output(answer), "results": len(trace.get("passages", [])), "steps": _steps(answer, state),
        "took": trace.get("model_ms"), "model": trace.get("model", ""), "tokens_in": trace.get("tokens_in", 0),
        "tokens_out": trace.get("tokens_out", 0), "cost": trace.get("cost_usd", 0.0), "counts": False,
        "usage": new_id(), "counted_at": begun.reserved.at if begun.reserved else None, "settles": True,
        "tokens": settling(begun.reserved, tokens_of(answer)), **more,
    }, default=str).decode()  # fmt: skip


async def settled(ending: Awaitable[Any]) -> Any:
    """What one of those functions returns; `LostLeaseError` when another worker has taken the run."""
    try:
        return await ending
    except psycopg.errors.NoDataFound:
        raise LostLeaseError from None


AS_ANSWERED = "jsonb_populate_record(NULL::answered, cast(:answered AS jsonb))"
_FINISH = f"SELECT finish_answer(:ws, {AS_ANSWERED})"


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
        seq=_seq_of(begun, trace),
        run_id=begun.run_id,
        question=trace.get("own") or begun.turns[-1].content,
        normalised=trace["normalised"],
        embedding=trace["embedding"],
        trigger=GapTrigger.LOW_CONFIDENCE if trace.get("passages") else GapTrigger.NO_HIT,
        score=answer.confidence,
        threshold=answer.threshold,
        retrieval=[{"chunk_id": p.get("chunk_id"), "score": p.get("score")} for p in trace.get("passages", [])],
    )


def _seq_of(begun: Begun, trace: Mapping[str, Any]) -> int:
    """Of the message that asked what was looked up: the visitor may have said more after it."""
    asked = (one["seq"] for one in trace.get("asked", ()) if one["question"] == trace["own"])
    return next(asked, 0) or begun.visitor_seq


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
