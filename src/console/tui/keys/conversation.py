"""One conversation, in the list or open."""

from __future__ import annotations

from console.domain.actor import Role
from console.tui.command import Command, Scope

_MEMBER = Role.MEMBER
CONVERSATION = (
    Command(
        "conversation.take",
        "Take over",
        "t",
        "claim it and reply yourself",
        Scope.CONVERSATION,
        "take_over",
        _MEMBER,
        footer=10,
        short="take over",
    ),
    Command(
        "conversation.hand_back",
        "Hand back",
        "b",
        "let the assistant answer again",
        Scope.CONVERSATION,
        "hand_back",
        _MEMBER,
        footer=40,
        short="hand back",
    ),
    Command(
        "conversation.resolve",
        "Resolve",
        "e",
        "done: close it",
        Scope.CONVERSATION,
        "resolve",
        _MEMBER,
        danger=True,
        footer=50,
        short="resolve",
    ),
    Command(
        "conversation.snooze",
        "Snooze",
        "z",
        "then t tomorrow 9:00, r next reply, 1 an hour, w Monday",
        Scope.CONVERSATION,
        "snooze",
        _MEMBER,
        footer=57,
        short="snooze",
    ),
    Command(
        "conversation.assign",
        "Assign",
        "a",
        "give it to a member, to yourself, or to nobody",
        Scope.CONVERSATION,
        "assign",
        _MEMBER,
        footer=55,
        short="assign",
    ),
    Command(
        "conversation.label",
        "Label",
        "l",
        "check labels, or make one",
        Scope.CONVERSATION,
        "label",
        _MEMBER,
        footer=75,
        short="label",
    ),
    Command(
        "conversation.priority",
        "Priority",
        "exclamation_mark",
        "urgent, high, normal or low",
        Scope.CONVERSATION,
        "priority",
        _MEMBER,
    ),
    Command(
        "conversation.undo",
        "Undo",
        "u",
        "take back the last send, resolve, snooze or hand-back, for 8 s",
        Scope.CONVERSATION,
        "undo",
        _MEMBER,
    ),
    Command(
        "conversation.note",
        "Note",
        "p",
        "write what only your team sees",
        Scope.CONVERSATION,
        "note",
        _MEMBER,
        footer=60,
        short="note",
    ),
    Command(
        "conversation.why", "Why", "w", "why the assistant said it", Scope.CONVERSATION, "why", footer=58, short="why"
    ),
    Command(
        "conversation.next",
        "Next for me",
        "n",
        "the next that needs me",
        Scope.CONVERSATION,
        "next_for_me",
        footer=30,
        short="next for me",
    ),
    Command("conversation.copy", "Copy id", "c", "copy the conversation's id", Scope.CONVERSATION, "copy_id"),
    Command("refresh", "Refresh", "R", "read again, take in what is new", Scope.CONVERSATION, "refresh_all"),
    Command(
        "back", "Back", "escape", "one step back; never discards", Scope.CONVERSATION, "back", footer=85, short="back"
    ),
)
