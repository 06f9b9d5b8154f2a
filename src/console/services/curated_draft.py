"""Which curated answer of a draft answers a question: as a version's would, read from the draft itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.domain.curated import CuratedHit
from console.knowledge.same_question import SAME_ENOUGH, may_be_same
from console.services.curated_rows import hashed

if TYPE_CHECKING:
    from console.ai.embedder import Embedder


async def among_drafted(snapshot: Mapping[str, Any], question: str, embedder: Embedder) -> CuratedHit | None:
    """The curated answer to the question: by its words, else by its meaning."""
    known, wanted = list(_questions(snapshot)), hashed(question)
    for one, asked in known:
        if hashed(asked) == wanted:
            return _hit(one, asked, 1.0)
    near = [(one, asked) for one, asked in known if may_be_same(question, asked)]
    vectors = await asyncio.to_thread(embedder.embed, [question, *(asked for _, asked in near)])
    likeness = [float(vectors[0] @ vector) for vector in vectors[1:]]
    best = max(range(len(near)), key=likeness.__getitem__, default=None)
    if best is None or likeness[best] < SAME_ENOUGH:
        return None
    return _hit(*near[best], min(likeness[best], 0.9999))


def _questions(snapshot: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    for one in snapshot.get("curated_answers", ()):
        yield from ((one, asked) for asked in one["questions"])


def _hit(one: Mapping[str, Any], asked: str, similarity: float) -> CuratedHit:
    return CuratedHit(UUID(one["id"]), asked, one["answer"], similarity)
