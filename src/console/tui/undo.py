"""What `u` means now: the newest act of mine that can still be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from console.domain.held import HOLD_SECONDS, Held
from console.ids import ConversationId, UserId

SPAN = timedelta(seconds=HOLD_SECONDS)
Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class Undoable:
    """An act and the time until which it can be taken back, by this machine's clock.

    `targets` are the conversations with the epoch that the act left them in; `held` is the message still held.
    """

    key: Key
    words: str
    until: datetime
    targets: tuple[tuple[ConversationId, int], ...]
    held: Held | None = None


class Undo:
    """The acts of this console, and my messages still held as far as they were read."""

    def __init__(self, me: UserId) -> None:
        self._me = me
        self._known: dict[Key, Undoable] = {}
        self._ahead = timedelta()

    def newest(self, now: datetime) -> Undoable | None:
        """What `u` would take back."""
        self._known = {key: each for key, each in self._known.items() if each.until > now}
        return max(self._known.values(), key=lambda each: each.until, default=None)

    def did(self, words: str, since: datetime, targets: Iterable[tuple[ConversationId, int]]) -> None:
        """An act begun at `since`."""
        if reached := tuple(targets):
            key = ("act", reached[0][0])
            self._known[key] = Undoable(key, words, since + SPAN, reached)

    def forget(self, undoable: Undoable) -> None:
        """It is being taken back, or can't be."""
        self._known.pop(undoable.key, None)

    def again(self, undoable: Undoable) -> None:
        """Taking it back did not reach the server."""
        self._known[undoable.key] = undoable

    def holds(self, held: Held, since: datetime | None) -> None:
        """A message of mine is held; `since` is when that was asked for, by which the server's clock is known."""
        if since is not None:
            self._ahead = held.created_at - since
        self._keep(held)

    def read(self, id: ConversationId, held: Iterable[Held]) -> None:
        """What the server holds of a conversation now."""
        self._known = {
            key: each for key, each in self._known.items() if each.held is None or each.held.conversation_id != id
        }
        for each in held:
            self._keep(each)

    def left(self, held: Held, now: datetime) -> int:
        """Whole seconds until a held message goes out, 0 when it may be out already."""
        return seconds_left(self._until(held), now)

    def sending(self, now: datetime) -> int:
        """How many messages of mine are on their way."""
        return sum(1 for each in self._known.values() if each.held is not None and each.until > now)

    def _keep(self, held: Held) -> None:
        if held.author_id == self._me:
            key = ("held", held.id)
            self._known[key] = Undoable(key, "sending", self._until(held), ((held.conversation_id, 0),), held)

    def _until(self, held: Held) -> datetime:
        return held.due_at - self._ahead


def seconds_left(until: datetime, now: datetime) -> int:
    """Whole seconds until then, counted up, and never more than a message is held."""
    return max(0, min(HOLD_SECONDS, -int(-(until - now).total_seconds() // 1)))
