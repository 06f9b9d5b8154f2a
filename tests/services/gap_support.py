"""Gaps as visitors make them: questions asked in vain of an agent that knows nothing."""

from __future__ import annotations

from console.db.engine import Database
from console.domain.gap import Gap
from console.ids import GapId
from console.services.gaps import Gaps
from console.services.messages import Messages
from console.services.review import Review
from console.services.takeover import Takeover
from tests.services.curated_support import MODEL, ask
from tests.world import Talk, World

QUESTION = "do you ship outside the US?"


def gaps_of(db: Database) -> Gaps:
    """The queue."""
    return Gaps(db, MODEL)


def review(db: Database) -> Review:
    """The review."""
    return Review(db, MODEL)


async def vain(db: Database, gateway_db: Database, world: World, *questions: str) -> list[Talk]:
    """Ask each in a conversation of its own; nobody knows."""
    return [await ask(db, gateway_db, world, question) for question in questions]


async def gap_of(db: Database, world: World, question: str) -> Gap:
    """The gap of that name."""
    return next(gap for gap in await gaps_of(db).list(world.viewer, None) if gap.question == question)


async def made(db: Database, gateway_db: Database, world: World, question: str = QUESTION) -> GapId:
    """A gap that was asked once."""
    await vain(db, gateway_db, world, question)
    return (await gap_of(db, world, question)).id


async def reply(db: Database, world: World, talk: Talk, *said: str) -> None:
    """A person takes over and answers."""
    claim = await Takeover(db).claim(world.member, talk.id)
    for number, words in enumerate(said):
        await Messages(db).send(world.member, talk.id, words, token=f"t{number}", epoch=claim.epoch)
