"""Pick one of many: type to filter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from console.tui.modals.base import Modal, Result
from console.tui.present.notices import loading
from console.tui.present.picking import Option, matching
from console.tui.present.tone import toned
from console.tui.widgets.pick_list import PickList
from console.tui.widgets.words import Words
from console.tui.working import start

T = TypeVar("T")
Read = Callable[[], Awaitable[Sequence[Option[T]]]]


class Filtered(Modal[Result], Generic[T, Result]):
    """Options read by `read`; it is there at once, so that what is typed meanwhile is not lost."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "step(1)", "Down", show=False),
        Binding("up", "step(-1)", "Up", show=False),
        Binding("escape,ctrl+c", "close", "Close"),
    ]
    folds = True
    hint = "type to filter   ↑ ↓   enter picks   esc cancel"
    nothing = "nothing of that name"

    @dataclass
    class OptionsRead(Message):
        """They are there."""

        options: Sequence[Option[Any]]

    def __init__(self, question: str, read: Read[T], *, empty: str = "") -> None:
        """`empty` says why there is nothing to pick from."""
        super().__init__()
        self.empty = empty or self.nothing
        self._question = question
        self._read = read
        self.known: Sequence[Option[T]] | None = None

    def compose(self) -> ComposeResult:
        """Question, words, options, keys."""
        with Vertical(classes="card"):
            yield Static(toned(self._question, "strong"), markup=False)
            yield Words("type to filter", id="words")
            yield PickList[T](id="options")
            yield Static(loading("the list"), markup=False, id="state")
            yield Static(toned(self.hint, "quiet"), markup=False)

    @property
    def list(self) -> PickList[T]:
        """The options that match."""
        return cast("PickList[T]", self.query_one("#options", PickList))

    @property
    def words(self) -> str:
        """What is typed."""
        return self.query_one("#words", Input).value

    def on_mount(self) -> None:
        """Read them."""
        start(self, "options", self._read_options)

    async def _read_options(self) -> None:
        self.post_message(self.OptionsRead(await self._read()))

    @on(OptionsRead)
    def _options_read(self, event: OptionsRead) -> None:
        self.known = event.options
        self.begin()
        self.refill()

    def begin(self) -> None:
        """The options are there."""

    def offered(self) -> Sequence[Option[T]]:
        """The options for what is typed."""
        return matching(self.known or (), self.words)

    def refill(self, at: int | None = 0) -> None:
        """Show what matches."""
        if self.known is not None:
            options = self.offered()
            self.list.show(options, at=at)
            self.say("" if options else (self.nothing if self.known else self.empty), "quiet")

    @on(Input.Changed, "#words")
    def _typed(self) -> None:
        self.refill()

    @on(Input.Submitted, "#words")
    @on(PickList.Clicked)
    def _choose(self) -> None:
        if (option := self.list.current) is not None:
            self.chosen(option)

    def chosen(self, option: Option[T]) -> None:
        """Enter, or a click."""

    def action_step(self, by: int) -> None:
        """To the next one."""
        self.list.move(by)


class Picker(Filtered[T, Option[T] | None]):
    """Gives back the option picked, or None."""

    def chosen(self, option: Option[T]) -> None:
        """That one."""
        self.dismiss(option)
