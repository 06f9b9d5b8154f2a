"""Why the assistant said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from console.domain.actor import Actor
from console.domain.run import Trace
from console.ids import ConversationId
from console.services import Services
from console.tui.flagging import flag_answer
from console.tui.modals.base import Modal
from console.tui.present.notices import loading
from console.tui.present.tone import toned
from console.tui.present.trace import trace_lines
from console.tui.working import also, start


class WhyModal(Modal[None]):
    """The trace of one answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,w,q", "close", "Close"),
        Binding("c", "copy", "Copy the run's id"),
        Binding("f", "flag", "Flag as a gap"),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("pagedown", "scroll(10)", "Page down", show=False),
        Binding("pageup", "scroll(-10)", "Page up", show=False),
    ]

    @dataclass
    class TraceRead(Message):
        """It is there."""

        trace: Trace

    def __init__(self, services: Services, actor: Actor, id: ConversationId, seq: int) -> None:
        super().__init__()
        self._services = services
        self._actor = actor
        self._conversation = id
        self._seq = seq
        self.trace: Trace | None = None

    def compose(self) -> ComposeResult:
        """Trace, how to leave."""
        with Vertical(classes="card wide"):
            with VerticalScroll(id="table", can_focus=False):
                yield Static(loading("the trace"), markup=False, id="trace")
            yield Static(toned("↑ ↓ scroll   c copy the run's id   f flag as a gap   esc close", "quiet"), markup=False)

    def on_mount(self) -> None:
        """Read it."""
        start(self, "trace", self._read)

    def on_resize(self) -> None:
        """Draw it again in the new width."""
        self.call_after_refresh(self._draw)

    async def _read(self) -> None:
        self.post_message(
            self.TraceRead(await self._services.conversations.trace(self._actor, self._conversation, self._seq))
        )

    @on(TraceRead)
    def _trace_read(self, event: TraceRead) -> None:
        self.trace = event.trace
        self._draw()

    def say(self, text: str, tone: str = "now") -> None:
        """A trace that can't be read says so in its place."""
        self.query_one("#trace", Static).update(toned(text, tone))

    def action_copy(self) -> None:
        """Copy the run's id."""
        if self.trace is not None:
            self.app.copy_to_clipboard(str(self.trace.run_id))
            self.console_app.say(f"copied {self.trace.run_id}")

    def action_flag(self) -> None:
        """It was none: its question goes to the gaps."""
        app = self.console_app
        also(app, "flag", flag_answer, app, self._conversation, self._seq)

    def _draw(self) -> None:
        if self.trace is not None:
            width = self.query_one("#table").size.width - 1
            self.query_one("#trace", Static).update(trace_lines(self.trace, max(40, width)))
