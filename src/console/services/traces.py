"""Why the assistant said this: the trace kept with each run."""

from __future__ import annotations

from typing import Any

from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.run import AnswerKind, RunState, Trace, TracePassage
from console.errors import NotFoundError
from console.ids import ConversationId, RunId
from console.services.unit import reading
from console.text import one_line, sanitise

_TRACE = """
    SELECT r.*, v.number AS agent_version FROM messages m
    JOIN runs r ON r.workspace_id = m.workspace_id AND r.id = m.run_id
    LEFT JOIN agent_versions v ON v.workspace_id = r.workspace_id AND v.id = r.agent_version_id
    WHERE m.workspace_id = :ws AND m.conversation_id = :id AND m.seq = :seq
"""


class Traces:
    """Traces of the runs behind messages."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of_message(self, actor: Actor, id: ConversationId, seq: int) -> Trace:
        """The trace of the run that wrote this message; `NotFoundError` when no run did."""
        async with reading(self._db, actor, "conversation.read", ("conversation", id)) as tx:
            row = await tx.row(_TRACE, id=id, seq=seq)
            if row is None:
                raise NotFoundError("no run stands behind this message", hint="choose an answer of the assistant")
            return _trace(id, row)


def _trace(id: ConversationId, row: Any) -> Trace:
    output = row.output
    kind = output.get("kind")
    return Trace(
        run_id=RunId(row.id),
        conversation_id=id,
        state=RunState(row.state),
        kind=AnswerKind(kind) if kind else None,
        agent_version=row.agent_version,
        model=one_line(row.model),
        question=sanitise(str(output.get("question", ""))),
        confidence=output.get("confidence"),
        threshold=output.get("threshold"),
        duration_ms=row.duration_ms,
        passages=tuple(_passage(item) for item in output.get("passages", [])),
        error=one_line(row.error),
        matched=one_line(str(output.get("curated", {}).get("question", "")), 500),
        similarity=output.get("curated", {}).get("similarity"),
    )


def _passage(item: dict[str, Any]) -> TracePassage:
    return TracePassage(
        title=one_line(str(item.get("title", ""))),
        uri=one_line(str(item.get("uri", "")), 500),
        heading=one_line(str(item.get("heading", ""))),
        text=sanitise(str(item.get("text", ""))),
        dense_rank=item.get("dense_rank"),
        text_rank=item.get("text_rank"),
        score=float(item.get("score", 0.0)),
        quoted=bool(item.get("quoted")),
    )
