"""The areas of the console, reached by number keys; each is a mode with its own stack of screens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.domain.inbox import InboxCounts
from console.domain.overview import Overview

if TYPE_CHECKING:
    from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class Badge:
    """A few signs beside an area's title, in a tone."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Area:
    """One area. `screen` imports and builds its first screen when it is first opened.

    `short` is a name for where there is little room.
    """

    id: str
    number: int
    title: str
    short: str
    screen: Callable[[], Screen[None]]
    badge: Callable[[InboxCounts, Overview], Badge | None]


def _inbox() -> Screen[None]:
    from console.tui.screens.inbox import InboxScreen

    return InboxScreen()


def _gaps() -> Screen[None]:
    from console.tui.screens.gaps import GapsScreen

    return GapsScreen()


def _knowledge() -> Screen[None]:
    from console.tui.screens.knowledge import KnowledgeScreen

    return KnowledgeScreen()


def _agents() -> Screen[None]:
    from console.tui.screens.agents import AgentsScreen

    return AgentsScreen()


def _usage() -> Screen[None]:
    from console.tui.screens.usage import UsageScreen

    return UsageScreen()


def _workspaces() -> Screen[None]:
    from console.tui.screens.workspaces import WorkspacesScreen

    return WorkspacesScreen()


def _waiting(counts: InboxCounts, _overview: Overview) -> Badge | None:
    return Badge(f"{counts.waiting:,}!", "now") if counts.waiting else None


def _open_gaps(_counts: InboxCounts, overview: Overview) -> Badge | None:
    return Badge(f"{overview.open_gaps:,}", "quiet") if overview.open_gaps else None


def _failing(_counts: InboxCounts, overview: Overview) -> Badge | None:
    return Badge(f"{overview.failing_sources:,}!", "now") if overview.failing_sources else None


def _quota(_counts: InboxCounts, overview: Overview) -> Badge | None:
    if overview.quota_percent is None or not overview.quota_soft:
        return None
    return Badge(f"{overview.quota_percent}%", "soon")


def _nothing(_counts: InboxCounts, _overview: Overview) -> Badge | None:
    return None


AREAS: tuple[Area, ...] = (
    Area("inbox", 1, "Inbox", "Inbox", _inbox, _waiting),
    Area("gaps", 2, "Gaps", "Gaps", _gaps, _open_gaps),
    Area("knowledge", 3, "Knowledge", "Know", _knowledge, _failing),
    Area("agents", 4, "Agents", "Agents", _agents, _nothing),
    Area("usage", 5, "Usage", "Usage", _usage, _quota),
    Area("workspaces", 6, "Workspaces", "Spaces", _workspaces, _nothing),
)
