"""The console from its first frame on: it shows itself at once, and connects behind that frame."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import WorkerCancelled, WorkerFailed

from console.domain.actor import Actor
from console.errors import NobodyYetError, NotSignedInError
from console.services import Services
from console.tui.app import ConsoleApp, Options, Place
from console.tui.present.tone import toned
from console.tui.working import start

if TYPE_CHECKING:
    from console.tui.screens.sign_in import Enter


NOTHING_BEGUN = 0.5
"""How long the end may take, in seconds, while there is nothing to keep."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Who acts, where, and over which services."""

    services: Services
    actor: Actor
    place: Place


class StartScreen(Screen[None]):
    """What is seen until the inbox is there."""

    def compose(self) -> ComposeResult:
        """The top line, without what is not known yet."""
        yield Static(toned(" console   connecting …", "quiet"), id="top", markup=False)


class StartingApp(ConsoleApp):
    """Shows its frame, then awaits `opening` for the seat to take.

    What `opening` raises ends the console and is kept in `failure`, for whoever ran it to tell.
    """

    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {**ConsoleApp.MODES, "start": StartScreen}
    DEFAULT_MODE = "start"

    def __init__(
        self, opening: Callable[[], Awaitable[Seat]], options: Options, *, enter: Enter | None = None, email: str = ""
    ) -> None:
        """`enter` signs in who is not (`email` is offered); `opening` is then awaited again."""
        self._set_up(options)
        self._opening = opening
        self._enter = enter
        self._email = email
        self.failure: Exception | None = None

    def begin(self) -> None:
        """Connect once the first frame is out."""
        self.call_after_refresh(lambda: start(self, "open", self._open))

    async def _open(self) -> None:
        try:
            seat = await self._seat()
        except Exception as error:
            self.failure = error
            self.exit()
            return
        if seat is None:
            self.exit()
            return
        self.sit(seat.services, seat.actor, seat.place)
        await self.switch_mode(ConsoleApp.DEFAULT_MODE)
        await self._first_page()
        super().begin()

    async def _seat(self) -> Seat | None:
        """The seat; of who is not signed in, after the screen that asks, or None when that is left."""
        try:
            return await self._opening()
        except NobodyYetError:
            raise
        except NotSignedInError as error:
            if self._enter is None:
                raise
            return await self._signed_in(self._enter, error.message)

    async def _signed_in(self, enter: Enter, why: str) -> Seat | None:
        from console.tui.screens.sign_in import SignInScreen

        kept = await self.push_screen_wait(SignInScreen(enter, why, self._email))
        if kept is None:
            return None
        self.say(f"The session is kept in {kept}.")
        return await self._opening()

    async def _first_page(self) -> None:
        """The list comes before everything that goes on by itself."""
        reading = [worker for worker in self.workers if worker.group == "page"]
        with suppress(WorkerFailed, WorkerCancelled):  # told by its own screen
            await self.workers.wait_for_complete(reading)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Until somebody sits here, nothing can be done but leave."""
        return super().check_action(action, parameters) if self.seated else action == "leave"

    def action_leave(self) -> None:
        """Leave; without a question while nothing has begun, whatever the server is still waited for."""
        if self.seated:
            super().action_leave()
        else:
            self.leaving.soon(0, seconds=NOTHING_BEGUN)
