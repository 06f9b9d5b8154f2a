"""How the console ends: what was typed is kept, what is held goes back to the queue."""

from __future__ import annotations

import asyncio
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from console.domain.actor import Actor, Role
from console.domain.inbox import InboxFilter, InboxRow
from console.errors import ConflictError, ConsoleError, NotFoundError
from console.tui.terminal import LAST_SECONDS, ConsoleDriver, end_within, within

if TYPE_CHECKING:
    from console.services import Services
    from console.tui.app import ConsoleApp

GO_SECONDS = 3.0


class Leaving:
    """The end of one console, asked for by its person, by a signal, or by a terminal that is gone."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._deadline: threading.Timer | None = None
        self._gone = False

    @property
    def begun(self) -> bool:
        """Whether the console is ending without being asked."""
        return self._task is not None

    def on_signals(self) -> None:
        """Textual itself dies of these at once, without a chance to keep anything."""
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.soon, 128 + number)

    def soon(self, code: int, *, seconds: float = LAST_SECONDS) -> None:
        """End with this code, within so many seconds whatever the server and the terminal do."""
        if self._task is None:
            driver = self._app._driver  # noqa: SLF001 - Textual keeps it there
            if isinstance(driver, ConsoleDriver):
                self._deadline = end_within(seconds, code, driver.abandon)
            self._task = asyncio.create_task(self._end(code), name="leaving")

    def done(self) -> None:
        """The console has ended and given the terminal back: the process may go on."""
        if self._deadline is not None:
            self._deadline.cancel()

    def unfinished(self) -> str:
        """What somebody should know who is about to leave; empty when there is nothing."""
        app, reasons = self._app, list[str]()
        if app.outbox.waiting:
            reasons.append("A message has not reached the server.")
        if app.drafts.unsaved:
            reasons.append("A draft is not saved yet.")
        if begun := app.drafts.begun:
            one = "one reply or note that is not sent; it is kept as a draft"
            more = f"{begun} replies or notes not sent; they are kept as drafts"
            reasons.append(f"You have {one if begun == 1 else more}.")
        if held := app.counts.held:
            what, they = ("a conversation", "it") if held == 1 else (f"{held} conversations", "them")
            reasons.append(f"You hold {what}; the queue gets {they} back with your last console.")
        if reasons and app.undo.sending(app.now()):
            reasons.append("What is still being sent goes out.")
        return " ".join(reasons)

    async def let_go(self) -> None:
        """Keep what was typed and put back what is held, as far as the server answers within seconds."""
        if self._gone or not self._app.seated:
            return
        self._gone = True
        await self.put_down()

    async def put_down(self) -> None:
        """The same, of one who goes elsewhere."""
        app = self._app
        work = {"keep drafts": app.drafts.close(), "release": self._release(app.services, app.actor)}
        await within(GO_SECONDS, *(asyncio.create_task(each, name=name) for name, each in work.items()))

    async def _end(self, code: int) -> None:
        await self.let_go()
        self._app.exit(return_code=code)

    async def _release(self, services: Services, actor: Actor) -> None:
        elsewhere = await self._app.whereabouts.leave()
        if elsewhere or actor.role < Role.MEMBER:
            return
        try:
            for row in await self._held(services, actor):
                with suppress(ConflictError, NotFoundError):  # it is another's by now
                    await services.takeover.release(actor, row.id, epoch=row.epoch, leaving=True)
        except ConsoleError as error:
            self._app.report_for(actor, error)  # the leases end by themselves

    async def _held(self, services: Services, actor: Actor) -> list[InboxRow]:
        rows, after = list[InboxRow](), None
        while True:
            page = await services.inbox.page(actor, InboxFilter.MINE, after=after)
            rows += page.rows
            if (after := page.next) is None:
                return [row for row in rows if row.mine]
