"""The operator console."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import ClassVar

from textual._path import CSSPathType
from textual.app import App
from textual.binding import BindingType
from textual.command import Provider
from textual.css.query import NoMatches
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import Worker

from console.clock import utc_now
from console.domain.actor import Actor
from console.domain.inbox import InboxCounts
from console.domain.live import Link, LinkChanged, LiveEvent
from console.errors import ConnectionFailedError, ConsoleError, NotAllowedError
from console.resources import resource
from console.services import Services
from console.text import SafeText, one_line
from console.tui import crash, paste
from console.tui.areas import AREAS
from console.tui.commands import BY_ACTION, Scope, bindings
from console.tui.drafts import DraftKeeper
from console.tui.events import Coalescer, CountsChanged, RowsChanged
from console.tui.outbox import Outbox
from console.tui.palette import ConsoleCommands
from console.tui.present.notices import error_text
from console.tui.present.plain import PLAIN
from console.tui.screens.base import ConsoleScreen, report_failure
from console.tui.spool import Spool
from console.tui.themes import DARK, LIGHT, THEMES, named
from console.tui.widgets.toast import SECONDS, Severity, toast
from console.tui.working import start

HEARTBEAT = 15.0
RECONNECT = 2.0


@dataclass(frozen=True, slots=True)
class Place:
    """The workspace that the console is in."""

    slug: SafeText
    name: SafeText


@dataclass(frozen=True, slots=True)
class Options:
    """How the console looks, how often it looks at the clock (seconds), and the folder of drafts not yet saved.

    `ascii` draws with plain signs only.
    """

    theme: str = "dark"
    tick: float = 1.0
    drafts: Path | None = None
    ascii: bool = False


class ConsoleApp(App[None], inherit_bindings=False):
    """The console of one actor in one workspace, over the services it is given."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.GLOBAL)
    MODES: ClassVar[dict[str, str | Callable[[], Screen[None]]]] = {area.id: area.screen for area in AREAS}
    DEFAULT_MODE = AREAS[0].id
    CSS_PATH: ClassVar[CSSPathType | None] = [resource("styles") / "theme.tcss"]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ConsoleCommands}
    COMMAND_PALETTE_BINDING = "f24"  # ours are in the command table
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (100, "-wide"), (140, "-broad")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-tall")]  # noqa: RUF012
    ESCAPE_TO_MINIMIZE = False
    TITLE = "console"

    def __init__(self, services: Services, actor: Actor, place: Place, options: Options | None = None) -> None:
        paste.install()
        super().__init__()
        self.services = services
        self.actor = actor
        self.workspace = place
        self.options = options or Options()
        self.counts = InboxCounts()
        self.link = Link.POLLING
        self.link_since = self.trouble_since = utc_now()
        self.trouble = SafeText("")
        self._said: dict[str, float] = {}
        self.outbox = Outbox()
        self.drafts = DraftKeeper(services.drafts, actor, self.report, Spool(self.options.drafts, actor))
        self._recount = Coalescer(self, lambda _: self._count_soon())
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = named(self.options.theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and plain signs where they are asked for."""
        return [*super().get_line_filters(), *([PLAIN] if self.options.ascii else [])]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for any theme that lacks them."""
        return dict(DARK.variables)

    def now(self) -> datetime:
        """The time now in the operator's own time zone."""
        return utc_now().astimezone()

    def on_mount(self) -> None:
        """Start what runs as long as the console does."""
        if not self.is_headless:
            self._end_with_the_terminal()
        self.set_interval(self.options.tick, self._tick)
        self.set_interval(HEARTBEAT, self._heartbeat)
        start(self, "live", self._listen)
        start(self, "restore", self._restore)
        self._count_soon()

    def _end_with_the_terminal(self) -> None:
        """Textual itself dies of these signals at once, without a chance to save what was typed."""
        for name in (signal.SIGHUP, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, self.exit)

    def report(self, error: BaseException) -> None:
        """The one way of all errors: a lost connection shows as a line, the rest as a toast; the console goes on."""
        if isinstance(error, asyncio.CancelledError) or not self.is_running:
            return
        if isinstance(error, ConnectionFailedError):
            self.offline(one_line(error.message))
        elif isinstance(error, ConsoleError):
            self.say(error_text(error), "warning" if isinstance(error, NotAllowedError) else "error")
        else:
            self.say(f"something went wrong; incident {crash.incident(error)} is in the log", "error")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Failures of the app's own work go the same way."""
        report_failure(event, self.report)

    def offline(self, why: SafeText) -> None:
        """The server can't be reached."""
        if not self.trouble:
            self.trouble_since = utc_now()
        self.trouble = why
        self._tell_counts()

    def online(self) -> None:
        """The server answered."""
        if self.trouble:
            self.trouble = SafeText("")
            self._tell_counts()

    def say(self, text: str, severity: Severity = "information") -> None:
        """One line for a moment, unless it is there already."""
        now = monotonic()
        self._said = {said: at for said, at in self._said.items() if now - at < SECONDS}
        if text not in self._said:
            self._said[text] = now
            toast(self, text, severity)

    def changed_here(self) -> None:
        """Something was done here: count again without waiting for the link."""
        self._recount.add(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Textual asks before it shows or runs a binding."""
        command = BY_ACTION.get(action)
        return True if command is None or self.actor.role >= command.minimum else None

    async def action_area(self, id: str) -> None:
        """Go to an area."""
        if self.current_mode != id:
            await self.switch_mode(id)

    def action_help(self) -> None:
        """Every key."""
        from console.tui.modals.help import HelpModal

        self.push_screen(HelpModal(self.actor.role))

    def action_theme(self) -> None:
        """Dark to light and back."""
        self.theme = DARK.name if self.theme == LIGHT.name else LIGHT.name

    def action_leave(self) -> None:
        """Leave; asks when something is held or unsent."""
        start(self, "leave", self._leave)

    async def _leave(self) -> None:
        if why := self._unfinished():
            from console.tui.modals.confirm import Leave

            if not await self.push_screen_wait(Leave("Leave the console?", why, "leave")):
                return
        await self.drafts.close()
        self.exit()

    def _unfinished(self) -> str:
        reasons = []
        if self.outbox.waiting:
            reasons.append("A message has not reached the server.")
        if self.drafts.unsaved:
            reasons.append("A draft is not saved yet.")
        if begun := self.drafts.begun:
            kept = (
                "one reply or note that is not sent; it is"
                if begun == 1
                else f"{begun} replies or notes not sent; they are"
            )
            reasons.append(f"You have {kept} kept as {'a draft' if begun == 1 else 'drafts'}.")
        if self.counts.mine:
            one = self.counts.mine == 1
            held = "a conversation" if one else f"{self.counts.mine} conversations"
            reasons.append(f"You hold {held}; the queue gets {'it' if one else 'them'} back when your lease ends.")
        return " ".join(reasons)

    async def on_unmount(self) -> None:
        """Whatever was typed is kept, however the console ends."""
        await self.drafts.close()

    async def _restore(self) -> None:
        if count := await self.drafts.restore():
            self.say(f"{count} {'draft' if count == 1 else 'drafts'} of the last time kept: see the rows marked draft")

    async def _listen(self) -> None:
        while True:
            try:
                await self._follow(self.services.live.events(self.actor))
            except Exception as error:
                self._heard(LinkChanged(Link.OFFLINE))
                self.report(error)
            await asyncio.sleep(RECONNECT)

    async def _follow(self, events: AsyncIterator[LiveEvent]) -> None:
        try:
            async for event in events:
                self._heard(event)
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    def _heard(self, event: LiveEvent) -> None:
        if isinstance(event, LinkChanged):
            self.link, self.link_since = event.link, utc_now()
            if event.link is Link.OFFLINE:
                self.offline(SafeText("the server can't be reached"))
            else:
                self.online()
            self._tell_counts()
            return
        self._recount.add(None)
        for screen in self.screen_stack:
            if isinstance(screen, ConsoleScreen):
                screen.post_message(RowsChanged(event.conversations))

    def _count_soon(self) -> None:
        start(self, "counts", self._count)

    async def _count(self) -> None:
        try:
            self.counts = await self.services.inbox.counts(self.actor)
            self.online()
        except ConsoleError as error:
            self.report(error)
        self._tell_counts()

    def _heartbeat(self) -> None:
        if self.counts.mine:
            start(self, "heartbeat", self._renew)

    async def _renew(self) -> None:
        try:
            held = await self.services.takeover.renew(self.actor)
        except ConsoleError as error:
            self.report(error)
            return
        if held != self.counts.mine:
            self._recount.add(None)

    def _tick(self) -> None:
        screen = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(screen, ConsoleScreen):
            with suppress(NoMatches):  # a screen on its way out has lost its widgets before it ends
                screen.tick()

    def _tell_counts(self) -> None:
        for screen in self.screen_stack if self._running else ():
            if isinstance(screen, ConsoleScreen):
                screen.post_message(CountsChanged())

    def _fatal_error(self) -> None:
        """Textual's own shows the locals of every frame, and with them what visitors wrote."""
        crash.show(self)
