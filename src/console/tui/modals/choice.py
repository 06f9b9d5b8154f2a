"""A few answers, each with a letter: press it, or choose with the arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from console.text import SafeText
from console.tui.modals.base import Modal
from console.tui.present.picking import Option
from console.tui.present.tone import toned
from console.tui.widgets.pick_list import PickList

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """An answer and its letter; `value` is what the question gives back."""

    key: str
    words: str
    hint: str
    value: T


class Choice(Modal[Answer[T] | None]):
    """Gives back the answer, or None. The letters work before it is drawn: two keys typed fast are one command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "Down", show=False),
        Binding("up,k", "step(-1)", "Up", show=False),
        Binding("enter", "choose", "Choose"),
        Binding("escape,q,ctrl+c", "close", "Close"),
    ]

    def __init__(self, question: str, answers: Sequence[Answer[T]], at: int = 0) -> None:
        super().__init__()
        self._question = question
        self._answers = answers
        self._at = at
        for place, answer in enumerate(answers):
            self._bindings.bind(answer.key, f"pick({place})", answer.words, show=False)

    def compose(self) -> ComposeResult:
        """Question, answers, keys."""
        with Vertical(classes="card"):
            yield Static(toned(self._question, "strong"), markup=False)
            yield PickList[int](id="options", most=9)
            yield Static(toned("letter or enter chooses   esc cancel", "quiet"), markup=False)

    @property
    def _list(self) -> PickList[int]:
        return cast("PickList[int]", self.query_one("#options", PickList))

    def on_mount(self) -> None:
        """The first one, or the one that holds now."""
        options = [
            Option(place, SafeText(f"{answer.key}  {answer.words}"), SafeText(answer.hint))
            for place, answer in enumerate(self._answers)
        ]
        self._list.show(options, at=self._at)

    def action_step(self, by: int) -> None:
        """To the next one."""
        self._list.move(by)

    def action_pick(self, place: int) -> None:
        """By its letter."""
        self.dismiss(self._answers[place])

    @on(PickList.Clicked)
    def action_choose(self) -> None:
        """The one chosen."""
        if (option := self._list.current) is not None:
            self.action_pick(option.value)
