"""A running console, and ways to look at it and to wait for what it should show."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

from textual.app import ScreenStackError
from textual.dom import DOMNode
from textual.message import Message
from textual.notifications import Notify
from textual.pilot import Pilot, WaitForScreenTimeout

from console.domain.conversation import Conversation
from console.domain.inbox import InboxRow
from console.ids import ConversationId
from console.tui.app import ConsoleApp
from console.tui.feed import Question
from console.tui.modals.picker import Filtered
from console.tui.screens.acting import ActingScreen
from console.tui.screens.base import ConsoleScreen
from console.tui.screens.inbox_reading import InboxReading
from console.tui.widgets.conversation_pane import ConversationPane
from console.tui.widgets.virtual_list import VirtualList

NARROW, WIDE, BROAD = (80, 24), (120, 40), (200, 60)
PATIENCE = 30.0
QUIET_ROUNDS = 3


@dataclass
class Running:
    """A console in a terminal of a given size, over any services."""

    app: ConsoleApp
    pilot: Pilot[None]
    messages: list[Message]

    @property
    def rows(self) -> VirtualList[InboxRow]:
        """The list of the inbox."""
        return cast("VirtualList[InboxRow]", self.app.screen_stack[0].query_one("#list", VirtualList))

    @property
    def question(self) -> Question | None:
        """What the rows of the inbox in front answer; None before they are read, and on other screens."""
        screen = self.app.screen
        return screen._shown if isinstance(screen, InboxReading) else None

    @property
    def pane(self) -> ConversationPane:
        """The conversation in front."""
        return self.app.screen.query_one(ConversationPane)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def toasts(self) -> str:
        """What the toasts have said so far: each is gone after seconds, which may be before one looks."""
        return "\n".join(each.notification.message for each in self.messages if isinstance(each, Notify))

    @property
    def toasts_left(self) -> str:
        """What the toasts say that are there still."""
        return "\n".join(note.message for note in self.app._notifications)

    @property
    def footer(self) -> str:
        """The line of keys."""
        return self.text.splitlines()[-1]

    async def press(self, *keys: str) -> None:
        """Press keys, each when the screen is through with the one before; what runs in the background may go on."""
        for key in keys:
            await self.pilot.press(key)
            await self.handled()

    async def handled(self) -> None:
        """Wait until no message waits for its widget: Textual waits for an idle process, and a starved one looks so."""
        deadline, quiet = time.monotonic() + PATIENCE, 0
        while quiet < QUIET_ROUNDS and time.monotonic() < deadline:
            await asyncio.sleep(0.001)
            quiet = 0 if any(map(_is_busy, list(self.app._registry))) or self.app.message_queue_size else quiet + 1

    async def quiet(self) -> None:
        """Wait until all that the console began by itself is done, but for listening."""

        def idle() -> bool:
            screens = [each for each in self.app.screen_stack if isinstance(each, ConsoleScreen)]
            gathered = [self.app._recount, *(each.changes for each in screens)]
            at_work = [worker for worker in self.app.workers if worker.group != "live" and not worker.is_finished]
            return not at_work and all(each._timer is None for each in gathered)

        await self.until(idle, "nothing under way")

    async def until_true(self, true: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait until something on the server holds."""
        deadline = time.monotonic() + PATIENCE
        while not await true():
            assert time.monotonic() < deadline, f"never: {what}\n{self.text}"
            await asyncio.sleep(0.02)

    async def type(self, text: str) -> None:
        """Type text."""
        await self.pilot.press(*("space" if letter == " " else letter for letter in text))
        await self.handled()

    async def enter(self, text: str) -> None:
        """Type text and press enter."""
        await self.type(text)
        await self.press("enter")

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"never: {what}\n{self.text}"
            await self._breathe()
        await self._breathe()

    async def _breathe(self) -> None:
        with suppress(ScreenStackError, WaitForScreenTimeout):  # the console may end meanwhile, and that be waited for
            await self.pilot.pause()

    async def sees(self, *words: str) -> None:
        """Wait until all these are on the screen."""
        await self.until(lambda: all(word in self.text for word in words), f"on the screen: {words}")

    async def opened(self, id: ConversationId) -> None:
        """Wait until a conversation is read."""
        await self.until(lambda: self.pane.thread is not None and self.pane.target == id, "conversation read")

    async def knows(self, now: Conversation) -> None:
        """Wait until what keys act on is this conversation as it is `now`: an act on an older state is refused."""

        def known() -> bool:
            subject = cast("ActingScreen", self.app.screen).subject
            return subject is not None and (subject.id, subject.epoch) == (now.id, now.epoch)

        await self.until(known, "the conversation as it is now")

    async def picks(self) -> None:
        """Wait until a picker is in front that has read what can be picked."""

        def offers() -> bool:
            return isinstance(self.app.screen, Filtered) and self.app.screen.list.current is not None

        await self.until(offers, "something to pick")

    async def palette(self) -> None:
        """Wait until the palette can be typed in."""
        await self.until(lambda: any(each.has_focus for each in self.app.screen.query("CommandInput")), "palette")

    async def open_pane(self) -> None:
        """Wait until there is a conversation in front."""
        await self.until(lambda: bool(self.app.screen.query("ConversationPane")), "a pane")

    async def take(self) -> None:
        """Take over what the cursor is on, and wait until it can be answered."""
        await self.press("t")
        await self.open_pane()
        await self.writing()

    async def open(self) -> None:
        """Open what the cursor is on."""
        await self.press("enter")
        await self.open_pane()
        await self.until(lambda: self.pane.thread is not None, "conversation read")

    async def writing(self) -> None:
        """Wait until the composer has the focus."""
        await self.until(lambda: self.pane.box.is_open and self.pane.box.area.has_focus, "composer open")


def _is_busy(node: DOMNode) -> bool:
    return node.is_running and bool(node.message_queue_size or not node._mounted_event.is_set())


@asynccontextmanager
async def running(app: ConsoleApp, size: tuple[int, int] = WIDE) -> AsyncIterator[Running]:
    """A console over any services."""
    messages: list[Message] = []
    async with app.run_test(size=size, notifications=True, message_hook=messages.append) as pilot:
        yield Running(app, pilot, messages)
