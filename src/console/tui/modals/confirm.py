"""A question before an act that can't be taken back; the safe answer is the one that enter gives."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from console.tui.modals.base import Modal


class Confirm(Modal[bool]):
    """Says what will happen to what, and asks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes"),
        Binding("n,escape,q,ctrl+c", "no", "No"),
        Binding("left,right,h,l", "other", "Other", show=False),
    ]

    def __init__(self, question: str, consequence: str, verb: str) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence
        self._verb = verb

    def compose(self) -> ComposeResult:
        """Question, consequence, two buttons."""
        with Vertical(classes="card"):
            yield Static(Content.styled(self._question, ".t-strong"), markup=False)
            yield Static(Content.styled(self._consequence, ".t-quiet"), markup=False, classes="text")
            with Horizontal(classes="buttons"):
                yield Button(Content("n  No"), id="no", compact=True)
                yield Button(Content(f"y  Yes, {self._verb}"), id="yes", compact=True)

    def on_mount(self) -> None:
        """No is the default."""
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The answer."""
        self.dismiss(event.button.id == "yes")

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Leave it."""
        self.dismiss(False)

    def action_other(self) -> None:
        """To the other button."""
        self.focus_next()


class Leave(Confirm):
    """Asks before the end; who presses ctrl+c twice means it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c,ctrl+q", "yes", "Yes", priority=True)]
