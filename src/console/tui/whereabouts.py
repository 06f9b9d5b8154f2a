"""Where this operator is: told to the others at each change and at each beat."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from console.errors import ConsoleError
from console.ids import ConversationId
from console.tui.working import also

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

TYPING = 3.0
"""Typing is told again after so many seconds; the others believe it for twice as long."""


class Whereabouts:
    """The conversation that is open, if any, and the last that was; a preview is not."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._at: ConversationId | None = None
        self.last: ConversationId | None = None
        self._typed = 0.0
        self._news: tuple[ConversationId | None, bool] | None = None
        self._told: tuple[ConversationId | None, bool] | None = None

    def go(self, id: ConversationId | None) -> None:
        """It is open now; None: none is."""
        if id != self._at:
            self._at, self._typed = id, 0.0
            self.last = id or self.last
            self._tell(typing=False)

    def typing(self, id: ConversationId) -> None:
        """Something was typed in it."""
        if id == self._at and monotonic() - self._typed >= TYPING:
            self._typed = monotonic()
            self._tell(typing=True)

    def sent(self) -> None:
        """Nothing is being typed any more."""
        if self._typed:
            self._typed = 0.0
            self._tell(typing=False)

    def beat(self) -> None:
        """Still here."""
        self._tell(typing=self._at is not None and monotonic() - self._typed < TYPING)

    async def leave(self) -> bool:
        """The console ends. Gives back whether this person has another one open."""
        with suppress(ConsoleError):  # the others see it within the minute
            return await self._app.services.presence.leave(self._app.actor)
        return False

    def _tell(self, *, typing: bool) -> None:
        idle, self._news = self._news is None, (self._at, typing)
        if idle and self._app.is_running:
            also(self._app, "whereabouts", self._here)

    async def _here(self) -> None:
        """Say the newest, one after the other: a call that is cut off would cost its connection."""
        try:
            while self._news is not None and self._news != self._told:
                self._told = self._news
                await self._app.services.presence.here(self._app.actor, self._told[0], typing=self._told[1])
        except ConsoleError:
            pass  # what else the operator does says that there is trouble
        finally:
            self._news = self._told = None
