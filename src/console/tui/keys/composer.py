"""While a reply or a note is written."""

from __future__ import annotations

from console.domain.actor import Role
from console.tui.command import Command, Scope

_MEMBER = Role.MEMBER
COMPOSER = (
    Command(
        "composer.send",
        "Send",
        "ctrl+s,ctrl+enter",
        "send it; for 8 s it can be undone",
        Scope.COMPOSER,
        "send",
        _MEMBER,
        footer=1,
        short="send",
    ),
    Command(
        "composer.send_back",
        "Send and hand back",
        "ctrl+o",
        "send it and let the assistant go on",
        Scope.COMPOSER,
        "send_and_hand_back",
        _MEMBER,
        footer=2,
        short="send + hand back",
    ),
    Command(
        "composer.leave",
        "Leave the text",
        "escape",
        "stop writing; the draft is kept",
        Scope.COMPOSER,
        "leave_composer",
        footer=3,
        short="leave, draft kept",
    ),
    Command(
        "composer.undo",
        "Undo",
        "ctrl+z",
        "take back the last send while nothing is typed, else what was typed",
        Scope.COMPOSER,
        "undo_here",
        _MEMBER,
    ),
    Command(
        "composer.canned",
        "Canned reply",
        "slash",
        "as the first sign of a reply: choose one as you type",
        Scope.COMPOSER,
        "canned",
        _MEMBER,
        footer=5,
        short="canned",
    ),
    Command(
        "composer.mention",
        "Mention",
        "at",
        "in a note: names a member, who is told of it",
        Scope.COMPOSER,
        "mention",
        _MEMBER,
        footer=6,
        short="mention",
    ),
    Command(
        "composer.use",
        "Use the suggestion",
        "tab",
        "begin with the assistant's words",
        Scope.COMPOSER,
        "use_suggestion",
        footer=4,
        short="use suggestion",
    ),
)
