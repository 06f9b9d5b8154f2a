"""Text from outside is shown, never obeyed: in every field of every screen."""

from __future__ import annotations

import io
import re

import pytest
from textual import events

from console.clock import utc_now
from console.domain.conversation import HandoffReason
from console.domain.run import Suggestion
from console.errors import RefusedError
from console.ids import RunId, new_id
from console.text import sanitise
from console.tui import crash
from tests.tui.support import fake
from tests.tui.support.fake import World
from tests.tui.support.stage import Stage, console

MARKUP = ["[@click=app.leave]x[/]", "[/", "[/]", "[$x]", "[b", "x[/b", "[link=http://e]x[/link]", "[red]red[/red]"]
CODES = [
    "\x1b]52;c;aGk=\x07",
    "\x1b[31mred",
    "a\x9b2Jb",
    "\u202egnp.exe",
    "\x1b]0;title\x1b\\",
    "a\rb",
    "\x00",
    "e" + "\u0301" * 100,
]
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


def planted(text: str) -> World:
    world = fake.world(name=text)
    id = world.conversation(text, waiting=HandoffReason.CUSTOMER_REQUEST, said=text, subject=text, page=text)
    world.assistant_says(id, text, cites=[text])
    world.store.event(id, text, text, text)
    world.store.find(id).suggestion = Suggestion(RunId(new_id()), sanitise(text), utc_now())
    return world


def clean(stage: Stage) -> None:
    assert not CONTROL.search(stage.text.replace("\n", "")), repr(CONTROL.search(stage.text))


@pytest.mark.parametrize(
    "text", [" ".join(MARKUP), "[/", "x[/b", "".join(CODES)], ids=["markup", "open", "half", "codes"]
)
async def test_every_field(text: str, size: tuple[int, int]) -> None:
    world = planted(text)
    (id,) = world.store.conversations
    async with console(world, size) as stage:
        clean(stage)
        await stage.press("enter")
        await stage.until(lambda: bool(stage.app.screen.query("ConversationPane")), "a pane")
        await stage.opened(id)
        clean(stage)
        await stage.press("w")
        await stage.sees("Why did the assistant say this?")
        clean(stage)
        await stage.press("escape", "t")
        await stage.writing()
        clean(stage)
        stage.app.report(RefusedError(text, hint=text))
        await stage.pilot.pause()
        clean(stage)
        assert stage.app.is_running


@pytest.mark.parametrize("text", ["[@click=app.leave]x[/]", "[/", "[$x]"])
async def test_markup_is_shown_as_it_is(text: str, size: tuple[int, int]) -> None:
    async with console(planted(text), size) as stage:
        await stage.press("enter")
        await stage.sees(text)
        for y, line in enumerate(stage.text.splitlines()):
            if (x := line.find("x[/]")) >= 0:
                await stage.pilot.click(offset=(x, y))
        assert not stage.app._exit


async def test_pasted_codes_become_signs(world: World) -> None:
    world.conversation(waiting=HandoffReason.CUSTOMER_REQUEST)
    async with console(world) as stage:
        await stage.press("t")
        await stage.writing()
        stage.pane.box.area.post_message(events.Paste("a\x1b]52;c;aGk=\x07b\u202ec"))
        await stage.until(lambda: bool(stage.pane.box.area.text), "pasted")
        assert stage.pane.box.area.text == sanitise("a\x1b]52;c;aGk=\x07b\u202ec")
        clean(stage)


async def test_pasted_codes_in_the_filter_become_signs(world: World) -> None:
    world.conversation()
    async with console(world) as stage:
        await stage.press("/")
        stage.app.screen.query_one("#filter").post_message(events.Paste("a\x1b[31mb"))
        await stage.sees("␛[31m")
        clean(stage)


def test_crash_shows_where_but_not_what() -> None:
    def fails(visitor_text: str) -> None:
        raise RuntimeError(f"bad {visitor_text}")

    try:
        fails("very secret words")
    except RuntimeError as error:
        text = crash.report(error).plain
    assert "secret" not in text
    assert "RuntimeError" in text
    assert "in fails" in text
    assert "Incident" in text


async def test_an_exception_in_a_handler_ends_without_locals(world: World) -> None:
    world.conversation(said="very secret words")
    shown = io.StringIO()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the exception comes out of the running app
        async with console(world) as stage:

            def breaks() -> None:
                secret_local = "very secret words"
                raise ZeroDivisionError(secret_local)

            stage.app.call_later(breaks)
            await stage.pilot.pause()
            stage.app.error_console.file = shown
            stage.app._print_error_renderables()
    assert "ZeroDivisionError" in shown.getvalue()
    assert "secret" not in shown.getvalue()
