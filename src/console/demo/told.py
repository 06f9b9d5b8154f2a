"""Tells a story of the demo's past by the product's own services, each act at its time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.clock import set_back
from console.db.engine import Database
from console.demo.content import workspace
from console.demo.kit import labels_for
from console.demo.remembered import Remembered
from console.demo.stories import Story
from console.domain.actor import Actor
from console.domain.agent import Agent
from console.domain.feedback import Rating
from console.errors import ConflictError
from console.ids import ConversationId, RunId
from console.services import Services
from console.services.answers import Answers
from console.services.feedback import FeedbackDesk
from console.services.leads import Leads
from console.services.thumbs import record_thumbs_down
from console.services.visitors import Started, Visitors

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

ANSWERING, READING, TYPING = timedelta(seconds=3), timedelta(seconds=25), timedelta(seconds=70)
_REPLIES = (
    "Hi, thanks for waiting. I've looked it up with the team: that isn't possible yet, but I've written it down for"
    " them.",
    "Hello! I checked this for you. I've sent the details to your e-mail address, they should be there in a minute.",
    "Thanks for your patience. I've taken care of it on our side, you don't have to do anything else.",
    "Good question! We don't offer that at the moment. Is there something else I can do for you?",
    "Hi there, I'm a person. I can see your account now and have put it right; please load the page again.",
    "I asked a colleague who knows this better than I do: yes, that works, and it doesn't cost anything.",
)
_TRIES = 3
_COMPLAINTS = ("", "that's not what I asked", "too long", "this does not work for me", "")


@dataclass(frozen=True, slots=True)
class House:
    """A workspace of the demo with its people at work: `staff` take over, the first of them decides."""

    slug: str
    agent: Agent
    owner: Actor
    admin: Actor
    staff: tuple[Actor, ...]


class Teller:
    """Tells stories of one house."""

    def __init__(self, services: Services, gateway_db: Database, house: House, embedder: Embedder) -> None:
        self._services, self._house, self._embedder = services, house, embedder
        self._visitors, self._leads, self._desk = Visitors(gateway_db), Leads(gateway_db), FeedbackDesk(gateway_db)

    async def tell(self, story: Story) -> None:
        """Let the visitor come, be answered, and be seen to by a person where the AI handed over."""
        script = story.script
        given = {
            "name": script.name, "email": script.email or "", "page": self._path(story),
            "domain": workspace(self._house.slug).domain, "visitor_id": story.key,
        }  # fmt: skip
        with set_back(story.at):
            started = await self._visitors.start(self._house.agent.public_key, given)
        at, answered = story.at, 0
        for place, message in enumerate(script.messages):
            at += TYPING * (0.4 + story.chance)
            with set_back(at):
                sent = await self._visitors.send(
                    started.visitor_token, started.conversation_id, message, key=str(place)
                )
            at += ANSWERING
            if await self._answer(story, started.conversation_id, place, at):
                answered = sent.seq + 1
                await self._opinion(story, started, place, answered, at + READING)
        if story.leaves_address and script.email:
            with set_back(at + READING):
                lead = {"email": script.email, "name": script.name}
                await self._leads.leave(started.visitor_token, started.conversation_id, lead)
        await self._see_to(story, started.conversation_id, at)

    def _path(self, story: Story) -> str:
        """The page that the visitor came from, below the site."""
        return story.script.page.removeprefix(workspace(self._house.slug).domain)

    async def finish(self, story: Story, id: ConversationId) -> None:
        """Put away what was begun when the telling was cut off."""
        await self._see_to(story, id, story.at + TYPING)

    async def _answer(self, story: Story, id: ConversationId, place: int, at: datetime) -> bool:
        workspace_id, db = self._house.owner.workspace_id, self._services.db
        async with db.read(workspace_id) as tx:
            run = await tx.scalar(
                "SELECT id FROM runs WHERE workspace_id = :ws AND conversation_id = :id AND kind = 'answer'"
                " AND state = 'queued'",
                id=id,
            )
        if run is None:
            return False
        with set_back(at):
            answerer = Remembered(self._house.slug, story, place, self._embedder)
            return await Answers(db, answerer).run(workspace_id, RunId(run)) is not None

    async def _opinion(self, story: Story, started: Started, place: int, seq: int, at: datetime) -> None:
        if story.opinion is None or place:
            return
        comment = _COMPLAINTS[int(story.chance * len(_COMPLAINTS))] if story.opinion is Rating.DOWN else ""
        with set_back(at):
            await self._desk.rate(started.visitor_token, started.conversation_id, seq, story.opinion, comment)
            if story.opinion is Rating.DOWN:
                await record_thumbs_down(self._services.db, self._embedder, self._house.owner.workspace_id)

    async def _see_to(self, story: Story, id: ConversationId, at: datetime) -> None:
        """A person takes what waits, and says something; what is done with is resolved.

        Begins again where the worker, which knows nothing of stories, came between.
        """
        for _ in range(_TRIES):
            with suppress(ConflictError):
                await self._put_away(story, id, at)
                return

    async def _put_away(self, story: Story, id: ConversationId, at: datetime) -> None:
        who = self._house.staff[int(story.chance * len(self._house.staff))]
        stands = await self._services.conversations.get(who, id)
        if stands.status != "open" or not (story.resolves or stands.waiting):
            return
        epoch = stands.epoch
        if stands.waiting:
            at += story.waited
            with set_back(at):
                claim = await self._services.takeover.claim(who, id, epoch=epoch)
            if not claim.claimed:
                return
            epoch = claim.epoch
            with set_back(at + READING):
                await self._services.labels.change(who, id, add=labels_for(self._house.slug, self._path(story)))
            with set_back(at + TYPING):
                words = _REPLIES[int(story.chance * 100) % len(_REPLIES)]
                await self._services.messages.send(who, id, words, token=story.key, epoch=epoch)
        with set_back(at + TYPING + story.waited):
            if story.resolves:
                await self._services.takeover.resolve(who, id, epoch=epoch)
            elif stands.waiting:
                await self._services.takeover.hand_back(who, id, epoch=epoch)
