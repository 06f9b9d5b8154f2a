"""What every screen has: the line of where I am, the line of keys, a line for trouble, and a card when too small."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast
from uuid import UUID

from textual import events, on
from textual.app import ComposeResult
from textual.css.query import NoMatches
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from console.domain.actor import Actor, Role
from console.resources import resource
from console.text import SafeText
from console.tui.commands import BY_ACTION, Command
from console.tui.events import Coalescer, CountsChanged, RowsChanged
from console.tui.present.bar import Bar, bar_line
from console.tui.present.notices import banner_line, outdated_line, role_refusal, too_small
from console.tui.present.tone import TONES
from console.tui.widgets.ground import Body, ground
from console.tui.widgets.key_bar import KeyBar
from console.tui.widgets.top_bar import OneLine, TopBar
from console.tui.widgets.tour_strip import TourStrip

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

STYLES = resource("styles")


class ConsoleScreen(Screen[None]):
    """A screen of an area. Below it, `body()` is its own."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONES)
    trail: SafeText = SafeText("")

    def __init__(self) -> None:
        super().__init__()
        self._actor: Actor | None = None
        self._bar: tuple[object, int] | None = None
        self.changes = Coalescer(self, self.read_changed)

    @property
    def console_app(self) -> ConsoleApp:
        """The app, with its services and its actor."""
        return cast("ConsoleApp", self.app)

    def compose(self) -> ComposeResult:
        """The lines around the body."""
        yield TopBar(id="top")
        yield OneLine(id="banner")
        with Body(id="body"):
            yield from self.body()
        yield TourStrip(id="tour")
        yield KeyBar(id="keys")
        yield Static(too_small(), id="too-small", markup=False)

    @abstractmethod
    def body(self) -> ComposeResult:
        """The screen's own widgets."""

    @abstractmethod
    def read_changed(self, ids: frozenset[UUID] | None) -> None:
        """Read these again; None means everything."""

    @property
    def too_small(self) -> bool:
        """Whether the card of a terminal that is too small covers everything."""
        return self.has_class("-tiny") or self.has_class("-short")

    def needs(self, command: Command) -> Role:
        """The role that a command needs here and now."""
        return command.minimum

    def allowed(self, action: str) -> bool | None:
        """Whether a command of this screen can be used: True, None for grey, False for hidden."""
        command = BY_ACTION.get(action)
        return True if command is None or self.console_app.actor.role >= self.needs(command) else None

    def refusal(self, command: Command) -> str:
        """Why a command that can't be used does nothing, and what to do; empty where nobody is in the way."""
        role, needs = self.console_app.actor.role, self.needs(command)
        return role_refusal(command.title, needs, role) if role < needs else ""

    def why_not(self, action: str) -> str:
        """The refusal of an action that was not carried out; empty where nothing is to be said."""
        command = BY_ACTION.get(action)
        try:
            return "" if command is None or self.too_small else self.refusal(command)
        except NoMatches:
            return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Textual asks before it shows or runs a binding; of a screen that begins or ends, too."""
        try:
            return self.allowed(action)
        except NoMatches:
            return None

    def render_lines(self, crop: Region) -> list[Strip]:
        """What no widget covers."""
        return ground(self, crop)

    def show_top(self) -> None:
        """Draw the top line and the trouble line again."""
        try:
            top = self.query_one("#top", TopBar)
        except NoMatches:
            return
        app = self.console_app
        bar = Bar(
            app.workspace.name, app.actor.name, app.current_mode, self.trail,
            app.counts, app.link, app.link_since, app.now(), app.unread_notifications,
            app.actor.role < Role.MEMBER, app.overview,
        )  # fmt: skip
        if (drawn := (bar.in_words, self.size.width)) != self._bar:
            self._bar = drawn
            top.show(bar_line(bar, self.size.width))
        banner = self.query_one("#banner", OneLine)
        banner.display = bool(app.trouble or app.outdated)
        trouble = banner_line(app.trouble, app.trouble_since, app.now())
        banner.show(trouble if app.trouble else outdated_line(app.outdated))

    def show_tour(self) -> None:
        """Draw the tour's lines again, if there is one."""
        if (tour := self.console_app.tour) is not None:
            for strip in self.query(TourStrip):
                strip.show(tour.lines, running=tour.running)

    def tick(self) -> None:
        """A second has passed: ages and the clock."""
        self.show_top()

    def on_compose(self) -> None:
        """What the looks of all widgets depend on is known before there are any: none is styled a second time."""
        app = self.console_app
        across = self._get_breakpoint_classes(app.size.width, app.HORIZONTAL_BREAKPOINTS or [])
        down = self._get_breakpoint_classes(app.size.height, app.VERTICAL_BREAKPOINTS or [])
        self.add_class(f"-tint-{app.tint}", *across, *down)

    def on_mount(self) -> None:
        """Show where I am before anything is read."""
        self._actor = self.console_app.actor
        self.show_top()

    def on_resize(self) -> None:
        """The lines are as wide as the screen."""
        self.show_top()

    def on_screen_suspend(self) -> None:
        """Nothing is read for a screen that is not seen."""
        self.changes.pause()

    @on(events.ScreenResume)
    def _styled_already(self, event: events.ScreenResume) -> None:
        """Textual resumes a new screen twice, and styles all of it each time."""
        event.refresh_styles = self.stack_updates > 1

    def on_screen_resume(self) -> None:
        """Read what changed meanwhile."""
        self.show_top()
        self.show_tour()
        self.changes.resume()

    @on(RowsChanged)
    def _rows_changed(self, event: RowsChanged) -> None:
        self.changes.add(event.ids)

    @on(CountsChanged)
    def _counts_changed(self) -> None:
        self.show_top()
        self.counted()

    def counted(self) -> None:
        """The counts are others now."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The one way of all errors; what fails for a workspace that was left is nobody's."""
        if self._actor is not None:
            report_failure(event, partial(self.console_app.report_for, self._actor))


def report_failure(event: Worker.StateChanged, report: Callable[[BaseException], None]) -> None:
    """Report the error of a failed worker."""
    if event.state is WorkerState.ERROR and event.worker.error is not None:
        report(event.worker.error)
