"""The command table: bindings, footer, palette, help and the README's key table are made from it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from console.domain.actor import Role
from console.tui.areas import AREAS
from console.tui.command import Command, Scope

__all__ = ["BY_ACTION", "BY_ID", "COMMANDS", "Command", "Scope", "bindings", "key_table"]


_MEMBER = Role.MEMBER
_GLOBAL = (
    *(
        Command(
            f"area.{area.id}", area.title, str(area.number), f"go to {area.title}", Scope.GLOBAL, f"area('{area.id}')"
        )
        for area in AREAS
    ),
    Command(
        "palette",
        "Commands",
        "colon,ctrl+p",
        "find a command by name",
        Scope.GLOBAL,
        "command_palette",
        footer=90,
        short="commands",
    ),
    Command("help", "Help", "question_mark", "every key, searchable", Scope.GLOBAL, "help", footer=99, short="help"),
    Command("mentions", "Mentions", "at", "notes that name you, and what you were given", Scope.GLOBAL, "mentions"),
    Command("theme", "Dark or light", "", "the other theme", Scope.GLOBAL, "theme"),
    Command("suspend", "Shell", "ctrl+z", "back to the shell for a while; fg returns", Scope.GLOBAL, "suspend"),
    Command("leave", "Leave", "q,ctrl+c,ctrl+q", "asks if something is unsent", Scope.GLOBAL, "leave"),
)
_MOVE = (
    Command("move.down", "Down", "down,j", "next row", Scope.MOVE, "move_down"),
    Command("move.up", "Up", "up,k", "row before", Scope.MOVE, "move_up"),
    Command("move.half_down", "Half a page down", "ctrl+d", "half a page down", Scope.MOVE, "half_down"),
    Command("move.half_up", "Half a page up", "ctrl+u", "half a page up", Scope.MOVE, "half_up"),
    Command("move.page_down", "Page down", "pagedown", "a page down", Scope.MOVE, "move_page_down"),
    Command("move.page_up", "Page up", "pageup", "a page up", Scope.MOVE, "move_page_up"),
    Command("move.top", "Top", "g,home", "to the top", Scope.MOVE, "move_top"),
    Command("move.end", "End", "G,end", "to the end", Scope.MOVE, "move_end"),
)
_INBOX = (
    Command("inbox.open", "Open", "enter", "open the conversation", Scope.INBOX, "open", footer=20, short="open"),
    Command(
        "inbox.filter",
        "Filter",
        "slash",
        "only rows with these words",
        Scope.INBOX,
        "filter",
        footer=80,
        short="filter",
    ),
    Command(
        "inbox.next_tab",
        "Next tab",
        "right,right_square_bracket",
        "waiting, mine, ai, human, all",
        Scope.INBOX,
        "next_tab",
    ),
    Command(
        "inbox.previous_tab", "Previous tab", "left,left_square_bracket", "the tab before", Scope.INBOX, "previous_tab"
    ),
    Command("inbox.mark", "Mark", "space", "mark the row, or not any more; esc unmarks all", Scope.INBOX, "mark"),
    Command("inbox.mark_range", "Mark to here", "V", "all rows from the last mark to here", Scope.INBOX, "mark_range"),
    Command("inbox.mark_all", "Mark all", "A", "all rows that are read so far", Scope.INBOX, "mark_all"),
)
_CONVERSATION = (
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
_COMPOSER = (
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

COMMANDS: tuple[Command, ...] = (*_GLOBAL, *_MOVE, *_INBOX, *_CONVERSATION, *_COMPOSER)
BY_ID = {command.id: command for command in COMMANDS}
BY_ACTION = {command.action: command for command in COMMANDS}


def bindings(*scopes: Scope) -> list[BindingType]:
    """Textual's bindings for the commands of these scopes; their ids are stable, for key maps."""
    return [
        Binding(command.keys, command.action, command.title, id=command.id, tooltip=command.help)
        for command in COMMANDS
        if command.scope in scopes and command.keys
    ]


def key_table(commands: Iterable[Command] = COMMANDS) -> str:
    """The key table of the README, as Markdown."""
    rows = [
        f"| {_cell(command.shown_keys)} | {command.title} | {command.help} |" for command in commands if command.keys
    ]
    return "\n".join(["| Keys | Does | |", "|---|---|---|", *rows])


def _cell(keys: str) -> str:
    return " ".join(f"`{key}`" for key in keys.split())
