"""A few fields and what is done with them: what can't be done is said beside them, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.text import one_line
from console.tui.modals.base import SCROLLING, Modal
from console.tui.present.tone import toned
from console.tui.widgets.detail import Detail
from console.tui.widgets.words import Words
from console.tui.working import start

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Field:
    """A line to fill: its name, what stands above it, what stands in it while it is empty."""

    name: str
    label: str
    hint: str = ""


class Form(Modal[T | None], Generic[T]):
    """Gives back what `act` gives, or None. `shown` stands above the fields and scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "close", "Close"),
        Binding("ctrl+s", "submit", "Do it", priority=True),
        *SCROLLING,
    ]

    def __init__(
        self,
        title: str,
        fields: Sequence[Field],
        act: Callable[[Mapping[str, str]], Awaitable[T]],
        *,
        verb: str,
        shown: Content | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._fields = fields
        self._act = act
        self._verb = verb
        self._shown = shown
        self._busy = False

    def compose(self) -> ComposeResult:
        """Title, what is known, fields, what went wrong, keys."""
        with Vertical(classes="card wide" if self._shown else "card"):
            yield Static(toned(one_line(self._title), "strong"), markup=False)
            if self._shown:
                yield Detail(id="table")
            for field in self._fields:
                yield Static(toned(field.label, "quiet"), markup=False)
                yield Words(field.hint, id=field.name)
            yield Static(id="state", markup=False)
            scroll = "   ↑ ↓ scroll" if self._shown else ""
            yield Static(toned(f"enter {self._verb}{scroll}   esc cancel", "quiet"), markup=False)

    def on_mount(self) -> None:
        """Begin with the first field."""
        if self._shown:
            pane = self.query_one(Detail)
            pane.can_focus = False
            pane.styles.height = min(self._shown.plain.count("\n") + 2, max(4, self.app.size.height - 14))
            self.call_after_refresh(pane.show, self._shown, top=True)
        self.query_one(f"#{self._fields[0].name}").focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.input.id == self._fields[-1].name:
            self.action_submit()
        else:
            self.focus_next()

    def action_submit(self) -> None:
        """Do it."""
        if not self._busy:
            self._busy = True
            self.say("")
            start(self, "act", self._do)

    async def _do(self) -> None:
        given = {field.name: self.query_one(f"#{field.name}", Input).value for field in self._fields}
        try:
            done = await self._act(given)
        finally:
            self._busy = False
        self.dismiss(done)
