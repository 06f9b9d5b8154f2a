"""What the console asks of the services it is given; `console.services.Services` fits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from console.domain.actor import Actor
from console.domain.conversation import Claim, Conversation
from console.domain.inbox import Cursor, InboxCounts, InboxFilter, InboxPage, InboxRow
from console.domain.live import LiveEvent
from console.domain.message import Draft, Sent, Transcript
from console.domain.run import Suggestion, Trace
from console.ids import ConversationId


class Inbox(Protocol):
    """The list of conversations."""

    async def page(
        self, actor: Actor, filter: InboxFilter, *, text: str = "", after: Cursor | None = None, limit: int = 50
    ) -> InboxPage:
        """The next rows of a tab."""

    async def counts(self, actor: Actor) -> InboxCounts:
        """How many conversations each tab has."""

    async def rows(self, actor: Actor, ids: Sequence[ConversationId]) -> tuple[InboxRow, ...]:
        """Some rows again, unordered; missing ones are left out."""


class Conversations(Protocol):
    """One conversation and what was said in it."""

    async def get(self, actor: Actor, id: ConversationId) -> Conversation:
        """The conversation; `NotFoundError`."""

    async def transcript(
        self,
        actor: Actor,
        id: ConversationId,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> Transcript:
        """The last messages, or those before or after a seq."""

    async def mark_read(self, actor: Actor, id: ConversationId, seq: int) -> None:
        """Everything up to `seq` has been seen by the actor."""

    async def trace(self, actor: Actor, id: ConversationId, seq: int) -> Trace:
        """Why the assistant said the message with that seq."""

    async def suggestion(self, actor: Actor, id: ConversationId) -> Suggestion | None:
        """What the assistant was about to say when a person took over."""


class Takeover(Protocol):
    """Who speaks; every act is a compare-and-set on the epoch shown."""

    async def claim(self, actor: Actor, id: ConversationId, *, epoch: int | None = None) -> Claim:
        """Take a conversation; the loser gets `claimed=False` and the holder."""

    async def take_from(self, actor: Actor, id: ConversationId, *, epoch: int) -> Claim:
        """Take a conversation from another person."""

    async def release(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        """Back to those that wait for a person."""

    async def hand_back(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        """Back to the assistant."""

    async def resolve(self, actor: Actor, id: ConversationId, *, epoch: int) -> Conversation:
        """Done."""

    async def renew(self, actor: Actor) -> int:
        """Renew the leases of everything the actor holds; how many there are."""


class Messages(Protocol):
    """What a person says."""

    async def send(self, actor: Actor, id: ConversationId, content: str, *, token: str, epoch: int) -> Sent:
        """Say something to the visitor; `ConflictError` when the claim is gone."""

    async def note(self, actor: Actor, id: ConversationId, content: str, *, token: str) -> Sent:
        """Say something to the staff."""


class Drafts(Protocol):
    """What a person has typed and not sent."""

    async def load(self, actor: Actor, id: ConversationId, kind: str = "reply") -> Draft | None:
        """The draft, if there is one."""

    async def save(self, actor: Actor, id: ConversationId, content: str, kind: str = "reply") -> None:
        """Keep a draft; empty content deletes it."""


class Live(Protocol):
    """What changed, as it changes."""

    def events(self, actor: Actor) -> AsyncIterator[LiveEvent]:
        """Changes in the actor's workspace until the iterator is closed."""


class Services(Protocol):
    """All that a screen may ask for."""

    @property
    def inbox(self) -> Inbox:
        """The list."""

    @property
    def conversations(self) -> Conversations:
        """What was said."""

    @property
    def takeover(self) -> Takeover:
        """Who speaks."""

    @property
    def messages(self) -> Messages:
        """Speaking."""

    @property
    def drafts(self) -> Drafts:
        """Drafts."""

    @property
    def live(self) -> Live:
        """Changes."""
