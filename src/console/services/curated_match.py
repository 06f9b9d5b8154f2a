"""Which curated answer of a published version answers a question: by its words, else by its meaning; rather none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from console.db.engine import Database
from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.curated import CuratedHit
from console.domain.run import Answer
from console.ids import WorkspaceId
from console.knowledge.requests import asks
from console.knowledge.same_question import SAME_ENOUGH, may_be_same
from console.services.curated_draft import among_drafted
from console.services.curated_rows import exact, nearest

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

OF_THE_REST = {
    HandoffReason.MISSING_KNOWLEDGE: "I found no answer to the rest in our pages, so I'm passing you to a person, who"
    " will answer you here.",
    HandoffReason.UNSUPPORTED_REQUEST: "The rest is more than I can look up at once, so I'm passing you to a person,"
    " who will answer you here.",
    HandoffReason.POLICY_RESTRICTION: "I can't help with the rest here, so I'm passing you to a person, who will answer"
    " you here.",
}
"""What the visitor is told when some of what was asked at once is answered, and a person takes over for the rest."""

_LOOKED_AT = 5


class CuratedAnswers:
    """Looks among what the version answers in an admin's words; no transaction is open while the model reads."""

    def __init__(self, db: Database, embedder: Embedder) -> None:
        """`embedder` is the packaged one."""
        self._db = db
        self._embedder = embedder

    async def find_all(
        self, workspace_id: WorkspaceId, published: Published, questions: Sequence[str]
    ) -> tuple[dict[str, CuratedHit], dict[str, dict[str, Any]]]:
        """The curated answers by question, and the questions that have none, with what a trace is to learn of each.

        Each question is looked up by itself: what is asked at once is not one question. What has no answer and asks
        nothing is left out, unless nothing else was said: then the last of it is the question.
        """
        hits: dict[str, CuratedHit] = {}
        missed: dict[str, dict[str, Any]] = {}
        for question in questions:
            seen: dict[str, Any] = {}
            if hit := await self.find(workspace_id, published, question, seen):
                hits[question] = hit
            else:
                missed[question] = seen
        asking = {question: seen for question, seen in missed.items() if asks(question)}
        return hits, asking if asking or hits else dict(list(missed.items())[-1:])

    async def find(
        self, workspace_id: WorkspaceId, published: Published, question: str, trace: dict[str, Any]
    ) -> CuratedHit | None:
        """The curated answer to the question alone; `trace` learns the question's embedding where it was read."""
        if not published.snapshot.get("curated_answers"):
            return None
        if published.is_draft:
            hit = await among_drafted(published.snapshot, question, self._embedder)
        else:
            async with self._db.read(workspace_id) as tx:
                hit = await exact(tx, published.version_id, question)
            hit = hit or await self._by_meaning(workspace_id, published, question, trace)
        return hit

    async def _by_meaning(
        self, workspace_id: WorkspaceId, published: Published, question: str, trace: dict[str, Any]
    ) -> CuratedHit | None:
        vector = (await asyncio.to_thread(self._embedder.embed, [question]))[0]
        trace["embedding"] = [float(value) for value in vector]
        async with self._db.read(workspace_id) as tx:
            near = await nearest(tx, published.version_id, trace["embedding"], _LOOKED_AT)
        return next(
            (one for one in near if one.similarity >= SAME_ENOUGH and may_be_same(question, one.question)), None
        )


def joined(hits: Sequence[CuratedHit]) -> str:
    """Each of the answers once, in the order of the questions."""
    return "\n\n".join(dict.fromkeys(one.answer for one in hits))


def beside(found: Answer, hits: Sequence[CuratedHit]) -> Answer:
    """What became of the rest, after the curated answers to what was asked with it; a handoff stays one."""
    if not hits:
        return found
    rest = OF_THE_REST.get(HandoffReason(found.reason), found.content) if found.reason else found.content
    confidence = found.confidence if found.reason else min(found.confidence, likeness(hits))
    content = f"{joined(hits)}\n\n{rest}"
    return replace(found, content=content, confidence=confidence, trace={**found.trace, "curated": traced(hits)})


def traced(hits: Sequence[CuratedHit]) -> dict[str, Any]:
    """What a run keeps of them: `ids` are those of the answers, `id` the first one's."""
    return {
        "id": str(hits[0].id), "question": " / ".join(dict.fromkeys(one.question for one in hits)),
        "similarity": round(likeness(hits), 4), "ids": sorted({str(one.id) for one in hits}),
    }  # fmt: skip


def likeness(hits: Sequence[CuratedHit]) -> float:
    """How near the least near of them is to its question."""
    return min(one.similarity for one in hits)
