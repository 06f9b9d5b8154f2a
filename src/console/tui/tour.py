"""The tour: steps to do by oneself, each over when it is really done; nothing is done for whoever takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Input, TextArea

from console.clock import utc_now
from console.domain.actor import Role
from console.domain.conversation import Control
from console.domain.gap import GapStatus
from console.errors import ConsoleError
from console.tui.commands import BY_ID
from console.tui.present.tone import joined, toned
from console.tui.working import start

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp
    from console.tui.thread import Thread

LOOK_SECONDS = 0.4
PRAISE_SECONDS = 1.5
OVER_SECONDS = 6.0

Measure = Callable[["ConsoleApp", datetime], Awaitable[int]]
"""A number that rises when a step is done; the time is when the step began."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `keys` are ids of the command table; `how` tells the rest, with `{}` for each of their keys.

    It is over when `measure` rises, or is a `state` that holds already; it is left out while `possible` is 0.
    """

    title: str
    how: str
    keys: tuple[str, ...]
    measure: Measure
    minimum: Role = Role.VIEWER
    possible: Measure | None = None
    state: bool = False

    @property
    def words(self) -> str:
        """What to press."""
        return self.how.format(*(BY_ID[id].shown_key for id in self.keys))


async def _opened(app: ConsoleApp, _since: datetime) -> int:
    from console.tui.screens.conversation import ConversationScreen
    from console.tui.widgets.conversation_pane import ConversationPane

    here = app.screen
    inside = here.focused is not None and any(isinstance(one, ConversationPane) for one in here.focused.ancestors)
    return int(isinstance(here, ConversationScreen) or inside)


async def _held(app: ConsoleApp, _since: datetime) -> int:
    return app.counts.held


async def _open(app: ConsoleApp, _since: datetime) -> int:
    return app.counts.ai + app.counts.waiting + app.counts.held


async def _said(app: ConsoleApp, since: datetime) -> int:
    return sum(
        len(thread.held)
        + sum(one.author_id == app.actor.user_id and one.created_at >= since for one in thread.messages.values())
        for thread in _threads(app)
    )


async def _handed_back(app: ConsoleApp, _since: datetime) -> int:
    """A conversation in front that the assistant has again, and one less that is mine."""
    with_ai = any(thread.conversation.control is Control.AI for thread in _threads(app))
    return -app.counts.held if with_ai or not _threads(app) else -app.counts.held - 1


async def _approved(app: ConsoleApp, _since: datetime) -> int:
    return len(await app.services.gaps.list(app.actor, GapStatus.APPROVED, limit=1000))


async def _gaps(app: ConsoleApp, _since: datetime) -> int:
    drafted = await app.services.gaps.list(app.actor, GapStatus.DRAFTED, limit=1)
    return len(drafted) or len(await app.services.gaps.list(app.actor, GapStatus.OPEN, limit=1))


async def _published(app: ConsoleApp, _since: datetime) -> int:
    return sum(agent.published_number or 0 for agent in await app.services.agents.list(app.actor))


async def _unpublished(app: ConsoleApp, _since: datetime) -> int:
    return sum(agent.changes for agent in await app.services.agents.overview(app.actor))


async def _at_usage(app: ConsoleApp, _since: datetime) -> int:
    return int(app.current_mode == "usage")


STEPS = (
    Step("Read a conversation", "choose one with ↑ ↓, then press {}", ("inbox.open",), _opened, state=True),
    Step("Take over", "in the Inbox ({}), press {} on any conversation: the assistant stops, you speak",
         ("area.inbox", "conversation.take"), _held, Role.MEMBER, _open, state=True),
    Step("Reply", "type an answer, then press {}: it goes out after 8 seconds", ("composer.send",), _said,
         Role.MEMBER, _held),
    Step("Hand back", "esc leaves the writing, then {}: the assistant goes on", ("conversation.hand_back",),
         _handed_back, Role.MEMBER, _held),
    Step("Approve a gap", "go to Gaps ({}), choose one, {} writes its answer, {} approves it",
         ("area.gaps", "gaps.edit", "gaps.approve"), _approved, Role.ADMIN, _gaps),
    Step("Publish", "go to Agents ({}), then {}: from now on visitors get your answer",
         ("area.agents", "agents.publish"), _published, Role.ADMIN, _unpublished),
    Step("Check a quota", "go to Usage ({}): what is used, and what is left", ("area.usage",), _at_usage,
         state=True),
)  # fmt: skip


def _threads(app: ConsoleApp) -> list[Thread]:
    from console.tui.widgets.conversation_pane import ConversationPane

    panes = [pane for screen in app.screen_stack for pane in screen.query(ConversationPane)]
    return [pane.thread for pane in panes if pane.thread is not None]


class Tour:
    """The tour that goes on in a console, if one does."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self.running = False
        self.lines = (Content(""), Content(""))

    def begin(self) -> None:
        """From the first step on, for the role that one has here."""
        self.running = True
        start(self._app, "tour", self._go)

    def end(self) -> None:
        """Leave it where it is."""
        self.running = False
        self._app.workers.cancel_group(self._app, "tour")
        self._app.tell_tour()

    def escapes(self) -> bool:
        """Whether esc is meant for the tour, which it then ends: not while writing, nor in a card."""
        from console.tui.screens.base import ConsoleScreen

        here = self._app.screen
        if not self.running or not isinstance(here, ConsoleScreen) or isinstance(here.focused, Input | TextArea):
            return False
        self.end()
        return True

    async def _go(self) -> None:
        steps = [step for step in STEPS if self._app.actor.role >= step.minimum]
        for number, step in enumerate(steps, 1):
            place = f"{number} of {len(steps)}"
            if await self._is_possible(step):
                await self._take(step, place)
        self._show(toned("That was the tour.", "fine"), toned("? shows every key, : finds every command", "quiet"))
        await asyncio.sleep(OVER_SECONDS)
        self.running = False
        self._app.tell_tour()

    async def _is_possible(self, step: Step) -> bool:
        if step.possible is None:
            return True
        with suppress(ConsoleError):
            return await step.possible(self._app, utc_now()) > 0
        return True

    async def _take(self, step: Step, place: str) -> None:
        head = joined(toned(f"Tour {place}", "quiet"), toned(step.title, "strong"))
        self._show(joined(head, toned("esc leaves the tour", "quiet")), Content(step.words))
        actor, since = self._app.actor, utc_now()
        before = 0 if step.state else None
        while True:
            with suppress(ConsoleError):  # looked at again; the console itself says that it is offline
                now = await step.measure(self._app, since)
                if before is None or actor != self._app.actor:
                    actor, before = self._app.actor, now
                elif now > before:
                    break
                before = min(before, now)
            await asyncio.sleep(LOOK_SECONDS)
        self._show(head, toned("Done.", "fine"))
        await asyncio.sleep(PRAISE_SECONDS)

    def _show(self, *lines: Content) -> None:
        self.lines = (lines[0], lines[1])
        self._app.tell_tour()
