"""The areas of the console, reached by number keys; each is a mode with its own stack of screens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.inbox import InboxCounts

if TYPE_CHECKING:
    from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class Area:
    """One area. `screen` imports and builds its first screen when it is first opened."""

    id: str
    number: int
    title: str
    screen: Callable[[], Screen[None]]
    badge: Callable[[InboxCounts], int]


def _inbox() -> Screen[None]:
    from console.tui.screens.inbox import InboxScreen

    return InboxScreen()


AREAS: tuple[Area, ...] = (Area("inbox", 1, "Inbox", _inbox, lambda counts: counts.waiting),)
