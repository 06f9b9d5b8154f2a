"""The command table: bindings, footer, palette, help and the README's key table are made from it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding, BindingType

from console.tui.command import Command, Scope
from console.tui.keys.agents import AGENTS
from console.tui.keys.composer import COMPOSER
from console.tui.keys.conversation import CONVERSATION
from console.tui.keys.everywhere import EVERYWHERE
from console.tui.keys.gaps import GAPS
from console.tui.keys.inbox import INBOX
from console.tui.keys.knowledge import KNOWLEDGE
from console.tui.keys.lists import LISTS
from console.tui.keys.moving import MOVING
from console.tui.keys.usage import USAGE
from console.tui.keys.workspaces import WORKSPACES

__all__ = ["BY_ACTION", "BY_ID", "COMMANDS", "Command", "Scope", "bindings", "key_table"]

COMMANDS: tuple[Command, ...] = (
    *EVERYWHERE, *MOVING, *INBOX, *CONVERSATION, *COMPOSER, *LISTS, *GAPS, *KNOWLEDGE, *AGENTS, *USAGE, *WORKSPACES
)  # fmt: skip
BY_ID = {command.id: command for command in COMMANDS}
BY_ACTION = {command.action: command for command in COMMANDS}


def bindings(*scopes: Scope) -> list[BindingType]:
    """Textual's bindings for the commands of these scopes; their ids are stable, for key maps."""
    return [
        Binding(command.keys, command.action, command.title, id=command.id, tooltip=command.help)
        for command in COMMANDS
        if command.scope in scopes and command.keys
    ]


def key_table() -> str:
    """The key table of the README, as Markdown: a part for each place."""
    parts = (_part(scope, [each for each in COMMANDS if each.scope is scope and each.keys]) for scope in Scope)
    return "\n".join(["| Keys | Does | |", "|---|---|---|", *(row for part in parts for row in part)])


def _part(scope: Scope, commands: Sequence[Command]) -> list[str]:
    rows = [f"| {_cell(command.shown_keys)} | {command.title} | {command.help} |" for command in commands]
    return [f"| **{scope.value}** | | |", *rows] if rows else []


def _cell(keys: str) -> str:
    return " ".join(f"`{key}`" for key in keys.split())
