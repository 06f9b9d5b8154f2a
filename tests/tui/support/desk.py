"""An operator's desk in a fresh workspace on the real server: visitors, the assistant's answers, other people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.actor import Actor
from console.domain.conversation import Conversation, HandoffReason
from console.domain.message import Citation
from console.domain.run import Answer, AnswerKind
from console.ids import ConversationId, RunId, WorkspaceId
from console.services import Services
from console.services.answers import Answers
from console.services.held import release_due
from console.text import SafeText, one_line
from console.tui.app import ConsoleApp, Options, Place
from tests.world import Talk, World, make_talk

T = TypeVar("T")
ASKS = HandoffReason.CUSTOMER_REQUEST
RELEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Given:
    """An answerer whose answer is given."""

    answered: Answer

    async def answer(self, workspace_id: WorkspaceId, published: object, turns: object) -> Answer:
        """It."""
        return self.answered


@dataclass
class Desk:
    """The workspace, its people, and hands to change what their consoles see."""

    db: Database
    gateway_db: Database
    urls: ServerUrls
    people: World

    def services(self, db: Database | None = None, **around: object) -> Services:
        """The real services; those named are put in the place of the service of that name."""
        services = Services(db or self.db, self.urls.app)
        services.__dict__.update(around)
        return services

    @property
    def me(self) -> Actor:
        """A member."""
        return self.people.member

    def console(self, actor: Actor | None = None, services: Services | None = None, **options: Any) -> ConsoleApp:
        """The console of the member, or another."""
        place = Place(SafeText("acme"), one_line("Acme Retail"))
        return ConsoleApp(services or self.services(), actor or self.me, place, Options(**options))

    async def visitor(self, name: str = "Crystal Minh", said: str = "Where is my refund?", **profile: str) -> Talk:
        """A visitor who has said something to the assistant."""
        talk = await make_talk(self.gateway_db, self.people, name=name, **profile)
        await talk.say(said)
        return talk

    async def waiting(self, name: str = "Crystal Minh", why: HandoffReason = ASKS, **profile: str) -> Talk:
        """A visitor who waits for a person."""
        talk = await self.visitor(name, **profile)
        await self.answers(talk, "A person will help you.", why=why)
        return talk

    async def answers(
        self,
        talk: Talk,
        text: str,
        *,
        confidence: float = 0.94,
        cites: Sequence[str] = (),
        why: HandoffReason | None = None,
        at: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """The assistant's queued run ends with this answer; `at` is its checkpoint."""
        kind = AnswerKind.HANDOFF if why else AnswerKind.EXTRACTIVE
        cited = tuple(Citation(one_line(title), SafeText(""), SafeText(""), None) for title in cites)
        passage = {"title": "Returns", "heading": "Return Due To Size", "text": text, "score": 1.91, "quoted": True}
        trace = {"question": "wrong size", "normalised": text, "embedding": (1.0, *[0.0] * 383), "passages": [passage]}
        answer = Answer(kind, text, cited, confidence, 0.5, why, trace)
        answers = Answers(self.db, Given(answer), checkpoint=at) if at else Answers(self.db, Given(answer))
        await answers.run(self.people.workspace_id, await self._queued(talk))

    async def suggested(self, talk: Talk, text: str) -> None:
        """The assistant was about to say this when somebody took over, who has put it back since."""

        async def take(point: str) -> None:
            if point == "answered":
                takeover = self.services().takeover
                claim = await takeover.claim(self.people.other, talk.id)
                await takeover.release(self.people.other, talk.id, epoch=claim.epoch)

        await self.answers(talk, text, at=take)

    async def _queued(self, talk: Talk) -> RunId:
        async with self.db.read(self.people.workspace_id) as tx:
            return RunId(
                await tx.scalar(
                    "SELECT id FROM runs WHERE workspace_id = :ws AND conversation_id = :id AND state = 'queued'",
                    id=talk.id,
                )
            )

    async def of(self, id: ConversationId) -> Conversation:
        """The conversation as it is now."""
        return await self.services().conversations.get(self.me, id)

    async def said(self, id: ConversationId) -> list[str]:
        """All that was said in it, notes too."""
        transcript = await self.services().conversations.transcript(self.me, id, limit=1000)
        return [str(message.content) for message in transcript.messages]

    async def goes_out(self) -> None:
        """What is held is due, and the worker has sent it, which leaves what is locked for the next time."""
        async with self.db.write(self.people.workspace_id) as tx:
            await tx.execute("UPDATE held_sends SET due_at = now() - interval '1 second' WHERE workspace_id = :ws")
        async with asyncio.timeout(RELEASE_SECONDS):
            while await self._due():
                await release_due(self.db, self.people.workspace_id)

    async def _due(self) -> int:
        async with self.db.read(self.people.workspace_id) as tx:
            due = "SELECT count(*) FROM held_sends WHERE workspace_id = :ws AND due_at <= now()"
            return int(await tx.scalar(due))

    async def held(self, id: ConversationId) -> list[str]:
        """What the member holds back of it."""
        return [str(each.content) for each in await self.services().messages.held(self.me, id)]

    async def draft(self, id: ConversationId) -> str | None:
        """The member's reply begun, as the server has it."""
        found = await self.services().drafts.load(self.me, id)
        return str(found.content) if found else None

    async def fill(self, count: int) -> None:
        """So many conversations with the assistant, `visitor 0000` the newest."""
        async with self.db.write(self.people.workspace_id) as tx:
            await tx.execute(_FILL, agent=self.people.agent_id, count=count)

    async def history(self, id: ConversationId, count: int) -> None:
        """Messages up to seq `count`, by visitor and assistant in turn."""
        async with self.db.write(self.people.workspace_id) as tx:
            await tx.execute(_HISTORY, id=id, count=count)


_FILL = """
    WITH people AS (
        INSERT INTO contacts (workspace_id, id, name)
        SELECT :ws, gen_random_uuid(), 'visitor ' || lpad(n::text, 4, '0') FROM generate_series(0, :count - 1) n
        RETURNING id, name),
    made AS (
        INSERT INTO conversations (workspace_id, id, agent_id, contact_id, visitor_id, last_seq, last_visitor_seq,
            snippet, snippet_role, last_message_at)
        SELECT :ws, gen_random_uuid(), :agent, id, name, 1, 1, 'question of ' || name, 'user',
            now() - (right(name, 4)::int + 1) * interval '1 minute' FROM people
        RETURNING id, snippet)
    INSERT INTO messages (workspace_id, conversation_id, seq, role, content)
    SELECT :ws, id, 1, 'user', snippet FROM made
"""
_HISTORY = """
    WITH said AS (
        INSERT INTO messages (workspace_id, conversation_id, seq, role, content)
        SELECT :ws, :id, c.last_seq + n, CASE n % 2 WHEN 0 THEN 'user' ELSE 'assistant' END,
            'message ' || c.last_seq + n
        FROM conversations c, generate_series(1, :count - c.last_seq) n WHERE c.workspace_id = :ws AND c.id = :id
        RETURNING seq)
    UPDATE conversations SET last_seq = :count, last_visitor_seq = :count FROM (SELECT max(seq) FROM said) s
    WHERE workspace_id = :ws AND id = :id
"""
