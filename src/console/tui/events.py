"""What the app tells its screens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer

WINDOW = 0.05


@dataclass
class RowsChanged(Message):
    """Conversations that may have changed; None means: all of them."""

    ids: frozenset[UUID] | None


@dataclass
class PeopleMoved(Message):
    """Somebody came, went or types in these conversations."""

    ids: frozenset[UUID]


@dataclass
class ThingsMoved(Message):
    """Things of these kinds, which are no conversations, may have changed."""

    kinds: frozenset[str]


class CountsChanged(Message):
    """The counts, the link or the time of the top line are others now."""


class Coalescer:
    """Gives on the first change at once, and what comes within `window` seconds after it together."""

    def __init__(
        self, owner: MessagePump, deliver: Callable[[frozenset[UUID] | None], None], window: float = WINDOW
    ) -> None:
        self._owner = owner
        self._deliver = deliver
        self._window = window
        self._last = 0.0
        self._ids: set[UUID] = set()
        self._everything = False
        self._timer: Timer | None = None
        self._paused = False

    def add(self, ids: frozenset[UUID] | None) -> None:
        """These changed."""
        self._everything = self._everything or ids is None
        self._ids |= ids or frozenset()
        self._arm()

    def pause(self) -> None:
        """Keep what comes until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Give on what came meanwhile."""
        self._paused = False
        if self._ids or self._everything:
            self._arm()

    def _arm(self) -> None:
        if self._timer is None and not self._paused:
            rest = self._last + self._window - monotonic()
            self._timer = self._owner.set_timer(max(0.001, rest), self._flush)

    def _flush(self) -> None:
        self._timer = None
        if self._paused:
            return
        self._last = monotonic()
        ids = None if self._everything else frozenset(self._ids)
        self._ids, self._everything = set(), False
        self._deliver(ids)
