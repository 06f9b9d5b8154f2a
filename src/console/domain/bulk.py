"""One act on many conversations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from console.ids import ConversationId
from console.text import SafeText


class BulkAct(StrEnum):
    """What can be done to many at once."""

    RESOLVE = "resolve"
    SNOOZE = "snooze"
    ASSIGN = "assign"
    LABEL = "label"
    PRIORITY = "priority"
    RELEASE = "release"
    HAND_BACK = "hand_back"


Left = tuple[tuple[ConversationId, SafeText], ...]
"""Conversations left as they are, each with why."""


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """Which of the conversations the act would change."""

    possible: tuple[ConversationId, ...]
    left: Left


@dataclass(frozen=True, slots=True)
class BulkResult:
    """Which of the conversations the act has changed; `cut_off` when the server went away meanwhile."""

    done: tuple[ConversationId, ...]
    left: Left
    cut_off: bool = False
