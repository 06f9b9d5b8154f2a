"""Gaps that mean the same become one, and what is not the same becomes its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from console.db.engine import ReadTx, WriteTx
from console.domain.gap import GapStatus
from console.errors import ConflictError, InvalidInputError, RefusedError
from console.ids import new_id
from console.services import gap_rows
from console.services.curated_rows import PACKAGED_MODEL, hashed
from console.text import one_line


async def merge(tx: WriteTx, id: UUID, into: UUID, pending: Collection[GapStatus]) -> None:
    """Move all of a gap into another: what was asked, its draft where the other has none, and what led to it."""
    if id == into:
        raise RefusedError("a gap can't be merged into itself", hint="choose another")
    rows = {row.id: row for row in await tx.rows(_LOCKED, ids=[id, into])}
    for wanted in (id, into):
        if wanted not in rows:
            raise gap_rows.no_such_gap(wanted)
    gone, kept = rows[id], rows[into]
    if gone.agent_id != kept.agent_id:
        raise RefusedError("the two gaps are of different agents", hint="each agent answers for itself")
    if gone.status not in pending or kept.status == GapStatus.MERGED:
        raise ConflictError(
            f"the gap {id if gone.status not in pending else into} is"
            f" {gone.status if gone.status not in pending else kept.status} already",
            hint="console gap list",
        )
    await _move(tx, gone, kept)


async def _move(tx: WriteTx, gone: Any, kept: Any) -> None:
    await tx.execute(
        "UPDATE gap_occurrences SET gap_id = :into WHERE workspace_id = :ws AND gap_id = :id", id=gone.id, into=kept.id
    )
    # What was merged into the first leads straight to the second: no chains.
    await tx.execute(
        "UPDATE knowledge_gaps SET merged_into_gap_id = :into, updated_at = now()"
        " WHERE workspace_id = :ws AND agent_id = :agent AND merged_into_gap_id = :id",
        id=gone.id, into=kept.id, agent=gone.agent_id,
    )  # fmt: skip
    await tx.execute(
        "UPDATE knowledge_gaps SET status = 'merged', merged_into_gap_id = :into, updated_at = now()"
        " WHERE workspace_id = :ws AND id = :id",
        id=gone.id, into=kept.id,
    )  # fmt: skip
    if gone.draft_answer and kept.status == GapStatus.OPEN:
        await tx.execute(_TAKE_DRAFT, id=gone.id, into=kept.id)
    await _recount(tx, [gone.id, kept.id])


async def chosen(tx: ReadTx, id: UUID, questions: Sequence[str]) -> list[tuple[str, bytes]]:
    """These questions as they were asked in a gap, each with the hash that it is stored by; raises as `split`."""
    await gap_rows.gap(tx, id)
    asked = {}
    for text, stored in await gap_rows.question_hashes(tx, id):
        asked[hashed(text)] = asked[hashed(one_line(text, 500))] = (text, stored)
    wanted = [asked.get(hashed(question)) for question in questions]
    found = list(dict.fromkeys(one for one in wanted if one))
    if not found or None in wanted:
        raise InvalidInputError("that was not asked in this gap", hint=f"console gap show {id} lists what was")
    if len(found) == len(set(asked.values())):
        raise RefusedError("that would leave nothing of the gap", hint="leave at least one question in it")
    return found


async def split(tx: WriteTx, id: UUID, questions: Sequence[str], vector: str) -> UUID:
    """Move these questions of a gap into one named by the first: a new one, or the one that was merged into it once.

    `vector` is the first one's embedding. Raises `NotFoundError` for no such gap, `InvalidInputError` for what was not
    asked in it, and `RefusedError` for all of its questions, or when the first names another gap already.
    """
    if not await tx.rows(_LOCKED, ids=[id]):
        raise gap_rows.no_such_gap(id)
    found = await chosen(tx, id, questions)
    (question, first), hashes = found[0], [stored for _, stored in found]
    made: UUID | None = await tx.scalar(
        _MAKE, id=new_id(), old=id, question=question, hash=first, vector=vector, model=PACKAGED_MODEL
    )
    if made is None:
        raise RefusedError("that question names a gap already", hint="take out the others instead")
    await tx.execute(
        "UPDATE gap_occurrences SET gap_id = :made WHERE workspace_id = :ws AND gap_id = :id"
        " AND normalised_hash = ANY (:hashes)",
        id=id, made=made, hashes=hashes,
    )  # fmt: skip
    await _recount(tx, [id, made])
    return made


async def _recount(tx: WriteTx, ids: Sequence[UUID]) -> None:
    await tx.execute(_RECOUNT, ids=list(ids))
    for id in ids:
        tx.hint("gap", id)


_LOCKED = """
    SELECT id, agent_id, status, draft_answer FROM knowledge_gaps WHERE workspace_id = :ws AND id = ANY (:ids)
    ORDER BY id FOR NO KEY UPDATE
"""
_TAKE_DRAFT = """
    UPDATE knowledge_gaps g SET status = 'drafted', draft_answer = o.draft_answer, draft_origin = o.draft_origin,
        drafted_at = o.drafted_at
    FROM knowledge_gaps o WHERE g.workspace_id = :ws AND g.id = :into AND o.workspace_id = :ws AND o.id = :id
"""
_RECOUNT = """
    UPDATE knowledge_gaps g SET occurrences = o.n, first_seen_at = coalesce(o.first, g.first_seen_at),
        last_seen_at = coalesce(o.last, g.last_seen_at), updated_at = now()
    FROM (SELECT k.id, count(s.id) AS n, min(s.created_at) AS first, max(s.created_at) AS last FROM knowledge_gaps k
          LEFT JOIN gap_occurrences s ON s.workspace_id = k.workspace_id AND s.gap_id = k.id
          WHERE k.workspace_id = :ws AND k.id = ANY (:ids) GROUP BY k.id) o
    WHERE g.workspace_id = :ws AND g.id = o.id
"""
_MAKE = """
    INSERT INTO knowledge_gaps (workspace_id, id, agent_id, question, normalised_hash, embedding, model_id, trigger,
                                score, threshold, retrieval)
    SELECT :ws, :id, g.agent_id, :question, :hash, cast(:vector AS halfvec), :model, o.trigger, o.score, o.threshold,
        g.retrieval
    FROM knowledge_gaps g
    JOIN gap_occurrences o ON o.workspace_id = g.workspace_id AND o.gap_id = g.id AND o.normalised_hash = :hash
    WHERE g.workspace_id = :ws AND g.id = :old ORDER BY o.created_at LIMIT 1
    ON CONFLICT (workspace_id, agent_id, normalised_hash) DO UPDATE
        SET status = CASE knowledge_gaps.draft_answer WHEN '' THEN 'open' ELSE 'drafted' END, merged_into_gap_id = NULL
        WHERE knowledge_gaps.merged_into_gap_id = :old
    RETURNING id
"""
