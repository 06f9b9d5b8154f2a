"""A reply on its way can be called back; what it says of itself is what the server holds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from console.domain.conversation import Control, Status
from console.errors import ConnectionFailedError
from tests.tui.conftest import LONG
from tests.tui.support.around import Around
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, WIDE, Running, running
from tests.world import Talk

Size = tuple[int, int]
SECONDS_LEFT = re.compile(r"sending (\d+) s")


def left(stage: Running) -> int:
    """The seconds that the one on its way still has, as they are shown; 0 when they are not."""
    found = SECONDS_LEFT.search(stage.text)
    return int(found[1]) if found else 0


async def send(stage: Running, text: str) -> None:
    """Type and send, as the one who has just taken over."""
    await stage.type(text)
    await stage.press("ctrl+s")
    await stage.until(lambda: stage.pane.box.area.text == "", "taken by the server")


async def hold(desk: Desk, stage: Running, text: str = "my words", talk: Talk | None = None) -> Talk:
    """Take over the first conversation and send something."""
    talk = talk or await desk.waiting()
    await stage.sees("Crystal Minh", "asks for a person", "live")
    await stage.take()
    await send(stage, text)
    await stage.sees("sending", text)
    return talk


async def test_it_counts_down_and_then_is_the_message_in_its_place(desk: Desk, size: Size) -> None:
    async with running(desk.console(tick=0.1), size) as stage:
        await hold(desk, stage)
        await stage.until(lambda: 0 < left(stage) <= LONG, "the seconds left")
        before_long = left(stage)
        await stage.until(lambda: 0 < left(stage) < before_long, "fewer")
        await stage.sees("esc u undo")
        await stage.press("escape")
        await stage.until(lambda: bool(re.search(r"sending \d+ s   u undo", stage.text)), "as a key of the list")
        before = stage.text.splitlines()
        at = next(y for y, line in enumerate(before) if "my words" in line)
        await desk.goes_out()
        await stage.until(lambda: "sending" not in stage.text, "gone out")
        assert "my words" in stage.text.splitlines()[at]
        assert stage.text.splitlines()[at - 1].rstrip().endswith("you")


async def test_u_puts_the_words_before_what_was_typed_since(desk: Desk, size: Size) -> None:
    async with running(desk.console(), size) as stage:
        talk = await hold(desk, stage)
        await stage.type("and more")
        await stage.press("escape")
        await stage.until(lambda: stage.pane.transcript.has_focus, "left the text")
        await stage.press("u")
        await stage.until(lambda: stage.pane.box.area.text == "my words\nand more", "words are back")
        await stage.until(lambda: "sending" not in stage.text, "not on its way")
        assert stage.pane.box.area.has_focus
        assert await desk.held(talk.id) == []
        await desk.goes_out()
        assert "my words" not in await desk.said(talk.id)

        async def kept() -> bool:
            return await desk.draft(talk.id) == "my words\nand more"

        await stage.until_true(kept, "draft")


async def test_ctrl_z_in_the_empty_composer_calls_back_too(desk: Desk) -> None:
    async with running(desk.console(), WIDE) as stage:
        talk = await hold(desk, stage)
        await stage.press("ctrl+z")
        await stage.until(lambda: stage.pane.box.area.text == "my words", "words are back")
        await stage.type("!")
        await stage.press("ctrl+z")
        await stage.until(lambda: stage.pane.box.area.text == "my words", "the letter was taken back")
        assert await desk.held(talk.id) == []


async def test_u_works_from_the_inbox_whatever_the_cursor_is_on(desk: Desk, size: Size) -> None:
    other, talk = await desk.visitor("Other"), await desk.waiting()
    async with running(desk.console(tick=0.1), size) as stage:
        await hold(desk, stage, talk=talk)
        await stage.press("escape", "escape")
        await stage.until(lambda: stage.rows.has_focus, "in the list")
        await stage.press("G")
        await stage.until(lambda: stage.rows.current_key == other.id, "on the other row")
        await stage.sees("sending  u undo")
        await stage.press("u")
        await stage.until(lambda: "your draft again" in stage.toasts, "told")
        assert await desk.held(talk.id) == []
        assert await desk.draft(talk.id) == "my words"
        await stage.until(lambda: "u undo" not in stage.footer, "nothing more to undo")


async def test_what_went_out_meanwhile_stays_sent(desk: Desk) -> None:
    async def late(cancel: Callable[[], Awaitable[Any]]) -> object:
        await desk.goes_out()
        return await cancel()

    messages = Around(desk.services().messages, "cancel_held", late)
    async with running(desk.console(services=desk.services(messages=messages)), WIDE) as stage:
        talk = await hold(desk, stage)
        await stage.press("escape", "u")
        await stage.until(lambda: "it went out" in stage.toasts, "told")
        assert (await desk.said(talk.id)).count("my words") == 1
        assert stage.pane.box.area.text == ""


async def test_the_other_console_of_the_same_person_sees_it_and_can_undo_it(desk: Desk) -> None:
    async with running(desk.console(), WIDE) as one, running(desk.console(tick=0.1), NARROW) as two:
        await two.sees("live")
        await hold(desk, one)
        await two.press("enter")
        await two.open_pane()
        await two.sees("sending", "my words")
        await two.press("u")
        await two.writing()
        assert two.pane.box.area.text == "my words"
        await one.until(lambda: "sending" not in one.text, "gone here too")


async def test_ctrl_o_sends_what_is_held_first_and_hands_back(desk: Desk, size: Size) -> None:
    async with running(desk.console(), size) as stage:
        talk = await hold(desk, stage, "first")
        await stage.type("second")
        await stage.press("ctrl+o")
        await stage.until(lambda: not stage.pane.box.is_open, "handed back")
        assert [text for role, text in await talk.seen() if role == "human"] == ["first", "second"]
        assert (await desk.of(talk.id)).control is Control.AI
        await stage.until(lambda: "sending" not in stage.text, "nothing on its way")


async def test_ctrl_o_with_nothing_typed_sends_what_is_held_and_hands_back(desk: Desk) -> None:
    async with running(desk.console(), WIDE) as stage:
        talk = await hold(desk, stage, "first")
        await stage.press("ctrl+o")
        await stage.until(lambda: not stage.pane.box.is_open, "handed back")
        assert [text for role, text in await talk.seen() if role == "human"] == ["first"]
        assert (await desk.of(talk.id)).control is Control.AI


async def test_ctrl_o_that_fails_says_so_once_and_keeps_the_text(desk: Desk, size: Size) -> None:
    async def fails(release: Callable[[], Awaitable[Any]]) -> object:
        raise ConnectionFailedError("the connection was lost")

    messages = Around(desk.services().messages, "release_held", fails)
    async with running(desk.console(services=desk.services(messages=messages)), size) as stage:
        talk = await hold(desk, stage, "first")
        await stage.type("second")
        await stage.press("ctrl+o")
        await stage.sees("not sent")
        assert stage.pane.box.area.text == "second"
        assert await desk.held(talk.id) == ["first"]
        assert (await desk.of(talk.id)).control is Control.HUMAN


async def test_resolving_sends_what_is_held_and_u_opens_it_again(desk: Desk, size: Size) -> None:
    async with running(desk.console(tick=0.1), size) as stage:
        talk = await hold(desk, stage)
        await stage.press("escape", "e")
        await stage.sees("resolved  u undo")
        assert ("human", "my words") in await talk.seen()
        assert (await desk.of(talk.id)).status is Status.RESOLVED
        await stage.press("u")
        await stage.until(lambda: "undone: resolved" in stage.toasts, "told")
        now = await desk.of(talk.id)
        assert (now.status, now.holder is not None) == (Status.OPEN, True)
        assert ("human", "my words") in await talk.seen()


async def test_switching_away_and_back_shows_it_still(desk: Desk) -> None:
    other, talk = await desk.visitor("Other"), await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await hold(desk, stage, talk=talk)
        await stage.press("escape", "escape", "G")
        await stage.opened(other.id)
        await stage.until(lambda: "my words" not in stage.pane.transcript.blocks[-1].parts[-1].content.plain, "other")
        await stage.press("g")
        await stage.opened(talk.id)
        await stage.sees("sending", "my words")


async def test_words_that_were_not_sent_come_before_what_is_typed(desk: Desk, size: Size) -> None:
    async with running(desk.console(), size) as stage:
        talk = await hold(desk, stage)
        await stage.type("and more")
        now = await desk.of(talk.id)
        await desk.services().takeover.take_from(desk.people.admin, talk.id, epoch=now.epoch)
        await stage.sees("adam holds this conversation now")
        assert stage.pane.box.area.text == "my words\nand more"
        await stage.type("!")

        async def kept() -> bool:
            return await desk.draft(talk.id) == "my words\nand more!"

        await stage.until_true(kept, "nothing is lost")
        assert "my words" not in await desk.said(talk.id)


async def test_what_one_console_calls_back_is_in_the_composer_of_the_other(desk: Desk) -> None:
    async with running(desk.console(), WIDE) as one, running(desk.console(), NARROW) as two:
        await two.sees("live")
        await hold(desk, one)
        await one.type("more")
        await two.press("enter")
        await two.open_pane()
        await two.sees("sending")
        await two.press("u")
        await two.writing()
        await one.until(lambda: one.pane.box.area.text == "my words\nmore", "here too")


async def test_words_called_back_while_the_draft_is_read_are_in_the_composer_that_opens(desk: Desk) -> None:
    """The read from before brings its draft after all, and before the one that was begun for the words."""
    before, after = asyncio.Event(), asyncio.Event()
    reads: list[asyncio.Event] = []

    async def late(load: Callable[[], Awaitable[Any]]) -> object:
        draft = await load()
        if slow:
            answered = after if reads else before
            reads.append(answered)
            while not answered.is_set():
                with suppress(asyncio.CancelledError):  # it is on its way: no cancellation stops it
                    await answered.wait()
        return draft

    slow, drafts = False, Around(desk.services().drafts, "load", late)
    async with running(desk.console(services=desk.services(drafts=drafts)), NARROW) as stage:
        talk = await hold(desk, stage)
        await stage.press("escape", "escape")
        await stage.until(lambda: stage.rows.has_focus, "in the list")
        slow = True
        await stage.press("enter")
        await stage.open_pane()
        await stage.until(lambda: len(reads) == 1, "the draft is being read")
        await stage.press("u")
        await stage.until(lambda: len(reads) > 1 and "your draft again" in stage.toasts, "called back, and read again")
        assert not stage.pane.box.is_open
        before.set()
        await stage.handled()
        after.set()
        await stage.writing()
        await stage.until(lambda: stage.pane.box.area.text == "my words", "words are back")
        await stage.type("!")

        async def kept() -> bool:
            return await desk.draft(talk.id) == "my words!"

        await stage.until_true(kept, "nothing is lost")
