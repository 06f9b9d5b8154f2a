"""The lists of the other areas: gaps, knowledge, agents, usage, workspaces."""

from __future__ import annotations

from console.tui.command import Command, Scope

LISTS = (
    Command(
        "list.open",
        "Open",
        "enter",
        "what is known of the row; a document's text",
        Scope.LIST,
        "list_open",
        footer=20,
        short="open",
    ),
    Command(
        "list.filter",
        "Filter",
        "slash",
        "only rows with these words",
        Scope.LIST,
        "list_filter",
        footer=80,
        short="filter",
    ),
    Command(
        "list.next_tab",
        "Next tab",
        "right",
        "the next part of the list",
        Scope.LIST,
        "list_next_tab",
    ),
    Command(
        "list.previous_tab",
        "Previous tab",
        "left",
        "the part before",
        Scope.LIST,
        "list_previous_tab",
    ),
    Command(
        "list.copy", "Copy id", "c", "copy the row's id; of a document its address", Scope.LIST, "list_copy", footer=24
    ),
    Command("list.refresh", "Refresh", "R", "read again", Scope.LIST, "list_refresh"),
    Command(
        "list.back", "Back", "escape", "one step back; never discards", Scope.LIST, "list_back", footer=22, short="back"
    ),
)
