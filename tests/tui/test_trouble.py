"""What is seen when the inbox or a conversation can't be read, and that it goes on by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from console.domain.message import MAX_MESSAGE_CHARS
from console.errors import ConnectionFailedError
from tests.tui.support.around import Around
from tests.tui.support.desk import Desk
from tests.tui.support.stage import running

Size = tuple[int, int]


class Broken:
    """Calls fail until it is whole again."""

    def __init__(self) -> None:
        self.whole = False

    async def __call__(self, call: Callable[[], Awaitable[Any]]) -> object:
        if not self.whole:
            raise ConnectionFailedError("the database can't be reached")
        return await call()


async def test_an_inbox_that_can_not_be_read_is_said_and_comes(desk: Desk, size: Size) -> None:
    await desk.waiting()
    broken = Broken()
    # The counts too: once they are read, the server is known to answer.
    services = desk.services(inbox=Around(Around(desk.services().inbox, "page", broken), "counts", broken))
    async with running(desk.console(services=services), size) as stage:
        await stage.sees("offline", "R tries again")
        assert "No conversations yet" not in stage.text
        broken.whole = True
        await stage.press("R")
        await stage.sees("Crystal Minh")
        await stage.until(lambda: "R tries again" not in stage.text, "all is well")


async def test_a_conversation_that_can_not_be_read_is_said_and_comes(desk: Desk, size: Size, unpolled: None) -> None:
    await desk.waiting()
    broken = Broken()
    services = desk.services(conversations=Around(desk.services().conversations, "get", broken))
    async with running(desk.console(services=services), size) as stage:
        await stage.sees("Crystal Minh", "live")
        await stage.quiet()
        await stage.press("enter")
        await stage.sees("offline")
        broken.whole = True
        await stage.press("R")
        await stage.sees("Where is my refund?", "asks for a person" if size[0] > 100 else "waiting")


async def test_a_message_too_long_is_refused_in_one_line_and_kept(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        stage.pane.box.area.text = "word " * 200_000
        await stage.press("ctrl+s")
        await stage.sees(f"{MAX_MESSAGE_CHARS:,}")
        assert len(stage.pane.box.area.text) == 1_000_000
        assert await desk.held(talk.id) == []
        stage.pane.box.area.text = "short"
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.pane.box.area.text == "", "sent")
        assert await desk.held(talk.id) == ["short"]


async def test_the_reason_goes_with_the_next_edit(desk: Desk, size: Size) -> None:
    await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.press("ctrl+s")
        await stage.sees("nothing to send")
        await stage.type("w")
        await stage.until(lambda: "nothing to send" not in stage.text, "the reason is gone")


async def test_what_is_lost_is_said_however_one_types_on(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.type("half")
        await desk.services().takeover.take_from(desk.people.admin, talk.id, epoch=(await desk.of(talk.id)).epoch)
        await stage.sees("holds this conversation now")
        await stage.type(" a word")
        await stage.sees("half a word")
        assert "holds this conversation now" in stage.text


async def test_a_reply_that_found_no_connection_is_not_said_to_have_none_any_more(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    broken = Broken()
    services = desk.services(messages=Around(desk.services().messages, "hold", broken))
    async with running(desk.console(services=services, tick=0.05), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.type("words")
        await stage.press("ctrl+s")
        await stage.sees("not sent")
        stage.app.online()
        await stage.sees("connected again, not sent yet: ctrl+s sends it")
        assert "no connection" not in stage.text
        broken.whole = True
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.pane.box.area.text == "", "sent")
        assert "connected again" not in stage.text
        assert await desk.held(talk.id) == ["words"]


@pytest.mark.parametrize("no_connection", [False, True])
async def test_all_of_the_reason_is_read_at_sixty_columns(desk: Desk, no_connection: bool) -> None:
    await desk.waiting()
    broken = Broken()
    messages = Around(desk.services().messages, "hold", broken) if no_connection else desk.services().messages
    async with running(desk.console(services=desk.services(messages=messages), tick=600.0), (60, 18)) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        stage.pane.box.area.text = "word" if no_connection else "word " * 5_000
        await stage.press("ctrl+s")
        why = "no connection: draft kept, ctrl+s tries again"
        if not no_connection:
            why = f"the message has 25,000 characters, more than {MAX_MESSAGE_CHARS:,}; draft kept"
        await stage.until(lambda: why in " ".join(stage.text.split()), "the whole reason")
        assert max(len(line.rstrip()) for line in stage.text.splitlines()) <= 60
