"""Review of knowledge gaps: a draft, and one transaction that makes of it a curated answer, or of the gap no question.

Locks are taken in one order: agent, gaps by id, curated answer, audit head.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.engine import Database, WriteTx
from console.domain.actor import Actor, Role
from console.domain.curated import MAX_QUESTION_CHARS, MAX_QUESTIONS, CuratedAnswer, checked_answer
from console.domain.gap import AskedAgain, DraftOrigin, Gap, GapStatus
from console.domain.held import HOLD_SECONDS
from console.errors import ConflictError, RefusedError
from console.ids import AgentId, CuratedId, GapId, new_id
from console.services import audit, gap_rows
from console.services.agent_rows import agent_row, draft_changed
from console.services.asked_again import answered_again, questions_again
from console.services.curated import checked_distinct, curated_row, is_taken, retire, taken
from console.services.curated_rows import embedded_questions, of_gap, spelled, to_curated
from console.services.gap_sorting import chosen, merge, split
from console.services.unit import reading, writing
from console.text import one_line

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

_ACTS = {GapStatus.APPROVED: "approved", GapStatus.DISMISSED: "dismissed"}
_PENDING = {GapStatus.OPEN, GapStatus.DRAFTED}


@dataclass(frozen=True, slots=True)
class Approved:
    """A gap, and the curated answer that came of it: in the agent's draft, until it is published."""

    gap: Gap
    curated: CuratedAnswer


