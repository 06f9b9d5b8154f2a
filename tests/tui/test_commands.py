from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding

import console.tui
from console.domain.actor import Role
from console.tui.app import ConsoleApp
from console.tui.areas import AREAS
from console.tui.commands import BY_ID, COMMANDS, Command, Scope, key_table
from console.tui.present.keys import help_lines
from console.tui.screens.acting import ActingScreen
from console.tui.screens.agents import AgentsScreen
from console.tui.screens.conversation import ConversationScreen
from console.tui.screens.gaps import GapsScreen
from console.tui.screens.inbox import InboxScreen
from console.tui.screens.knowledge import KnowledgeScreen
from console.tui.screens.listing import ListScreen
from console.tui.screens.usage import UsageScreen
from console.tui.screens.workspaces import WorkspacesScreen
from console.tui.widgets.composer import Composer
from console.tui.widgets.transcript import Transcript
from console.tui.widgets.virtual_list import VirtualList

OWNERS: dict[Scope, list[type[Any]]] = {
    Scope.GLOBAL: [ConsoleApp],
    Scope.MOVE: [VirtualList, Transcript],
    Scope.INBOX: [InboxScreen],
    Scope.CONVERSATION: [InboxScreen, ConversationScreen],
    Scope.COMPOSER: [Composer],
    Scope.GAPS: [GapsScreen],
    Scope.KNOWLEDGE: [KnowledgeScreen],
    Scope.LIST: [ListScreen],
    Scope.AGENTS: [AgentsScreen],
    Scope.USAGE: [UsageScreen],
    Scope.WORKSPACES: [WorkspacesScreen],
}
BOUND: dict[Scope, list[type[Any]]] = {Scope.CONVERSATION: [ActingScreen]}


def test_ids_and_actions_are_unique() -> None:
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)
    assert len({command.action for command in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize("scope", list(Scope))
def test_bindings_are_the_table(scope: Scope) -> None:
    wanted = {(c.id, c.keys, c.action) for c in COMMANDS if c.scope is scope and c.keys}
    for owner in BOUND.get(scope, OWNERS.get(scope, [])):
        bound = {(b.id, b.key, b.action) for b in owner.BINDINGS if isinstance(b, Binding)}
        assert bound == wanted, owner


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_every_command_has_its_action(command: Command) -> None:
    name = command.action.split("(")[0]
    for owner in OWNERS[command.scope]:
        assert callable(getattr(owner, f"action_{name}", None)), f"{owner.__name__} lacks action_{name}"


AREAS_OF_LISTS = (Scope.GAPS, Scope.KNOWLEDGE, Scope.AGENTS, Scope.USAGE, Scope.WORKSPACES)


@pytest.mark.parametrize(
    "scopes", [{Scope.INBOX, Scope.CONVERSATION}, *({Scope.LIST, area} for area in AREAS_OF_LISTS)], ids=sorted
)
def test_no_key_means_two_things_in_one_place(scopes: set[Scope]) -> None:
    together = [command for command in COMMANDS if command.scope in scopes | {Scope.GLOBAL, Scope.MOVE}]
    keys = [key for command in together for key in command.keys.split(",") if key]
    assert len(keys) == len(set(keys))


def test_help_and_key_table_show_every_key() -> None:
    help_text, table = help_lines("", Role.OWNER, 300).plain, key_table()
    for command in COMMANDS:
        if command.keys:
            assert command.shown_keys in help_text
            assert f"| {command.title} | {command.help} |" in table


def test_help_says_which_role_a_key_needs() -> None:
    lines = help_lines("take over", Role.VIEWER, 95).plain
    assert "needs the role member" in lines
    assert "needs the role" not in help_lines("take over", Role.MEMBER, 95).plain


@pytest.mark.parametrize("width", [52, 71, 95])
def test_what_a_key_does_stays_in_its_column(width: int) -> None:
    lines = help_lines("", Role.VIEWER, width).plain.splitlines()
    beside = max(20, width - 35)
    assert all(len(line) <= 35 + beside for line in lines)
    scopes = {scope.value for scope in Scope}
    known = [line for line in lines if line and line not in scopes]
    assert any(line[:35].isspace() for line in known)
    assert all(line[35:36].strip() for line in known)


def test_areas_are_commands() -> None:
    for area in AREAS:
        assert BY_ID[f"area.{area.id}"].keys == str(area.number)


def test_the_keys_of_the_design() -> None:
    wanted = {
        "conversation.take": "t",
        "conversation.hand_back": "b",
        "conversation.resolve": "e",
        "conversation.note": "p",
        "conversation.snooze": "z",
        "conversation.assign": "a",
        "conversation.label": "l",
        "conversation.undo": "u",
        "inbox.mark": "space",
        "composer.canned": "/",
        "conversation.why": "w",
        "conversation.flag": "f",
        "gaps.approve": "y",
        "gaps.edit": "i",
        "gaps.dismiss": "x",
        "gaps.merge": "m",
        "gaps.split": "s",
        "gaps.undo": "u",
        "gaps.publish": "P",
        "conversation.next": "n",
        "conversation.copy": "c",
        "refresh": "R",
        "inbox.filter": "/",
        "help": "?",
        "leave": "q",
        "composer.send": "ctrl+s",
        "composer.send_back": "ctrl+o",
        "back": "esc",
        "palette": ":",
    }
    assert {id: BY_ID[id].shown_key for id in wanted} == wanted


FORBIDDEN = ("from_markup(", "Static(f", "Label(", "notify(f", "markup=True", "Markdown(")


def test_no_text_is_ever_read_as_markup() -> None:
    for path in Path(console.tui.__file__).parent.rglob("*.py"):
        text = path.read_text()
        for bad in FORBIDDEN:
            assert bad not in text, f"{path.name}: {bad}"
        assert "Static(" not in text or "markup=False" in text, path.name
        if path.name not in {"toast.py", "outlet.py"}:  # the other one notifies a thread
            assert ".notify(" not in text, f"{path.name} must use toast()"


def test_files_are_short() -> None:
    for path in Path(console.tui.__file__).parent.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 400, path.name
