"""Two texts line by line, two lists item by item: what went, what came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from console.text import SafeText, sanitise

_AROUND = 1
_MOST_PAIRS = 20_000


class Sign(StrEnum):
    """What a line says of itself."""

    REMOVED = "-"
    ADDED = "+"
    CHANGED = "~"
    SAME = " "
    LEFT_OUT = "…"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line; `depth` 1 belongs to the line of depth 0 above it."""

    sign: Sign
    text: SafeText
    depth: int = 0


def text_lines(before: str, after: str) -> tuple[DiffLine, ...]:
    """The lines that differ, each group with a line around it."""
    return tuple(_grouped(before.split("\n") if before else [], after.split("\n") if after else [], _AROUND, str))


def item_lines(before: Sequence[Any], after: Sequence[Any], say: Callable[[Any], str]) -> tuple[DiffLine, ...]:
    """The items that differ, each as `say` puts it; an item that moved went and came."""
    return tuple(_grouped([say(item) for item in before], [say(item) for item in after], 0, _one_item))


def _one_item(text: str) -> str:
    return " ".join(text.split())


def _grouped(before: list[str], after: list[str], around: int, say: Callable[[str], str]) -> Iterator[DiffLine]:
    for number, group in enumerate(_Opcodes(before, after).get_grouped_opcodes(around)):
        if number and around:
            yield DiffLine(Sign.LEFT_OUT, SafeText(""))
        for tag, i, j, k, m in group:
            if tag == "equal":
                yield from (DiffLine(Sign.SAME, sanitise(say(line))) for line in before[i:j])
            else:
                yield from (DiffLine(Sign.REMOVED, sanitise(say(line))) for line in before[i:j])
                yield from (DiffLine(Sign.ADDED, sanitise(say(line))) for line in after[k:m])


class _Opcodes(SequenceMatcher[str]):
    """Looks at what is between what both begin and end with; where that would take long, all of it changed."""

    def __init__(self, before: list[str], after: list[str]) -> None:
        head = _same(before, after)
        tail = _same(before[head:][::-1], after[head:][::-1])
        self._head = head
        self._whole = (len(before), len(after))
        inner = before[head : len(before) - tail], after[head : len(after) - tail]
        self._inner = (len(inner[0]), len(inner[1]))
        # time grows with the pairs of equal lines, not with the lines
        self._vast = _pairs(*inner) > _MOST_PAIRS
        super().__init__(None, *inner, autojunk=False)

    def get_opcodes(self) -> list[tuple[Any, int, int, int, int]]:
        """As the base class, over the whole of both."""
        i, k = self._inner
        inner = [("replace", 0, i, 0, k)] if self._vast else super().get_opcodes()
        found = [(tag, a + self._head, b + self._head, c + self._head, d + self._head) for tag, a, b, c, d in inner]
        if self._head:
            found.insert(0, ("equal", 0, self._head, 0, self._head))
        if self._head + i < self._whole[0]:
            found.append(("equal", self._head + i, self._whole[0], self._head + k, self._whole[1]))
        return found


def _pairs(before: list[str], after: list[str]) -> int:
    counts = Counter(after)
    return sum(counts[line] for line in before)


def _same(before: list[str], after: list[str]) -> int:
    """How many items both begin with."""
    return next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
