"""Who else is in a conversation, and who types."""

from __future__ import annotations

import pytest

from tests.tui.support.desk import Desk
from tests.tui.support.stage import WIDE, running

Size = tuple[int, int]
pytestmark = pytest.mark.usefixtures("unpolled", "unbeaten")


async def test_operators_see_each_other_come_type_and_go(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage, running(desk.console(desk.people.other), WIDE) as other:
        await stage.sees("asks for a person", "live")
        await other.sees("asks for a person", "live")
        await stage.open()
        assert "is here" not in stage.text
        await other.press("enter")
        await other.opened(talk.id)
        await stage.sees("max is here")
        await other.sees("mia is here")
        await other.take()
        await stage.sees("max took over")
        await other.quiet()
        await stage.quiet()
        reads = stage.pane.turns
        await other.type("hm")
        await stage.sees("max is typing")
        assert stage.pane.turns == reads
        await other.press("escape", "escape")
        await other.until(lambda: other.rows.has_focus, "back in the list")
        await stage.until(lambda: "max is" not in stage.text, "gone")


async def test_a_note_being_written_is_nothing_for_the_visitor(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.open()
        await stage.press("p")
        await stage.writing()
        await stage.type("hm")

        async def saved() -> bool:
            return await desk.services().drafts.load(desk.me, talk.id, "note") is not None

        await stage.until_true(saved, "what was typed is on the server")
        await stage.quiet()  # and so is what the others are told
        around = await desk.services().presence.around(desk.people.other, [talk.id])
        assert [(each.name, each.typing) for each in around] == [("mia", False)]


async def test_passing_by_is_not_being_there(desk: Desk) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), WIDE) as stage:
        await stage.opened(talk.id)
        assert await desk.services().presence.around(desk.people.other, [talk.id]) == ()
        await stage.press("enter")

        async def there() -> bool:
            return [each.name for each in await desk.services().presence.around(desk.people.other, [talk.id])] == [
                "mia"
            ]

        await stage.until_true(there, "seen by others")


async def test_the_visitor_types(desk: Desk, size: Size) -> None:
    talk = await desk.waiting()
    async with running(desk.console(), size) as stage:
        await stage.sees("asks for a person", "live")
        await stage.open()
        await talk.visitors.typing(talk.token, talk.id)
        await stage.sees("Crystal Minh is typing")
        await talk.say("there it is")
        await stage.sees("there it is")
