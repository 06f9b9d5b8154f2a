from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from console.domain.conversation import Control, HandoffReason, Status
from console.domain.message import MessageRole
from console.errors import ConnectionFailedError
from console.tui.screens.conversation import ConversationScreen
from tests.tui.support.around import Around
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, WIDE, running

Size = tuple[int, int]


async def test_opens_beside_the_list_or_over_it(desk: Desk, size: Size) -> None:
    talk = await desk.visitor(page="/returns", domain="acme.test")
    await desk.answers(talk, "You can return within 90 days. [1]", cites=["Returns, Size"])
    await talk.say("a person please")
    await desk.answers(talk, "A person will help you.", confidence=0.31, why=None)
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh", "live")
        await stage.open()
        await stage.sees("Assistant  94%", "You can return within 90 days. [1]", "[1] Returns, Size", "agent v1")
        await stage.sees("acme.test/returns", "ai answers", "Acme Retail")
        assert isinstance(stage.app.screen, ConversationScreen) is (size == NARROW)

        async def marked() -> bool:
            return (await desk.of(talk.id)).last_read_seq == 4

        await stage.until_true(marked, "marked read")
        await stage.press("escape")
        await stage.until(lambda: stage.rows.has_focus, "back in the list")


async def test_preview_follows_the_cursor_after_a_rest(desk: Desk) -> None:
    second, first = await desk.visitor("Second", "second words"), await desk.visitor("First")
    async with running(desk.console()) as stage:
        await stage.opened(first.id)
        await stage.press("j")
        await stage.opened(second.id)
        await stage.sees("second words")
        assert stage.rows.has_focus
        assert (await desk.of(second.id)).last_read_seq == 0


async def test_a_shift(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh", "asks for a person", "live")
        await stage.take()
        await stage.sees("you, since", "you took over", "handed to a person: the visitor asked", "ctrl+s send")
        await stage.type("Hi Crystal tepbq?")
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.pane.box.area.text == "", "sent")
        await stage.sees("sending", "Hi Crystal tepbq?")
        assert ("human", "Hi Crystal tepbq?") not in await talk.seen()
        await desk.goes_out()
        assert ("human", "Hi Crystal tepbq?") in await talk.seen()
        await stage.until(lambda: "sending" not in stage.text, "gone out")
        await stage.sees("Hi Crystal tepbq?")
        assert await desk.draft(talk.id) is None
        await talk.say("thank you")
        await stage.sees("thank you")
        await stage.type("Bye")
        await stage.press("ctrl+o")
        await stage.sees("Bye", "you handed back to the assistant")
        await stage.until(lambda: not stage.pane.box.is_open, "composer gone")
        assert (await desk.of(talk.id)).control is Control.AI


