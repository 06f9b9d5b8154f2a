"""What one look found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.errors import ConsoleError
from console.text import one_line


class Level(StrEnum):
    """How bad it is: only `FAIL` keeps the console from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found in a line, and what to do about it."""

    name: str
    level: Level
    detail: str
    hint: str = ""

    @property
    def ok(self) -> bool:
        """Whether the console works with it."""
        return self.level is not Level.FAIL


def fine(name: str, detail: str) -> Finding:
    """All is well."""
    return Finding(name, Level.OK, one_line(detail))


def doubtful(name: str, detail: str, hint: str = "") -> Finding:
    """It works, but not all of it."""
    return Finding(name, Level.WARN, one_line(detail), hint)


def broken(name: str, detail: str, hint: str) -> Finding:
    """It does not work."""
    return Finding(name, Level.FAIL, one_line(detail), hint)


def failed(name: str, error: Exception) -> Finding:
    """The look itself ended in an error: its own words and mend, or its type for one that nobody expected."""
    if isinstance(error, ConsoleError):
        return broken(name, error.message, error.hint or "look at the line above")
    return broken(name, f"could not be checked: {type(error).__name__}", "CONSOLE_DEBUG=1 console doctor")
