"""Options to pick from, as lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.content import Content

from console.text import EMPTY, SafeText
from console.tui.present.tone import joined, sides, toned

T = TypeVar("T")
_LEAST = 12


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """One thing to pick: its name, a hint at the end of its line, and what it stands for, in full."""

    value: T
    name: SafeText
    hint: SafeText = EMPTY
    full: SafeText = EMPTY


def matching(options: Sequence[Option[T]], words: str) -> list[Option[T]]:
    """The options that have all the words; those whose name begins with them come first."""
    wanted = words.casefold().split()
    found = [each for each in options if all(word in f"{each.name} {each.hint}".casefold() for word in wanted)]
    return sorted(found, key=lambda each: not each.name.casefold().startswith(words.casefold().strip()))


def option_lines(
    options: Sequence[Option[T]], at: int, width: int, most: int, checked: Collection[T] | None = None
) -> Content:
    """At most `most` of the options around the one at `at`; with `checked`, each with a box."""
    first = max(0, min(at - most // 2, len(options) - most))
    shown = enumerate(options[first : first + most], first)
    lines = [
        _line(each, place == at, width, None if checked is None else each.value in checked) for place, each in shown
    ]
    return Content("\n").join(lines)


def _line(option: Option[T], here: bool, width: int, checked: bool | None) -> Content:
    edge = toned("▌", "mine") if here else Content(" ")
    box = Content("") if checked is None else toned("[x]" if checked else "[ ]", "mine" if checked else "quiet")
    name = toned(option.name, "strong" if here else "")
    return sides(
        edge + joined(box, name, gap=" "), toned(option.hint, "quiet").truncate(width // 2, ellipsis=True), width
    )


def preview(text: SafeText, width: int, lines: int = 2) -> Content:
    """How a longer text begins."""
    if not text.strip() or width < _LEAST:
        return Content("")
    wrapped = Content(text.strip()).wrap(width - 4)
    shown = [Content("  ▏ ").stylize(".t-faint") + toned(line.plain, "spoken") for line in wrapped[:lines]]
    if len(wrapped) > lines:
        shown[-1] = shown[-1].truncate(width - 2) + toned(" …", "quiet")
    return Content("\n").join(shown)