async def test_note_hand_back_and_resolve_by_key(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh", "live")
        await stage.press("p")
        await stage.open_pane()
        await stage.writing()
        await stage.sees("only your team sees it")
        assert "ctrl+o" not in stage.footer
        await stage.type("gold member")
        await stage.press("ctrl+s")
        await stage.sees("note  you", "gold member")
        await stage.until(lambda: not stage.pane.box.is_open, "composer gone")
        assert "gold member" not in [content for _, content in await talk.seen()]
        await stage.take()
        await stage.press("escape")
        await stage.until(lambda: "b hand back" in stage.footer, "footer")
        await stage.press("b")
        await stage.sees("ai answers")
        await stage.press("e")
        await stage.sees("resolved", "you resolved it")
        assert (await desk.of(talk.id)).status is Status.RESOLVED


async def test_draft_is_kept_as_typed_and_comes_back(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.type("half a sentence")

        async def kept(text: str = "half a sentence") -> bool:
            return await desk.draft(talk.id) == text

        await stage.until_true(kept, "saved while typing")
        await stage.type(" more")
        await stage.press("escape")
        await stage.until_true(lambda: kept("half a sentence more"), "saved on esc")
        await stage.press("t")
        await stage.writing()
        await stage.type("!")
        stage.app.exit()
    assert await desk.draft(talk.id) == "half a sentence more!"
    async with running(desk.console(), size) as stage:
        await stage.sees("draft")
        await stage.take()
        assert stage.pane.box.area.text == "half a sentence more!"


async def test_the_loser_of_a_claim_sees_who_won(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()

    async def too_late(claim: Callable[[], Awaitable[Any]]) -> object:
        await desk.services().takeover.claim(desk.people.other, talk.id)
        return await claim()

    takeover = Around(desk.services().takeover, "claim", too_late)
    async with running(desk.console(services=desk.services(takeover=takeover)), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("t")
        await stage.until(lambda: "claimed by max" in stage.toasts and "s ago" in stage.toasts, "told")
        await stage.sees("held by max")
        await stage.until(lambda: stage.app.screen.check_action("take_over", ()) is False, "no way to take it")
        await stage.press("t", "b", "e")
    holder = (await desk.of(talk.id)).holder
    assert holder is not None
    assert holder.user_id == desk.people.other.user_id


async def test_a_send_after_the_claim_is_lost_keeps_the_text(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()

    async def taken_meanwhile(send: Callable[[], Awaitable[Any]]) -> object:
        now = await desk.of(talk.id)
        if now.holder is not None and now.holder.user_id == desk.me.user_id:
            await desk.services().takeover.take_from(desk.people.admin, talk.id, epoch=now.epoch)
        return await send()

    messages = Around(desk.services().messages, "hold", taken_meanwhile)
    async with running(desk.console(services=desk.services(messages=messages)), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.press("ctrl+s")
        await stage.sees("nothing to send")
        await stage.type("my words")
        await stage.press("ctrl+s")
        await stage.sees("adam", "your draft is kept", "my words", "held by adam")
        await stage.until(lambda: "sending" not in stage.text, "no longer on its way")
        assert stage.pane.box.area.text == "my words"
        assert "my words" not in await desk.said(talk.id)


async def test_a_retry_after_a_lost_answer_sends_once(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()

    async def unheard(send: Callable[[], Awaitable[Any]]) -> object:
        sent = await send()
        if messages.calls == 1:
            raise ConnectionFailedError("the connection was lost")
        return sent

    messages = Around(desk.services().messages, "hold", unheard)
    async with running(desk.console(services=desk.services(messages=messages)), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.type("only once")
        await stage.press("ctrl+s")
        await stage.sees("not sent", "ctrl+s")
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.pane.box.area.text == "", "acknowledged")
        assert await desk.held(talk.id) == ["only once"]
        await desk.goes_out()
        assert (await desk.said(talk.id)).count("only once") == 1
        assert messages.calls == 2
        assert stage.app.outbox.waiting == 0


async def test_suggestion(desk: Desk, size: Size) -> None:
    talk = await desk.visitor()
    await desk.suggested(talk, "Refunds take three days.")
    await desk.history(talk.id, 1)
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.sees("The assistant was about to say", "Tab to use it", "Refunds take three days.")
        await stage.press("tab")
        await stage.until(lambda: stage.pane.box.area.text == "Refunds take three days.", "used")
        assert stage.pane.box.area.has_focus
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.pane.box.area.text == "", "sent")
        await talk.say("and the last word")
        await stage.sees("and the last word")
        assert stage.pane.transcript.at_end


async def test_nothing_is_said_to_be_quoted_to_who_was_handed_over(desk: Desk, size: Size) -> None:
    talk = await desk.visitor()
    await desk.answers(talk, "A person will see to it.", confidence=0.2, why=HandoffReason.MISSING_KNOWLEDGE)
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.open()
        await stage.until(lambda: "w why" in stage.footer, "footer")
        await stage.press("w")
        await stage.sees("Why did the assistant say this?", "handed to a person", "1.91 nearest")
        assert "quoted" not in stage.text


async def test_why(desk: Desk, size: Size) -> None:
    talk = await desk.visitor()
    await desk.answers(talk, "It ships on Tuesday.")
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.open()
        await stage.until(lambda: "w why" in stage.footer and "esc back" in stage.footer, "footer")
        await stage.press("w")
        await stage.sees(
            "Why did the assistant say this?", "wrong size", "Returns / Return Due To Size", "1.91", "quoted"
        )
        await stage.press("escape")
        await stage.until(lambda: "Why did" not in stage.text, "closed")


async def test_what_the_assistant_does_is_seen(desk: Desk, size: Size) -> None:
    talk = await desk.visitor()
    go_on = asyncio.Event()

    async def at(point: str) -> None:
        if point == "begun":
            await go_on.wait()

    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh", "live")
        await stage.open()
        answering = asyncio.create_task(desk.answers(talk, "It ships on Tuesday.", at=at))
        await stage.sees("the assistant is answering")
        go_on.set()
        await answering
        await stage.sees("It ships on Tuesday.")
        await stage.until(lambda: "the assistant is answering" not in stage.text, "done")


async def test_a_late_result_for_another_conversation_is_dropped(desk: Desk) -> None:
    second, first = await desk.visitor("Second"), await desk.visitor("First", "first words")
    async with running(desk.console()) as stage:
        await stage.opened(first.id)
        from console.tui.thread import read

        late = await read(desk.services(), desk.me, first.id)
        stage.pane.open(second.id)
        stage.pane.post_message(stage.pane.Read(first.id, late))
        await stage.opened(second.id)
        assert stage.pane.subject is not None
        assert stage.pane.subject.id == second.id
        assert "first words" not in stage.pane.transcript.blocks[0].parts[1].content.plain


async def test_ten_thousand_messages_open_like_twenty(desk: Desk, size: Size) -> None:
    talk = await desk.visitor()
    await desk.history(talk.id, 10_000)
    async with running(desk.console(), size) as stage:
        await stage.sees("Crystal Minh")
        await stage.open()
        await stage.sees("message 10000")
        pane = stage.pane
        assert pane.thread is not None
        assert len(pane.thread.messages) == 100
        pane.transcript.scroll_to(y=5, animate=False)
        await stage.until(lambda: len(pane.thread.messages) == 200, "earlier ones")  # type: ignore[union-attr]
        assert pane.transcript.scroll_offset.y > 100
        await stage.press("g")
        await stage.until(lambda: len(pane.thread.messages) >= 300, "earlier ones")  # type: ignore[union-attr]
        await stage.press("G")
        await stage.sees("message 10000")


async def test_admin_takes_from_another_after_asking(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    await desk.services().takeover.claim(desk.people.other, talk.id)
    async with running(desk.console(desk.people.admin), size) as stage:
        await stage.sees("held by max")
        await stage.press("t")
        await stage.sees("Take over from max?")
        await stage.press("enter")
        await stage.until(lambda: "Take over from" not in stage.text, "no is the default")
        holder = (await desk.of(talk.id)).holder
        assert holder is not None
        assert holder.user_id == desk.people.other.user_id
        await stage.press("t")
        await stage.sees("Take over from max?")
        await stage.press("y")
        await stage.open_pane()
        await stage.writing()
        holder = (await desk.of(talk.id)).holder
        assert holder is not None
        assert holder.user_id == desk.people.admin.user_id


async def test_two_consoles_see_each_other(desk: Desk) -> None:
    await desk.waiting()
    async with running(desk.console()) as mia, running(desk.console(desk.people.other), NARROW) as max_:
        await mia.sees("Crystal Minh", "live")
        await max_.sees("Crystal Minh", "live")
        await mia.take()
        await max_.sees("held by mia")
        await mia.type("hello")
        await mia.press("ctrl+s")
        await mia.sees("sending")
        await desk.goes_out()
        await max_.open()
        await max_.sees("hello", "mia took over")


async def test_next_for_me(desk: Desk, size: Size) -> None:
    first, second = await desk.waiting("W1"), await desk.waiting("W2")
    await desk.fill(3)
    async with running(desk.console(), size) as stage:
        await stage.until(lambda: len(stage.rows.rows) == 5, "inbox read")
        await stage.press("G", "n")
        await stage.open_pane()
        await stage.opened(first.id)
        await stage.until(lambda: "n next" in stage.footer, "footer")
        await stage.press("n")
        await stage.opened(second.id)


async def test_the_first_of_those_that_wait_is_not_passed_over(desk: Desk, size: Size) -> None:
    first, second = await desk.waiting("W1"), await desk.waiting("W2")
    async with running(desk.console(), size) as stage:
        await stage.until(lambda: stage.rows.current_key == first.id, "the cursor on it")
        await stage.press("n")
        await stage.open_pane()
        await stage.opened(first.id)
        await stage.press("escape")
        await stage.until(lambda: stage.rows.has_focus, "in the list")
        await stage.press("n")
        await stage.opened(second.id)


async def test_shrinking_goes_on_writing_over_the_list(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.sees("Crystal Minh")
        await stage.take()
        await stage.type("keep me")
        await stage.pilot.resize_terminal(*NARROW)
        await stage.until(lambda: isinstance(stage.app.screen, ConversationScreen), "pushed")
        await stage.writing()
        assert stage.pane.target == talk.id
        assert stage.pane.box.area.text == "keep me"


async def test_roles_of_messages_are_told_apart(desk: Desk) -> None:
    talk = await desk.waiting()
    claim = await desk.services().takeover.claim(desk.people.other, talk.id)
    await desk.services().messages.send(desk.people.other, talk.id, "I am Max", token="a", epoch=claim.epoch)
    async with running(desk.console()) as stage:
        await stage.opened(talk.id)
        await stage.sees("max took over", "I am Max", "handed to a person")
        assert stage.pane.thread is not None
        roles = [message.role for message in stage.pane.thread.messages.values()]
        assert roles == [MessageRole.USER, MessageRole.ASSISTANT, MessageRole.HUMAN]
