"""`/` begins a canned reply, `@` in a note names a member; esc leaves both as typed."""

from __future__ import annotations

import pytest

from console.tui.completing import token_at
from tests.tui.support.desk import Desk
from tests.tui.support.stage import WIDE, Running, running

Size = tuple[int, int]


async def replies(desk: Desk) -> None:
    """Two canned replies."""
    canned = desk.services().canned
    await canned.save(desk.me, "refund", title="Refunds", content="Hi {visitor}, refunds take 3 days. {me}")
    await canned.save(desk.me, "return", title="Returns", content="Print a label.\nThen post it.")


async def begin(stage: Running, kind: str = "reply") -> None:
    """Write to the first conversation."""
    await stage.sees("Crystal Minh", "asks for a person")
    if kind == "note":
        await stage.press("p")
        await stage.open_pane()
        await stage.writing()
    else:
        await stage.take()


async def test_a_canned_reply_is_filtered_previewed_and_filled_in(desk: Desk, size: Size) -> None:
    await replies(desk)
    await desk.waiting()
    async with running(desk.console(), size) as stage:
        await begin(stage)
        await stage.sees("/ canned")
        await stage.press("/")
        await stage.sees("refund", "return", "Refunds", "refunds take 3 days", "enter inserts")
        await stage.type("ret")
        await stage.sees("Print a label.")
        await stage.until(lambda: "Refunds" not in stage.text, "filtered")
        await stage.press("backspace", "f")
        await stage.sees("refunds take 3 days")
        await stage.press("enter")
        words = "Hi Crystal Minh, refunds take 3 days. mia"
        await stage.until(lambda: stage.pane.box.area.text == words, "inserted")
        assert "enter inserts" not in stage.text
        await stage.press("enter")
        assert stage.pane.box.area.text == f"{words}\n"


async def test_arrows_choose(desk: Desk) -> None:
    await replies(desk)
    await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await begin(stage)
        await stage.press("/")
        await stage.sees("Returns")
        await stage.press("down", "tab")
        await stage.until(lambda: stage.pane.box.area.text == "Print a label.\nThen post it.", "inserted")


async def test_esc_leaves_it_as_typed_and_the_text_open(desk: Desk, size: Size) -> None:
    await replies(desk)
    await desk.waiting()
    async with running(desk.console(), size) as stage:
        await begin(stage)
        await stage.type("/re")
        await stage.sees("Returns")
        await stage.press("escape")
        await stage.until(lambda: "Returns" not in stage.text, "closed")
        assert stage.pane.box.area.text == "/re"
        assert stage.pane.box.area.has_focus
        await stage.type("d")
        await stage.pilot.pause(0.1)
        assert "Returns" not in stage.text
        await stage.press("enter")
        assert stage.pane.box.area.text == "/red\n"


async def test_what_matches_nothing_is_text(desk: Desk) -> None:
    await replies(desk)
    await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await begin(stage)
        await stage.enter("/zzz")
        await stage.type("and / or")
        assert stage.pane.box.area.text == "/zzz\nand / or"
        assert not stage.pane.box.completion.display


async def test_without_any_it_says_so_and_is_text(desk: Desk, size: Size) -> None:
    await desk.waiting()
    async with running(desk.console(), size) as stage:
        await begin(stage)
        await stage.press("/")
        await stage.sees("no canned replies yet")
        await stage.press("enter")
        await stage.until(lambda: stage.pane.box.area.text == "/\n", "a new line")
        await stage.until(lambda: "no canned replies" not in stage.text, "gone")


async def test_a_note_completes_members_and_tells_them(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    handle = desk.people.other.email.partition("@")[0]
    async with running(desk.console(), size) as stage, running(desk.console(desk.people.other), WIDE) as other:
        await other.sees("live")
        await begin(stage, "note")
        await stage.type("look @ma")
        await stage.sees(handle, "max")
        await stage.press("enter")
        await stage.until(lambda: stage.pane.box.area.text == f"look @{handle} ", "completed")
        await stage.type("please")
        await stage.press("ctrl+s")
        await stage.until(lambda: not stage.pane.box.is_open, "noted")
        await other.until(lambda: other.app.unread_notifications == 1, "told")
        await other.press("@")
        await other.sees("What you should know of", "@ mia mentions you", "please")
        await other.press("enter")
        await other.opened(talk.id)
        await other.until(lambda: other.app.unread_notifications == 0, "read")


async def test_all_mentions_are_read_at_once(desk: Desk) -> None:
    talk = await desk.waiting()
    handle = desk.people.member.email.partition("@")[0]
    for n in range(2):
        await desk.services().messages.note(desk.people.other, talk.id, f"@{handle} {n}", token=str(n))
    async with running(desk.console(), WIDE) as stage:
        await stage.until(lambda: stage.app.unread_notifications == 2, "told")
        await stage.press("@")
        await stage.sees("max mentions you")
        await stage.press("ctrl+r")
        await stage.until(lambda: stage.app.unread_notifications == 0, "read")


@pytest.mark.parametrize(
    ("text", "note", "typed"),
    [
        ("/", False, ""), ("/re", False, "re"), ("a /re", False, None), ("x\n/re", False, None), ("/a b", False, None),
        ("@", True, ""), ("see @mia", True, "mia"), ("(@mi", True, "mi"), ("a@b", True, None), ("/re", True, None),
        ("x\n@m", True, "m"), ("@m", False, None),
    ],
)  # fmt: skip
def test_what_begins_a_completion(text: str, note: bool, typed: str | None) -> None:
    lines = text.split("\n")
    token = token_at(text, len(lines) - 1, len(lines[-1]), note=note)
    assert (token.typed if token else None) == typed
