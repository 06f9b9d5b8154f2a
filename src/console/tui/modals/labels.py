"""Check the labels of a conversation, or of several."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from console.text import SafeText, one_line
from console.tui.modals.picker import Filtered, Read
from console.tui.present.picking import Option
from console.tui.widgets.words import Words


@dataclass(frozen=True, slots=True)
class Relabel:
    """Labels to put on, and to take off."""

    add: tuple[str, ...]
    remove: tuple[str, ...]


class LabelPicker(Filtered[str, Relabel | None]):
    """Gives back what to change, or None. Words that are no label yet can become one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "check", "Check", priority=True)]
    hint = "type to filter or create   tab check   enter done"
    nothing = "no labels yet: type one"

    def __init__(self, question: str, read: Read[str], there: Collection[str]) -> None:
        super().__init__(question, read)
        self._before = frozenset(there)
        self.checked = set(there)
        self._touched = False

    def begin(self) -> None:
        """Those that are there come first."""
        self.known = sorted(self.known or (), key=lambda option: option.value not in self._before)

    def offered(self) -> Sequence[Option[str]]:
        """What matches, and the words themselves when no label is called that."""
        found = list(super().offered())
        new = one_line(self.words.strip())
        if new and new.casefold() not in {option.value.casefold() for option in self.known or ()}:
            found.append(Option(str(new), new, SafeText("new label")))
        return found

    def refill(self, at: int | None = 0) -> None:
        """With the boxes."""
        super().refill(at)
        self.list.show(self.list.options, checked=self.checked)

    def action_check(self) -> None:
        """Check it, or not any more, and stay."""
        if (option := self.list.current) is None:
            return
        self._touched = True
        self.checked ^= {option.value}
        known = list(self.known or ())
        if all(each.value != option.value for each in known):
            known.append(Option(option.value, option.name))
        self.known = known
        with self.prevent(Input.Changed):
            self.query_one("#words", Words).clear()
        self.refill([each.value for each in known].index(option.value))

    def chosen(self, option: Option[str]) -> None:
        """Done; enter alone also checks the one chosen."""
        if not self._touched:
            self.checked ^= {option.value}
        self.dismiss(Relabel(tuple(sorted(self.checked - self._before)), tuple(sorted(self._before - self.checked))))
