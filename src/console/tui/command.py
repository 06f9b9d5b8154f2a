"""A command: what it is called, its keys, where it works, and who may use it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.domain.actor import Role


class Scope(StrEnum):
    """Where a command works, titled as the help titles it."""

    GLOBAL = "Everywhere"
    MOVE = "Moving"
    INBOX = "Inbox"
    CONVERSATION = "Conversation"
    COMPOSER = "Writing"
    LIST = "Lists"
    GAPS = "Gaps"
    KNOWLEDGE = "Knowledge"
    AGENTS = "Agents"
    USAGE = "Usage"
    WORKSPACES = "Workspaces"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the console can do.

    `keys` are Textual's names, the first one is shown. `footer` is the command's rank in the one-line
    footer, 0 when it never appears there, and `short` its words there.
    """

    id: str
    title: str
    keys: str
    help: str
    scope: Scope
    action: str
    minimum: Role = Role.VIEWER
    footer: int = 0
    short: str = ""

    @property
    def shown_keys(self) -> str:
        """The keys as help and README write them."""
        return " ".join(_SHOWN.get(key, key) for key in self.keys.split(","))

    @property
    def shown_key(self) -> str:
        """The first key as the footer writes it."""
        return _SHOWN.get(first := self.keys.split(",")[0], first)


_SHOWN = {
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "exclamation_mark": "!",
    "at": "@",
    "plus": "+",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "ctrl+enter": "ctrl+⏎",
}
