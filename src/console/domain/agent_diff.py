"""Two states of an agent side by side: its draft, what is live, any version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.domain.agent import Agent
from console.domain.diff import FieldChange
from console.errors import MalformedError
from console.text import EMPTY, SafeText, one_line

Reference = Literal["draft", "live"] | int
"""The draft, the live version, or a version's number."""

_NUMBER = re.compile(r"v?([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: a version by its number, or the draft (None) at its revision.

    Of an agent that was never published the live one is `empty`: every setting at its default.
    """

    number: int | None = None
    revision: int | None = None
    note: SafeText = EMPTY
    author_name: SafeText = EMPTY
    at: datetime | None = None
    live: bool = False
    empty: bool = False

    @property
    def label(self) -> str:
        """What it is called: `draft`, `v3`, `v3 (live)`, `nothing`."""
        if self.empty:
            return "nothing"
        if self.number is None:
            return "draft"
        return f"v{self.number}{' (live)' * self.live}"


@dataclass(frozen=True, slots=True)
class AgentDiff:
    """What differs from `left` to `right`."""

    agent: Agent
    left: Side
    right: Side
    changes: tuple[FieldChange, ...]

    @property
    def count(self) -> int:
        """How many changes."""
        return sum(change.count for change in self.changes)


@dataclass(frozen=True, slots=True)
class AgentOverview:
    """An agent in a list: how many changes its draft has, how many answers it gave in the last seven days."""

    agent: Agent
    changes: int
    answers: int


def parse_reference(text: str) -> Reference:
    """Read `draft`, `live`, `v3` or `3`; `MalformedError` for anything else."""
    word = text.strip().lower()
    if word == "draft":
        return "draft"
    if word == "live":
        return "live"
    if (match := _NUMBER.fullmatch(word)) and int(match[1]):
        return int(match[1])
    raise MalformedError(f"{one_line(text, 40)!r} is no version", hint="give draft, live, or a number like v3")
