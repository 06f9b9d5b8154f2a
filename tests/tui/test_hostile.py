"""Text from outside is shown, never obeyed; the real terminal's bytes are judged in tests/safety."""

from __future__ import annotations

import io
import re
import webbrowser

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


LINK = "see [the page](http://169.254.169.254/latest) or https://evil.test/?q=1"


async def test_a_link_in_an_answer_opens_nothing(
    desk: Desk, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its address is read like any other words; nothing of it can be clicked."""
    opened: list[object] = []
    monkeypatch.setattr(webbrowser, "open", lambda *words, **_: opened.append(words))
    talk = await desk.visitor(said=LINK, page="https://evil.test/page")
    await desk.answers(talk, LINK, cites=["https://evil.test/cited"])
    async with running(desk.console(), size) as stage:
        monkeypatch.setattr(stage.app, "open_url", lambda *words, **_: opened.append(words))
        await stage.sees("Crystal Minh")
        await stage.open()
        await stage.sees("(http://169.254.169.254/latest)", "[1] https://evil.test/cited")
        for y, line in enumerate(stage.text.splitlines()):
            for x in [at.start() for at in re.finditer("http|page|evil", line)]:
                await stage.pilot.click(offset=(x, y))
        strips = stage.app.screen._compositor.render_strips()
        assert [part.style.link for strip in strips for part in strip if part.style and part.style.link] == []
    assert opened == []


async def test_what_the_staff_writes_is_shown_as_it_is(desk: Desk, size: tuple[int, int]) -> None:
    talk = await desk.waiting(MARKUP)
    label, services = "[b]x[/] [/ x[/b", desk.services()
    await services.labels.change(desk.me, talk.id, add=[label])
    await services.canned.save(desk.me, "bad", title=MARKUP, content=f"{MARKUP} {{visitor}}")
    handle = desk.me.email.partition("@")[0]
    await services.messages.note(desk.people.other, talk.id, f"{MARKUP} @{handle}", token="note")
    async with running(desk.console(), size) as stage:
        await stage.sees("#[b]x[/]", "asks for a person")
        await stage.press("l")
        await stage.sees(f"[x] {label}")
        await stage.type("[red]y[/")
        await stage.sees("[ ] [red]y[/", "new label")
        await stage.press("enter")
        await stage.sees("#[red]y[/")
        await stage.press("@")
        await stage.sees("max mentions you: [@click=app.leave]x[/]")
        await stage.press("escape")
        await stage.until(lambda: "mentions you" not in stage.text, "closed")
        await stage.take()
        await stage.press("/")
        await stage.sees("bad", "[@click=app.leave]x[/]", "enter inserts")
        await stage.press("enter")
        await stage.until(lambda: stage.pane.box.area.text == f"{MARKUP} {MARKUP}", "inserted")
        await stage.press("ctrl+s")
        await stage.sees("sending", MARKUP)
        assert await desk.held(talk.id) == [f"{MARKUP} {MARKUP}"]
        assert not stage.app._exit


async def test_bad_names_are_shown_where_people_are(desk: Desk, size: tuple[int, int]) -> None:
    talk, other = await desk.waiting(), desk.people.other
    async with desk.db.write(desk.people.workspace_id) as tx:
        await tx.execute(
            "UPDATE workspace_users SET name = :name WHERE workspace_id = :ws AND user_id = :id",
            name=MARKUP, id=other.user_id,
        )  # fmt: skip
    await desk.services().presence.here(other, talk.id, typing=True)
    async with running(desk.console(), size) as stage:
        await stage.sees("asks for a person")
        await stage.open()
        await stage.sees(f"{MARKUP} is typing")
        await stage.press("a")
        await stage.sees(MARKUP, "nobody")
        await stage.enter("click")
        await stage.sees("you gave it to [@click=app.leave]x[/]")
        assert not stage.app._exit


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
