"""Curated answers of an agent's draft: admins write them, and visitors meet them after a publish."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.actor import Actor, Role
from console.domain.curated import CuratedAnswer, checked_answer, checked_questions
from console.errors import ConflictError, InvalidInputError, NotFoundError
from console.ids import AgentId, CuratedId, new_id, parse_beginning
from console.knowledge.invisible import visible
from console.services import audit
from console.services.agent_rows import agent_id, agent_row, draft_changed
from console.services.curated_rows import SELECT, spelled, to_curated
from console.services.unit import reading, writing
from console.text import one_line


class Curated:
    """What an admin answered once: everybody reads it, admins change it; each change is one of the agent's draft."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def list(self, actor: Actor, agent: str | None = None) -> tuple[CuratedAnswer, ...]:
        """Those of an agent (a slug or id), or of all agents, newest first; `NotFoundError` for an unknown agent."""
        async with reading(self._db, actor, "curated.list", ("agent", None)) as tx:
            wanted = await agent_id(tx, agent) if agent else None
            where = "AND k.retired_at IS NULL" + " AND k.agent_id = :agent" * bool(wanted)
            rows = await tx.rows(f"{SELECT} {where} ORDER BY k.id DESC", **({"agent": wanted} if wanted else {}))
            return tuple(map(to_curated, rows))

    async def get(self, actor: Actor, id: CuratedId) -> CuratedAnswer:
        """One that is not retired; `NotFoundError` when there is none."""
        async with reading(self._db, actor, "curated.read", ("curated_answer", id)) as tx:
            return to_curated(await curated_row(tx, id))

    async def find(self, actor: Actor, text: str) -> CuratedId:
        """The id that this stands for: a whole one as it is, else the one curated answer that begins so.

        Raises `InvalidInputError` for what is no id or stands for several, `NotFoundError` when it stands for none.
        """
        first, last = parse_beginning(text, "curated answer")
        if first == last:
            return CuratedId(first)
        found = [one.id for one in await self.list(actor) if first <= one.id <= last]
        if not found:
            raise NotFoundError(f"no curated answer here begins with {text[:40]}", hint="console curated list")
        if len(found) > 1:
            raise InvalidInputError(f"several curated answers begin with {text[:40]}", hint="give more of it")
        return found[0]

    async def create(self, actor: Actor, agent: str, questions: Sequence[str], answer: str) -> CuratedAnswer:
        """Answer these questions of an agent (a slug or id) so, from the next publish on.

        Raises `InvalidInputError` for questions or an answer that can't be, `ConflictError` when another curated
        answer has one of the questions, `NotFoundError` for an unknown agent.
        """
        distinct, answer = checked_distinct(questions), checked_answer(answer)
        async with writing(self._db, actor, "curated.create", ("curated_answer", None), Role.ADMIN) as tx:
            row = await agent_row(tx, agent, lock=True)
            await _refuse_taken(tx, AgentId(row.id), distinct, None)
            id = CuratedId(new_id())
            await tx.execute(
                "INSERT INTO curated_answers (workspace_id, id, agent_id, questions, answer, created_by_user_id)"
                " VALUES (:ws, :id, :agent, cast(:questions AS jsonb), :answer, :me)",
                id=id, agent=row.id, questions=json.dumps(distinct), answer=answer, me=actor.user_id,
            )  # fmt: skip
            return await _changed(tx, actor, row, id, "curated.create")

    async def edit(
        self, actor: Actor, id: CuratedId, *, questions: Sequence[str] | None = None, answer: str | None = None
    ) -> CuratedAnswer:
        """Change its questions, its answer, or both; raises as `create`, and `NotFoundError` when it is retired."""
        distinct = None if questions is None else checked_distinct(questions)
        text = None if answer is None else checked_answer(answer)
        async with writing(self._db, actor, "curated.edit", ("curated_answer", id), Role.ADMIN) as tx:
            row = await _agent_of(tx, id)
            if distinct is not None:
                await _refuse_taken(tx, AgentId(row.id), distinct, id)
            await tx.execute(_REWORD, id=id, text=text)
            await tx.execute(
                "UPDATE curated_answers SET questions = coalesce(cast(:questions AS jsonb), questions),"
                " answer = coalesce(:answer, answer), updated_at = now() WHERE workspace_id = :ws AND id = :id",
                id=id, questions=None if distinct is None else json.dumps(distinct), answer=text,
            )  # fmt: skip
            return await _changed(tx, actor, row, id, "curated.edit")

    async def retire(self, actor: Actor, id: CuratedId) -> CuratedAnswer:
        """Take it out of the draft; a gap that it answered waits again. `NotFoundError` when there is none."""
        async with writing(self._db, actor, "curated.retire", ("curated_answer", id), Role.ADMIN) as tx:
            row = await _agent_of(tx, id)
            before = to_curated(await curated_row(tx, id))
            if before.gap_id:
                await tx.execute(_REOPEN, id=before.gap_id)
                tx.hint("gap", before.gap_id)
            await retire(tx, id)
            await draft_changed(tx, row)
            tx.hint("curated", id)
            await audit.record(tx, actor, "curated.retire", ("curated_answer", id))
            return before


