"""What every modal has: our tones, the way out, and a place for what can't be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from console.errors import ConsoleError
from console.text import one_line
from console.tui.present.notices import error_text
from console.tui.present.tone import TONES, toned

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

Result = TypeVar("Result")

SCROLLING: tuple[BindingType, ...] = (
    Binding("down", "scroll(1)", "Down", show=False),
    Binding("up", "scroll(-1)", "Up", show=False),
    Binding("pagedown", "scroll(10)", "Page down", show=False),
    Binding("pageup", "scroll(-10)", "Page up", show=False),
)
"""For a card that has a field to write in: the arrows scroll what is in `#table`."""


class Modal(ModalScreen[Result]):
    """A card over the screen; what it has to say stands in its line `#state`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(TONES)
    folds: ClassVar[bool] = False
    """Whether that line takes no room while there is nothing to say."""

    @property
    def console_app(self) -> ConsoleApp:
        """The app, with its services and its actor."""
        return cast("ConsoleApp", self.app)

    def say(self, text: str, tone: str = "now") -> None:
        """Show one line on the card."""
        line = self.query_one("#state", Static)
        line.display = bool(text) or not self.folds
        line.update(toned(one_line(text, 400), tone))

    def refused(self, error: ConsoleError) -> None:
        """Show why something can't be done."""
        self.say(error_text(error))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What can't be done is said here; what nobody expected goes the way of all errors."""
        error = event.worker.error if event.state is WorkerState.ERROR else None
        if isinstance(error, ConsoleError):
            self.refused(error)
        elif error is not None:
            self.say("")
            self.console_app.report(error)

    def action_scroll(self, lines: int) -> None:
        """Scroll what there is to read."""
        for pane in self.query("#table"):
            pane.scroll_relative(y=lines, animate=False, force=True)

    def action_close(self) -> None:
        """Away, with nothing to give back."""
        self.dismiss()