class Review:
    """What is done about gaps: members write drafts, admins decide."""

    def __init__(self, db: Database, embedder: Embedder | None = None) -> None:
        """`embedder` is the packaged one."""
        self._db = db
        self._embedder = embedder

    async def draft(self, actor: Actor, id: GapId, answer: str, *, origin: DraftOrigin = DraftOrigin.PERSON) -> Gap:
        """Keep an answer as the gap's draft.

        Raises `NotFoundError`, `InvalidInputError` for an empty or overlong answer, `ConflictError` when the gap is
        approved, dismissed or merged already.
        """
        text = checked_answer(answer)
        async with writing(self._db, actor, "gap.draft", ("gap", id)) as tx:
            await _pending(tx, id)
            await tx.execute(
                "UPDATE knowledge_gaps SET status = 'drafted', draft_answer = :text, draft_origin = :origin,"
                " drafted_at = coalesce(cast(:back AS timestamptz), now()), updated_at = now()"
                " WHERE workspace_id = :ws AND id = :id",
                id=id, text=text, origin=origin,
            )  # fmt: skip
            tx.hint("gap", id)
            return await gap_rows.gap(tx, id)

    async def draft_from_reply(self, actor: Actor, id: GapId) -> Gap:
        """Make the newest answer of a person in the gap's conversations its draft; `RefusedError` when there is none.

        Raises as `draft` besides.
        """
        async with writing(self._db, actor, "gap.draft", ("gap", id)) as tx:
            await _pending(tx, id)
            replies = await gap_rows.replies(tx, id)
        if not replies:
            raise RefusedError("no person has answered this yet", hint="write the answer yourself")
        return await self.draft(actor, id, replies[0].content, origin=DraftOrigin.REPLY)

    async def approve(
        self, actor: Actor, id: GapId, *, answer: str | None = None, questions: Sequence[str] | None = None
    ) -> Approved:
        """Make a gap's draft, or `answer`, the curated answer to its questions: in the agent's draft, not yet live.

        A question that another curated answer has stays with that one. Raises `ConflictError` when somebody was first,
        or every question is answered already; `RefusedError` without a draft; `InvalidInputError`; `NotFoundError`.
        """
        given = None if answer is None else checked_answer(answer)
        wanted = None if questions is None else checked_distinct(questions)
        async with writing(self._db, actor, "gap.approve", ("gap", id), Role.ADMIN) as tx:
            agent = await agent_row(tx, (await gap_rows.gap(tx, id)).agent_id, lock=True)
            row = await _pending(tx, id)
            text = given or row.draft_answer
            if not text:
                raise RefusedError("there is no draft to approve", hint="write the answer first: console gap draft")
            free = await _free(tx, agent, row, wanted)
            curated_id = CuratedId(await tx.scalar(
                _CURATED, id=new_id(), agent=agent.id, questions=json.dumps(free), answer=text, gap=id,
                me=actor.user_id,
            ))  # fmt: skip
            await _reviewed(tx, actor, id, GapStatus.APPROVED, text)
            await draft_changed(tx, agent)
            tx.hint("curated", curated_id)
            await audit.record(
                tx, actor, "gap.approve", ("gap", id), evidence=[f"curated_answer:{curated_id}"], text=text
            )
            return Approved(await gap_rows.gap(tx, id), to_curated(await curated_row(tx, curated_id)))

    async def dismiss(self, actor: Actor, id: GapId, *, reason: str = "") -> Gap:
        """Say that a gap is none: it never returns, and who asks it again is only counted.

        `ConflictError` when somebody decided before, `NotFoundError`.
        """
        async with writing(self._db, actor, "gap.dismiss", ("gap", id), Role.ADMIN) as tx:
            row = await _pending(tx, id)
            await _reviewed(tx, actor, id, GapStatus.DISMISSED, row.draft_answer)
            await audit.record(tx, actor, "gap.dismiss", ("gap", id), text=one_line(reason, 500))
            return await gap_rows.gap(tx, id)

    async def undo(self, actor: Actor, id: GapId) -> Gap:
        """Take back my approval or dismissal of the last 8 seconds; `ConflictError` later, `NotFoundError`.

        A curated answer that was there before the approval stays as the approval has left it.
        """
        async with writing(self._db, actor, "gap.undo", ("gap", id), Role.ADMIN) as tx:
            agent = await agent_row(tx, (await gap_rows.gap(tx, id)).agent_id, lock=True)
            row = await _locked(tx, id)
            if row.status not in _ACTS or row.reviewed_by_user_id != actor.user_id or row.age > HOLD_SECONDS:
                raise ConflictError(f"only your own decision of the last {HOLD_SECONDS} seconds can be undone")
            curated = await of_gap(tx, id)
            if row.status == GapStatus.APPROVED and curated is not None and curated.created_at == row.reviewed_at:
                await retire(tx, curated.id)
                await draft_changed(tx, agent)
                tx.hint("curated", curated.id)
            await tx.execute(_REOPEN, id=id)
            tx.hint("gap", id)
            await audit.record(tx, actor, "gap.undo", ("gap", id))
            return await gap_rows.gap(tx, id)

    async def ask_again(self, actor: Actor, id: GapId) -> AskedAgain:
        """Put a gap's questions to the agent's draft, as it stands; `NotFoundError`, `RefusedError` if not approved."""
        async with reading(self._db, actor, "gap.read", ("gap", id)) as tx:
            found = await questions_again(tx, id)
        return await answered_again(found, self._embedder)

    async def merge(self, actor: Actor, id: GapId, into: GapId) -> Gap:
        """Make a gap part of another of its agent: what was asked moves, and whoever asks it again is counted there.

        A draft moves along where the other has none. Returns the other. `NotFoundError`; `ConflictError` when the
        first is decided already; `RefusedError` for the gap itself or another agent's.
        """
        async with writing(self._db, actor, "gap.merge", ("gap", id), Role.ADMIN) as tx:
            await merge(tx, id, into, _PENDING)
            await audit.record(tx, actor, "gap.merge", ("gap", id), evidence=[f"gap:{into}"])
            return await gap_rows.gap(tx, into)

    async def split(self, actor: Actor, id: GapId, questions: Sequence[str]) -> Gap:
        """Take questions, with each time they were asked, out of a gap into one of their own, which is returned.

        `NotFoundError`; `InvalidInputError` for a question that is not the gap's; `RefusedError` for all of them.
        """
        async with reading(self._db, actor, "gap.split", ("gap", id), Role.ADMIN) as tx:
            first, _ = (await chosen(tx, id, questions))[0]
        vectors = await embedded_questions([first], self._embedder)
        async with writing(self._db, actor, "gap.split", ("gap", id), Role.ADMIN) as tx:
            made = await split(tx, id, questions, vectors[first])
            await audit.record(tx, actor, "gap.split", ("gap", id), evidence=[f"gap:{made}"])
            return await gap_rows.gap(tx, made)


