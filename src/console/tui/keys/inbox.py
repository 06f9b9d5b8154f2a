"""The list of conversations."""

from __future__ import annotations

from console.tui.command import Command, Scope

INBOX = (
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