def checked_distinct(questions: Sequence[str]) -> list[str]:
    """Each of them once by its one spelling, without what nobody sees; `InvalidInputError` as `checked_questions`."""
    checked_questions(questions)  # as they were given
    distinct = {spelled(line): line for line in reversed(checked_questions([visible(text) for text in questions]))}
    if "" in distinct:
        raise InvalidInputError(f"the question {one_line(distinct[''], 40)!r} holds no words")
    return list(distinct.values())[::-1]


async def taken(tx: ReadTx, agent_id: AgentId, but: UUID | None) -> dict[str, tuple[UUID, str]]:
    """The normalised questions of an agent's curated answers, but one's, each with the answer's id and its words."""
    rows = await tx.rows(
        "SELECT id, questions FROM curated_answers WHERE workspace_id = :ws AND agent_id = :agent"
        " AND retired_at IS NULL AND id IS DISTINCT FROM cast(:but AS uuid)",
        agent=agent_id, but=but,
    )  # fmt: skip
    return {spelled(question): (row.id, question) for row in rows for question in row.questions}


async def retire(tx: WriteTx, id: UUID) -> None:
    """Take a curated answer out of the draft of its agent, whose row is locked."""
    await tx.execute(
        "UPDATE curated_answers SET retired_at = now(), updated_at = now() WHERE workspace_id = :ws AND id = :id", id=id
    )


def is_taken(other: tuple[UUID, str]) -> ConflictError:
    """The error for a question that another curated answer has."""
    id, question = other
    return ConflictError(
        f"{one_line(question, 80)!r} is answered already, by the curated answer {id}",
        hint=f"console curated show {id}",
    )


async def _refuse_taken(tx: ReadTx, agent_id: AgentId, questions: Sequence[str], but: UUID | None) -> None:
    others = await taken(tx, agent_id, but)
    for question in questions:
        if other := others.get(spelled(question)):
            raise is_taken(other)


async def _agent_of(tx: WriteTx, id: CuratedId) -> Any:
    """The locked row of the agent whose curated answer this is: the lock that orders all changes of them."""
    row = await agent_row(tx, AgentId((await curated_row(tx, id)).agent_id), lock=True)
    await curated_row(tx, id)  # Retired while this waited?
    return row


async def _changed(tx: WriteTx, actor: Actor, agent: Any, id: CuratedId, action: str) -> CuratedAnswer:
    await draft_changed(tx, agent)
    tx.hint("curated", id)
    made = to_curated(await curated_row(tx, id))
    await audit.record(tx, actor, action, ("curated_answer", id), text=made.answer)
    return made


async def curated_row(tx: ReadTx, id: UUID) -> Any:
    """The row of one that is not retired; `NotFoundError` when there is none."""
    row = await tx.row(f"{SELECT} AND k.retired_at IS NULL AND k.id = :id", id=id)
    if row is None:
        raise NotFoundError(f"there is no curated answer {id} here", hint="`console curated list` shows them")
    return row


# The gap has the words that its draft is to begin with, should it ever wait again.
_REWORD = """
    UPDATE knowledge_gaps SET draft_answer = coalesce(:text, draft_answer), updated_at = now()
    WHERE workspace_id = :ws AND status = 'approved'
      AND id = (SELECT origin_gap_id FROM curated_answers WHERE workspace_id = :ws AND id = :id)
"""
_REOPEN = """
    UPDATE knowledge_gaps SET status = 'drafted', reviewed_by_user_id = NULL, reviewed_at = NULL, updated_at = now()
    WHERE workspace_id = :ws AND id = :id AND status = 'approved'
"""
