"""A gap's questions, asked again: does what the draft says now answer them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.db.engine import ReadTx
from console.domain.gap import AskedAgain
from console.errors import RefusedError
from console.knowledge.courtesy import courtesy
from console.knowledge.requests import asks_for_person
from console.knowledge.same_question import SAME_ENOUGH, may_be_same
from console.services import gap_rows
from console.services.curated_rows import drafted, embedded_questions, known_vectors, of_gap, spelled
from console.text import one_line

if TYPE_CHECKING:
    from console.ai.embedder import Embedder


@dataclass(frozen=True, slots=True)
class Questions:
    """What was asked, what the draft answers, and which of its answers is meant."""

    asked: Sequence[str]
    answers: Sequence[Mapping[str, Any]]
    wanted: str
    known: Mapping[str, str]
    next_version: int


async def questions_again(tx: ReadTx, id: UUID) -> Questions:
    """What is needed to ask again; `NotFoundError` for no such gap, `RefusedError` where nothing answers it."""
    gap = await gap_rows.gap(tx, id)
    curated = await of_gap(tx, id)
    if curated is None:
        raise RefusedError("this gap has no curated answer", hint="approve it first")
    agent = await tx.row(_AGENT, agent=gap.agent_id)
    live = agent.live if agent else None
    answers = await drafted(tx, gap.agent_id)
    return Questions(
        await gap_rows.questions(tx, id), answers, str(curated.id), await known_vectors(tx, live),
        (agent.number if agent else 0) + 1,
    )  # fmt: skip


async def answered_again(found: Questions, embedder: Embedder | None) -> AskedAgain:
    """Ask as the runtime does; no transaction may be open: a model may have to read."""
    exact = {spelled(q): one["id"] for one in found.answers for q in one["questions"]}
    failed, near = [], []
    for question in found.asked:
        same = exact.get(spelled(question))
        if courtesy(question) or asks_for_person(question) or same not in {None, found.wanted}:
            failed.append(question)
        elif same is None:
            near.append(question)
    failed += await _unlike(near, found, embedder) if near else []
    lines = tuple(one_line(question, 500) for question in failed)
    return AskedAgain(len(found.asked), len(found.asked) - len(failed), lines, found.next_version)


async def _unlike(asked: Sequence[str], found: Questions, embedder: Embedder | None) -> list[str]:
    """Those of the questions that are near enough to none of the wanted answer's."""
    import numpy as np

    kept = [(question, one["id"]) for one in found.answers for question in one["questions"]]
    texts = [question for question in (*asked, *(question for question, _ in kept)) if question not in found.known]
    vectors = dict(found.known) | (await embedded_questions(texts, embedder) if texts else {})
    read = {text: np.fromstring(vector.strip("[]"), np.float32, sep=",") for text, vector in vectors.items()}
    unlike = []
    for question in asked:
        ranked = sorted(kept, key=lambda one: -float(read[question] @ read[one[0]]))
        best = next((one for one in ranked if may_be_same(question, one[0])), None)
        near = best and float(read[question] @ read[best[0]]) >= SAME_ENOUGH and best[1] == found.wanted
        unlike += [] if near else [question]
    return unlike


_AGENT = """
    SELECT a.published_version_id AS live, coalesce(max(v.number), 0) AS number FROM agents a
    LEFT JOIN agent_versions v ON v.workspace_id = a.workspace_id AND v.agent_id = a.id
    WHERE a.workspace_id = :ws AND a.id = :agent GROUP BY 1
"""
