"""Text from outside is shown, never obeyed; the real terminal's bytes are judged in tests/safety."""

from __future__ import annotations

import io

import pytest
from textual import events

from console.errors import RefusedError
from console.text import sanitise
from console.tui import crash
from console.tui.paste import PasteGuard
from tests.tui.support.desk import Desk
from tests.tui.support.stage import NARROW, running

MARKUP = "[@click=app.leave]x[/] [/ [$x] x[/b"
PASTED = "a\x1b]52;c;aGk=\x07b\u202ec\x13"


async def test_markup_is_shown_as_it_is_and_a_click_does_nothing(desk: Desk, size: tuple[int, int]) -> None:
    talk = await desk.visitor(MARKUP, MARKUP, page=MARKUP)
    await desk.answers(talk, MARKUP, cites=[MARKUP])
    async with running(desk.console(), size) as stage:
        await stage.sees("x[/]")
        await stage.open()
        await stage.sees(MARKUP)
        for y, line in enumerate(stage.text.splitlines()):
            if (x := line.find("x[/]")) >= 0:
                await stage.pilot.click(offset=(x, y))
        assert not stage.app._exit
        stage.app.report(RefusedError(MARKUP, hint=MARKUP))
        await stage.until(lambda: MARKUP in stage.toasts, "told")
        assert stage.app.is_running


async def test_pasted_codes_become_signs(desk: Desk) -> None:
    await desk.waiting()
    async with running(desk.console(), NARROW) as stage:
        await stage.sees("Crystal Minh")
        await stage.press("/")
        stage.app.screen.query_one("#filter").post_message(events.Paste(PASTED))
        await stage.sees("␛]52;c;aGk=␇b")
        await stage.press("escape")
        await stage.sees("Crystal Minh")
        await stage.take()
        stage.pane.box.area.post_message(events.Paste(PASTED))
        await stage.until(lambda: bool(stage.pane.box.area.text), "pasted")
        assert stage.pane.box.area.text == sanitise(PASTED)


@pytest.mark.parametrize("size", range(1, 24))
def test_a_paste_is_text_however_it_is_cut(size: int) -> None:
    typed = f"j\x1b[A\x1b[200~{PASTED}one\r\ntwo\rthree\x1b[20\x1b[201~k\x1b[200~\x1b[201~\x1b"
    guard = PasteGuard()
    found = "".join(guard.guard(typed[at : at + size]) for at in range(0, len(typed), size))
    safe = sanitise(f"{PASTED}one\ntwo\nthree\x1b[20")
    assert found == f"j\x1b[A\x1b[200~{safe}\x1b[201~k\x1b[200~\x1b[201~\x1b"


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


async def test_an_exception_in_a_handler_ends_without_locals(desk: Desk) -> None:
    await desk.visitor(said="very secret words")
    shown = io.StringIO()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the exception comes out of the running app
        async with running(desk.console()) as stage:

            def breaks() -> None:
                secret_local = "very secret words"
                raise ZeroDivisionError(secret_local)

            await stage.sees("secret")
            stage.app.call_later(breaks)
            await stage.pilot.pause()
            stage.app.error_console.file = shown
            stage.app._print_error_renderables()
    assert "ZeroDivisionError" in shown.getvalue()
    assert "secret" not in shown.getvalue()
