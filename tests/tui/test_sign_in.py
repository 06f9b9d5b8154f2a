"""The sign-in screen, by keyboard alone, over the real sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.errors import ConnectionFailedError, NobodyYetError, NotSignedInError
from console.services import Services
from console.text import SafeText
from console.tui.app import Options, Place
from console.tui.screens.sign_in import SignInScreen
from console.tui.starting import Seat, StartingApp
from tests.services.sign_in import PASSWORD, Person, make_person
from tests.tui.support.stage import NARROW, Running, running

KEPT = "the file /somewhere/session.token, readable by you only (no keyring is used)"


@dataclass
class Entrance:
    """The door as a process has it: a token once somebody signed in, and what was tried."""

    person: Person
    token: str = ""
    tried: list[tuple[str, str, str | None]] = field(default_factory=list)
    before: Callable[[], Awaitable[None]] | None = None

    async def opening(self) -> Seat:
        """A seat for who has a session."""
        services = Services(self.person.db, None, self.person.seal)
        if not self.token:
            raise await services.auth.nobody()
        return Seat(services, await services.auth.resume(self.token), Place(SafeText("acme"), SafeText("Acme Retail")))

    async def enter(self, email: str, password: str, code: str | None) -> str:
        """The real sign-in."""
        self.tried.append((email, password, code))
        if self.before is not None:
            await self.before()
        self.token = (await self.person.auth.login(email, password, code=code)).token
        return KEPT

    @asynccontextmanager
    async def shown(self, size: tuple[int, int] = NARROW) -> AsyncIterator[Running]:
        """The console without a session."""
        async with running(StartingApp(self.opening, Options("dark"), enter=self.enter), size) as stage:
            await stage.until(lambda: isinstance(stage.app.screen, SignInScreen), "the sign-in screen")
            await stage.sees("Sign in", "E-mail", "Password", "you are not signed in", "esc leaves")
            yield stage


@pytest.fixture
async def mia(db: Database, urls: ServerUrls, tmp_path: Path) -> Person:
    return await make_person(db, urls, tmp_path)


async def test_email_password_and_in(mia: Person, size: tuple[int, int]) -> None:
    entrance = Entrance(mia)
    async with entrance.shown(size) as stage:
        await stage.enter(mia.email)
        await stage.type(PASSWORD)
        assert PASSWORD not in stage.text
        assert "••••" in stage.text
        assert "Code" not in stage.text
        await stage.press("enter")
        await stage.sees("Acme Retail", "1 Inbox")
        assert KEPT in stage.toasts
    assert entrance.tried == [(mia.email, PASSWORD, None)]


async def test_a_wrong_try_is_one_line_and_another_goes(mia: Person, size: tuple[int, int]) -> None:
    async with Entrance(mia).shown(size) as stage:
        await stage.type(mia.email)
        await stage.press("tab")
        await stage.enter("wrong")
        await stage.sees("wrong e-mail, password or code", "after 5 wrong tries")
        assert sum("wrong e-mail" in line for line in stage.text.splitlines()) == 1
        await stage.enter(PASSWORD)
        await stage.sees("Acme Retail")


async def test_the_code_is_asked_for_when_it_is_needed(mia: Person, size: tuple[int, int]) -> None:
    await mia.enrolled()
    async with Entrance(mia).shown(size) as stage:
        await stage.enter(mia.email)
        await stage.enter(PASSWORD)
        await stage.sees("asks for a code", "Code", "or a recovery code")
        await stage.enter("000000")
        await stage.sees("wrong e-mail, password or code")
        await stage.enter(mia.code())
        await stage.sees("Acme Retail")


async def test_who_must_wait_gives_a_recovery_code(mia: Person) -> None:
    codes = await mia.enrolled()
    for _ in range(5):
        await mia.refused("wrong")
    mia.pass_minutes(-60)  # the wait goes on for as long as the test may take
    async with Entrance(mia).shown() as stage:
        await stage.enter(mia.email)
        for _ in range(2):
            await stage.type(PASSWORD)
            await stage.press("tab" if "Code" in stage.text else "enter")
            await stage.sees("wrong e-mail, password or code", "Code")
        await stage.enter(codes[0])
        await stage.sees("Acme Retail")


async def test_esc_leaves_without_a_word(mia: Person) -> None:
    entrance = Entrance(mia)
    async with entrance.shown() as stage:
        await stage.type("half")
        await stage.press("escape")
        await stage.until(lambda: not stage.app.is_running, "left")
    assert isinstance(stage.app, StartingApp)
    assert (stage.app.failure, stage.app.return_code, entrance.tried) == (None, 0, [])


async def test_nothing_is_tried_before_all_is_filled(mia: Person) -> None:
    entrance = Entrance(mia)
    async with entrance.shown() as stage:
        await stage.press("enter")
        await stage.enter("x")
        await stage.until(lambda: stage.app.screen.query_one("#email").has_focus, "back to the e-mail")
        assert entrance.tried == []
        await stage.press("down", "up", "shift+tab", "tab")
        assert stage.app.screen.query_one("#email").has_focus


async def test_enter_twice_tries_once_and_leaving_does_not_wait(mia: Person) -> None:
    held = asyncio.Event()

    async def wait() -> None:
        await held.wait()

    entrance = Entrance(mia, before=wait)
    async with entrance.shown() as stage:
        await stage.enter(mia.email)
        await stage.enter(PASSWORD)
        await stage.press("enter", "enter")
        await stage.sees("signing in")
        assert len(entrance.tried) == 1
        await stage.press("escape")
        await stage.until(lambda: not stage.app.is_running, "left")


async def test_a_server_out_of_reach_keeps_what_was_typed(mia: Person) -> None:
    failures = [ConnectionFailedError("the database can't be reached: refused", hint="`console doctor`")]

    async def fail_once() -> None:
        if failures:
            raise failures.pop()

    async with Entrance(mia, before=fail_once).shown() as stage:
        await stage.enter(mia.email)
        await stage.enter(PASSWORD)
        await stage.sees("can't be reached", mia.email)
        await stage.press("enter")
        await stage.sees("Acme Retail")


async def test_what_breaks_inside_is_an_incident_and_no_end(mia: Person) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    async with Entrance(mia, before=broken).shown() as stage:
        await stage.enter("a@b")
        await stage.enter("[bold]x[/")
        await stage.sees("something went wrong; incident")


async def test_a_pasted_password_is_as_it_was_copied_and_never_copied_back(mia: Person) -> None:
    from textual.events import Paste

    entrance = Entrance(mia)
    async with entrance.shown() as stage:
        await stage.enter("a@b")
        stage.app.screen.query_one("#password").post_message(Paste(" two  blanks "))
        await stage.sees("•••")
        await stage.press("ctrl+a", "ctrl+x", "enter")
        await stage.until(lambda: bool(entrance.tried), "tried")
    assert entrance.tried[0][1] == " two  blanks "
    assert stage.app.clipboard == ""


@pytest.mark.parametrize("error", [NobodyYetError("nobody"), NotSignedInError("no")])
async def test_without_a_door_the_error_ends_it(mia: Person, error: NotSignedInError) -> None:
    async def opening() -> Seat:
        raise error

    enter = Entrance(mia).enter if isinstance(error, NobodyYetError) else None
    async with running(StartingApp(opening, Options("dark"), enter=enter), NARROW) as stage:
        await stage.until(lambda: not stage.app.is_running, "ended")
    assert isinstance(stage.app, StartingApp)
    assert stage.app.failure is error
