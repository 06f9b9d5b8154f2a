"""What is new in a conversation since the last look: messages, changes of control, and the visitor who types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.conv_print import print_event

if TYPE_CHECKING:
    from console.domain.actor import Actor
    from console.domain.message import Event, Message, Transcript
    from console.ids import ConversationId
    from console.services import Services

_PAGE = 100


class Tail:
    """Prints each thing once, in order; JSON Lines tell messages (`role`) from events (`kind`)."""

    def __init__(self, call: Call, id: ConversationId, after: int, show: Callable[[Message], None]) -> None:
        self._call = call
        self._id = id
        self._after = after
        self._show = show
        self._told: set[Event] = set()
        self._typing = False

    async def look(self, services: Services, actor: Actor) -> bool:
        """Print what is new; whether there were messages."""
        transcript = await services.conversations.transcript(actor, self._id, after=self._after, limit=_PAGE)
        self._tell(transcript, 0)
        for message in transcript.messages:
            self._show(message)
            self._tell(transcript, message.seq)
            self._after = message.seq
        self._told &= set(transcript.events)
        await self._look_who_types(services, actor)
        return bool(transcript.messages)

    def _tell(self, transcript: Transcript, seq: int) -> None:
        """The events that follow the message with this seq, or for 0 the message seen last."""
        for event in transcript.events:
            if event.after_seq == (seq or self._after) and event not in self._told:
                self._told.add(event)
                self._event(event)

    def _event(self, event: Event) -> None:
        if self._call.out.json:
            self._call.out.data(event)
            return
        print_event(self._call, event)

    async def _look_who_types(self, services: Services, actor: Actor) -> None:
        around = await services.presence.around(actor, [self._id])
        visitor = next((each for each in around if each.user_id is None), None)
        if (visitor is not None) == self._typing:
            return
        self._typing = visitor is not None
        if self._call.out.json:
            self._call.out.data({"kind": "typing", "typing": self._typing})
        elif visitor is not None:
            self._call.out.say(f"{visitor.name} types")
