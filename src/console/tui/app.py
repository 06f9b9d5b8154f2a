"""The operator console."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual._path import CSSPathType
from textual.actions import ActionParseResult
from textual.app import App
from textual.binding import BindingType
from textual.command import Provider
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker

from console.clock import utc_now
from console.domain.actor import Actor
from console.domain.inbox import InboxCounts
from console.domain.live import Changed, Link
from console.domain.overview import Overview
from console.errors import ConnectionFailedError, ConsoleError, NotAllowedError, NotMemberError, NotSignedInError
from console.resources import resource
from console.services import Services
from console.text import SafeText, one_line
from console.tui import crash
from console.tui.areas import AREAS
from console.tui.attention import Attention
from console.tui.commands import BY_ACTION, Scope, bindings
from console.tui.drafts import DraftKeeper
from console.tui.events import Coalescer, CountsChanged
from console.tui.leases import renew_leases
from console.tui.leaving import Leaving
from console.tui.listening import hear, listen
from console.tui.options import Options, Place
from console.tui.outbox import Outbox
from console.tui.palette import ConsoleCommands
from console.tui.present.notices import error_text
from console.tui.present.plain import PLAIN
from console.tui.screens.base import ConsoleScreen, report_failure
from console.tui.spool import Spool
from console.tui.stylesheet import OnceParsed
from console.tui.switching import Switching
from console.tui.terminal import ConsoleDriver, shell_waits
from console.tui.themes import DARK, THEMES, chosen, colourless
from console.tui.tint import tint_of
from console.tui.undo import Undo
from console.tui.whereabouts import Whereabouts
from console.tui.widgets.toast import SECONDS, Severity, toast
from console.tui.working import start

__all__ = ["ConsoleApp", "Options", "Place"]

if TYPE_CHECKING:
    from console.tui.tour import Tour

HEARTBEAT = 15.0
FIRST_BEAT = 1.0
RECOUNT = 1.0


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

    services: Services
    actor: Actor
    workspace: Place
    drafts: DraftKeeper
    undo: Undo
    seated = False
    touched = False

    def __init__(self, services: Services, actor: Actor, place: Place, options: Options | None = None) -> None:
        self._set_up(options or Options())
        self.sit(services, actor, place)

    def _set_up(self, options: Options) -> None:
        """All that is known before anybody sits here."""
        theme = chosen(options.theme, os.environ)
        super().__init__(driver_class=ConsoleDriver, ansi_color=True if colourless(os.environ) else None)
        self.options = options
        self.trouble = self.outdated = SafeText("")
        self.over: ConsoleError | None = None
        self.tint = 0
        self.leaving = Leaving(self)
        self.switching = Switching(self)
        self.tour: Tour | None = None
        self._know_nothing()
        self.attention = Attention(self.write_code, options.notify)
        self._recount = Coalescer(self, lambda _: self._count_soon(), RECOUNT)
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme
        self.stylesheet = OnceParsed(variables=self.get_css_variables())

    def sit(self, services: Services, actor: Actor, place: Place) -> None:
        """Take a seat: from here on it is known who acts, and where."""
        self.services, self.actor, self.workspace = services, actor, place
        self._know_nothing()
        self.tint = tint_of(actor.workspace_id, self.tint if self.seated else None)
        self.attention.at(place.name)
        self.undo = Undo(actor.user_id)
        self.drafts = DraftKeeper(
            services.drafts, actor, partial(self.report_for, actor), Spool(self.options.drafts, actor)
        )
        self.seated = True

    def _know_nothing(self) -> None:
        """Of the workspace that the console is in; of the one before, nothing is left."""
        self.counts, self.overview = InboxCounts(), Overview()
        self.unread_notifications = 0
        self.link = Link.POLLING
        self.link_since = self.trouble_since = utc_now()
        self.outbox = Outbox()
        self.whereabouts = Whereabouts(self)
        self._said: dict[str, float] = {}
        self._clipboard = ""

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
            self.leaving.on_signals()
        self.app_resume_signal.subscribe(self, lambda _: self._back_again())
        self.begin()

    def begin(self) -> None:
        """Start the clock, the live link and what else goes on by itself; somebody sits here."""
        self.set_interval(self.options.tick, self._tick)
        self.set_interval(HEARTBEAT, self._heartbeat)
        self.begin_here()

    def begin_here(self) -> None:
        """Start what goes on by itself in this workspace."""
        start(self, "live", listen, self)
        start(self, "restore", self._restore)
        self._count_soon()
        self.set_timer(FIRST_BEAT, self._heartbeat)

    def write_code(self, sequence: str) -> None:
        """Send the terminal a sequence that is nothing to be seen."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    async def on_event(self, event: events.Event) -> None:
        """Every key and every click passes here first."""
        if isinstance(event, events.Key) and event.key == "escape" and not event.is_forwarded and self._tour_escapes():
            return
        self.touched = self.touched or isinstance(event, events.Key | events.MouseDown | events.MouseScrollDown)
        await super().on_event(event)

    def on_app_focus(self) -> None:
        """The terminal has the focus."""
        self.attention.focus(here=True)

    def on_app_blur(self) -> None:
        """The operator looks elsewhere."""
        self.attention.focus(here=False)

    def report(self, error: BaseException) -> None:
        """The one way of all errors: a lost connection shows as a line, the rest as a toast; the console goes on."""
        if isinstance(error, asyncio.CancelledError) or not self.is_running or self.leaving.begun:
            return
        if self.switching.moving:  # of the workspace that is being left
            return
        if isinstance(error, NotSignedInError | NotMemberError):
            self.over = error
            self.leaving.soon(error.exit_code)
        elif isinstance(error, ConnectionFailedError):
            self.offline(one_line(error.message))
        elif isinstance(error, ConsoleError):
            self.say(error_text(error), "warning" if isinstance(error, NotAllowedError) else "error")
        else:
            self.say(f"something went wrong; incident {crash.incident(error)} is in the log", "error")

    def report_for(self, actor: Actor, error: BaseException) -> None:
        """The same, of what was begun as `actor`: nobody's any more when the console is elsewhere."""
        if actor == self.actor:
            self.report(error)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Failures of the app's own work go the same way."""
        report_failure(event, self.report)

    def offline(self, why: SafeText) -> None:
        """The server can't be reached."""
        if not self.trouble:
            self.trouble_since = utc_now()
        self.trouble = why
        self.tell_counts()

    def online(self) -> None:
        """The server answered."""
        if self.trouble:
            self.trouble = SafeText("")
            self.tell_counts()

    def say(self, text: str, severity: Severity = "information") -> None:
        """One line for a moment, unless it is there already."""
        now = monotonic()
        self._said = {said: at for said, at in self._said.items() if now - at < SECONDS}
        if text not in self._said:
            self._said[text] = now
            toast(self, text, severity)

    def changed_here(self) -> None:
        """Something in this workspace has changed: count again."""
        self._recount.add(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Textual asks before it shows or runs a binding."""
        if self.switching.moving:
            return False
        command = BY_ACTION.get(action)
        return True if command is None or self.actor.role >= command.minimum else None

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Textual's way of every key, click and palette entry; one that somebody is in the way of says so."""
        if await super().run_action(action, default_namespace, namespaces):
            return True
        target, name, _ = self._parse_action(
            action, self if default_namespace is None else default_namespace, namespaces
        )
        why = target.why_not(name) if isinstance(target, ConsoleScreen) else ""
        if why:
            self.say(why, "warning")
        return bool(why)

    async def action_area(self, id: str) -> None:
        """Go to an area."""
        if self.current_mode != id:
            await self.switch_mode(id)

    def action_help(self) -> None:
        """Every key."""
        from console.tui.modals.help import HelpModal

        self.push_screen(HelpModal(self.actor.role), lambda tour: self.action_tour() if tour else None)

    def action_tour(self) -> None:
        """A two-minute tour."""
        from console.tui.tour import Tour

        self.tour = self.tour or Tour(self)
        self.tour.begin()

    def _tour_escapes(self) -> bool:
        return self.tour is not None and self.tour.escapes()

    def tell_tour(self) -> None:
        """The tour stands elsewhere, or is over."""
        for screen in self.screen_stack if self._running else ():
            if isinstance(screen, ConsoleScreen):
                screen.show_tour()

    def action_mentions(self) -> None:
        """What others want me to know of."""
        from console.tui.modals.mentions import show_mentions

        show_mentions(self)

    def action_theme(self) -> None:
        """Dark, light, the terminal's own colours."""
        if colourless(os.environ):
            self.say("NO_COLOR is set: there is no other theme")
            return
        names = [each.name for each in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]

    def action_suspend(self) -> None:
        """Back to the shell for a while."""
        if shell_waits():
            self.action_suspend_process()
        else:
            self.say("there is no shell to go back to: q leaves")

    def _back_again(self) -> None:
        self.refresh(layout=True)
        if self.seated:
            self._heartbeat()
            hear(self, Changed(None))

    def action_leave(self) -> None:
        """Leave; asks when something is held or unsent."""
        start(self, "leave", self._leave)

    async def _leave(self) -> None:
        if why := self.leaving.unfinished():
            from console.tui.modals.confirm import Leave

            if not await self.push_screen_wait(Leave("Leave the console?", why, "leave")):
                return
        await self.leaving.let_go()
        self.exit()

    async def on_unmount(self) -> None:
        """However the console ends, what was typed is kept, and what is held goes back."""
        await self.leaving.let_go()

    async def _restore(self) -> None:
        if count := await self.drafts.restore():
            self.say(f"{count} {'draft' if count == 1 else 'drafts'} of the last time kept: see the rows marked draft")

    def _count_soon(self) -> None:
        start(self, "counts", self._count)

    async def _count(self) -> None:
        actor = self.actor
        try:
            counts = await self.services.inbox.counts(actor)
            unread = await self.services.notifications.unread(actor)
            overview = await self.services.overviews.get(actor)
            if actor != self.actor:
                return
            self.counts, self.unread_notifications, self.overview = counts, unread, overview
            self.attention.counted(self.counts.waiting, self.unread_notifications)
            self.online()
        except ConsoleError as error:
            self.report_for(actor, error)
        self.tell_counts()

    def _heartbeat(self) -> None:
        if self.switching.moving:
            return
        self.whereabouts.beat()
        if self.counts.held:
            start(self, "heartbeat", renew_leases, self)

    def _tick(self) -> None:
        self.attention.tick()
        screen = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(screen, ConsoleScreen):
            with suppress(NoMatches):  # a screen on its way out has lost its widgets before it ends
                screen.tick()

    def tell_counts(self) -> None:
        """What the lines around a screen show is different now."""
        self.tell_screens(CountsChanged)

    def tell_screens(self, message: Callable[[], Message]) -> None:
        """Send each screen a message of its own."""
        for screen in self.screen_stack if self._running else ():
            if isinstance(screen, ConsoleScreen):
                screen.post_message(message())

    def _handle_exception(self, error: Exception) -> None:
        if not crash.at_an_end(self, error):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Textual's own shows the locals of every frame, and with them what visitors wrote."""
        crash.show(self)
