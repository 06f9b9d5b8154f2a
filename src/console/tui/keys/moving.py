"""Moving in lists and transcripts."""

from __future__ import annotations

from console.tui.command import Command, Scope

MOVING = (
    Command("move.down", "Down", "down,j", "next row", Scope.MOVE, "move_down"),
    Command("move.up", "Up", "up,k", "row before", Scope.MOVE, "move_up"),
    Command("move.half_down", "Half a page down", "ctrl+d", "half a page down", Scope.MOVE, "half_down"),
    Command("move.half_up", "Half a page up", "ctrl+u", "half a page up", Scope.MOVE, "half_up"),
    Command("move.page_down", "Page down", "pagedown", "a page down", Scope.MOVE, "move_page_down"),
    Command("move.page_up", "Page up", "pageup", "a page up", Scope.MOVE, "move_page_up"),
    Command("move.top", "Top", "g,home", "to the top", Scope.MOVE, "move_top"),
    Command("move.end", "End", "G,end", "to the end", Scope.MOVE, "move_end"),
)
