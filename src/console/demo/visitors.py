"""The demo's simulated visitors: what they ask, and in which order they arrive."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Literal, TypeVar

from console.demo.content import WORKSPACES, folder

Kind = Literal["answerable", "unanswerable", "person"]
T = TypeVar("T")

MIX: tuple[tuple[Kind, int], ...] = (("answerable", 13), ("unanswerable", 4), ("person", 3))
"""How many of each kind are in every 20 arrivals."""

_WORKSPACE_MIX = (3, 2)


@dataclass(frozen=True, slots=True)
class VisitorScript:
    """A visitor and the messages they send one after another, each after the last one was answered.

    `article` names the article that answers an answerable one, and `keyword` is in the words that do; the others have
    neither.
    """

    name: str
    email: str | None
    page: str
    messages: tuple[str, ...]
    kind: Kind
    article: str | None = None
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A visitor comes to the site of the workspace with that slug."""

    workspace: str
    script: VisitorScript


@cache
def scripts(workspace_slug: str) -> tuple[VisitorScript, ...]:
    """Every script of a workspace in the file's order; `NotFoundError` for an unknown slug."""
    rows = json.loads((folder(workspace_slug) / "visitors.json").read_text("utf-8"))
    return tuple(
        VisitorScript(
            name=row["name"],
            email=row["email"],
            page=row["page"],
            messages=tuple(row["messages"]),
            kind=row["kind"],
            article=row.get("article"),
            keyword=next(iter(row.get("keywords") or ()), ""),
        )
        for row in rows
    )


def _decks(cards: Iterable[T], random: Random) -> Iterator[T]:
    deck = list(cards)
    while True:
        random.shuffle(deck)
        yield from deck


def arrivals(seed: int) -> Iterator[Arrival]:
    """Visitors without end, the same for the same seed.

    Every 20 hold `MIX` exactly, three of five come to the first workspace, and no script of a workspace
    comes again before all others of its kind did.
    """
    random = Random(seed)  # noqa: S311
    kinds = _decks([kind for kind, count in MIX for _ in range(count)], random)
    slugs = _decks(
        [space.slug for space, count in zip(WORKSPACES, _WORKSPACE_MIX, strict=True) for _ in range(count)],
        random,
    )
    drawn = {
        (space.slug, kind): _decks([s for s in scripts(space.slug) if s.kind == kind], random)
        for space in WORKSPACES
        for kind, _ in MIX
    }
    while True:
        slug, kind = next(slugs), next(kinds)
        yield Arrival(slug, next(drawn[slug, kind]))