async def _locked(tx: WriteTx, id: UUID) -> Any:
    row = await tx.row(_LOCKED, id=id)
    if row is None:
        raise gap_rows.no_such_gap(id)
    return row


async def _pending(tx: WriteTx, id: UUID) -> Any:
    """The locked row of a gap that is still to be decided; `ConflictError` says who decided, and when."""
    row = await _locked(tx, id)
    if row.status in _PENDING:
        return row
    found = await gap_rows.gap(tx, id)
    if found.status not in _ACTS:
        raise ConflictError(f"this gap is {found.status}", hint="console gap list")
    who, when = found.reviewer_name or "somebody", found.reviewed_at
    raise ConflictError(
        f"{who} {_ACTS[found.status]} this gap{f' on {when:%d %b at %H:%M} UTC' if when else ''}",
        hint=f"console gap show {id}",
    )


async def _free(tx: WriteTx, agent: Any, row: Any, wanted: Sequence[str] | None) -> list[str]:
    """The questions to answer: of the gap, or those given, but for what another curated answer has."""
    if wanted is None:
        asked = [" ".join(text.split()) for text in [row.question, *await gap_rows.questions(tx, row.id)]]
        short = [text for text in asked if len(text) <= MAX_QUESTION_CHARS and spelled(text)]
        wanted = list({spelled(text): text for text in reversed(short)}.values())[::-1]
        if not wanted:
            raise RefusedError("no question of this gap is short enough to be kept", hint="give one: --question")
        wanted = checked_distinct(wanted[:MAX_QUESTIONS])
    own = await of_gap(tx, row.id)
    others = await taken(tx, AgentId(agent.id), own.id if own else None)
    free = [question for question in wanted if spelled(question) not in others]
    if not free:
        raise is_taken(others[spelled(wanted[0])])
    return free


async def _reviewed(tx: WriteTx, actor: Actor, id: UUID, status: GapStatus, text: str) -> None:
    await tx.execute(
        "UPDATE knowledge_gaps SET status = :status, draft_answer = :text, reviewed_by_user_id = :me,"
        " reviewed_at = coalesce(cast(:back AS timestamptz), now()), updated_at = now()"
        " WHERE workspace_id = :ws AND id = :id",
        id=id, status=status, text=text, me=actor.user_id,
    )  # fmt: skip
    tx.hint("gap", id)


_LOCKED = """
    SELECT id, question, status, draft_answer, reviewed_by_user_id, reviewed_at,
        extract(epoch FROM now() - reviewed_at)::float AS age
    FROM knowledge_gaps WHERE workspace_id = :ws AND id = :id FOR NO KEY UPDATE
"""
_REOPEN = """
    UPDATE knowledge_gaps SET status = CASE draft_answer WHEN '' THEN 'open' ELSE 'drafted' END,
        reviewed_by_user_id = NULL, reviewed_at = NULL, updated_at = now()
    WHERE workspace_id = :ws AND id = :id
"""
# A gap has one curated answer: approved again, after an undo or for other words, it is the same row.
_CURATED = """
    INSERT INTO curated_answers AS old (workspace_id, id, agent_id, questions, answer, origin_gap_id,
        created_by_user_id, created_at, updated_at)
    SELECT :ws, :id, :agent, cast(:questions AS jsonb), :answer, :gap, :me, at, at
    FROM coalesce(cast(:back AS timestamptz), now()) AS at
    ON CONFLICT (workspace_id, origin_gap_id) WHERE origin_gap_id IS NOT NULL DO UPDATE
        SET questions = excluded.questions, answer = excluded.answer, updated_at = excluded.updated_at,
            created_by_user_id = excluded.created_by_user_id, retired_at = NULL,
            created_at = CASE WHEN old.retired_at IS NULL THEN old.created_at ELSE excluded.created_at END
    RETURNING id
"""
