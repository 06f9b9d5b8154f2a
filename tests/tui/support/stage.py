"""A running console, and ways to look at it and to wait for what it should show."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from textual.message import Message
from textual.pilot import Pilot

from console.domain.inbox import InboxRow
from console.ids import ConversationId
from console.tui.app import ConsoleApp
from console.tui.widgets.conversation_pane import ConversationPane
from console.tui.widgets.virtual_list import VirtualList

NARROW, WIDE, BROAD = (80, 24), (120, 40), (200, 60)
PATIENCE = 30.0


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
    def pane(self) -> ConversationPane:
        """The conversation in front."""
        return self.app.screen.query_one(ConversationPane)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def toasts(self) -> str:
        """What the toasts said."""
        return "\n".join(note.message for note in self.app._notifications)

    @property
    def footer(self) -> str:
        """The line of keys."""
        return self.text.splitlines()[-1]

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    async def until_true(self, true: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait until something on the server holds."""
        deadline = time.monotonic() + PATIENCE
        while not await true():
            assert time.monotonic() < deadline, f"never: {what}\n{self.text}"
            await self.pilot.pause(0.02)

    async def type(self, text: str) -> None:
        """Type text."""
        await self.pilot.press(*("space" if letter == " " else letter for letter in text))

    async def enter(self, text: str) -> None:
        """Type text and press enter."""
        await self.type(text)
        await self.press("enter")

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"never: {what}\n{self.text}"
            await self.pilot.pause()
        await self.pilot.pause()

    async def sees(self, *words: str) -> None:
        """Wait until all these are on the screen."""
        await self.until(lambda: all(word in self.text for word in words), f"on the screen: {words}")

    async def opened(self, id: ConversationId) -> None:
        """Wait until a conversation is read."""
        await self.until(lambda: self.pane.thread is not None and self.pane.target == id, "conversation read")

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


@asynccontextmanager
async def running(app: ConsoleApp, size: tuple[int, int] = WIDE) -> AsyncIterator[Running]:
    """A console over any services."""
    messages: list[Message] = []
    async with app.run_test(size=size, notifications=True, message_hook=messages.append) as pilot:
        yield Running(app, pilot, messages)
