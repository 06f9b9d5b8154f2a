"""Every command of the console is a verb of the command line too, or one that only changes what is seen."""

from __future__ import annotations

import pytest

from console.cli.parser import Parser, build
from console.tui.commands import BY_ID, COMMANDS, Scope

TWINS: dict[str, tuple[str, ...]] = {
    "area.inbox": ("conv list",),
    "area.gaps": ("gap list",),
    "area.knowledge": ("source list",),
    "area.agents": ("agent list",),
    "area.usage": ("usage", "quota check", "cost"),
    "area.workspaces": ("workspace list",),
    "mentions": ("notification list", "notification read"),
    "theme": ("--theme",),
    "help": ("--help",),
    "inbox.open": ("conv show", "conv tail"),
    "inbox.filter": ("conv list --text",),
    "inbox.next_tab": ("conv list --filter",),
    "inbox.previous_tab": ("conv list --filter",),
    "conversation.take": ("conv claim",),
    "conversation.hand_back": ("conv release",),
    "conversation.resolve": ("conv resolve",),
    "conversation.snooze": ("conv snooze --until", "conv snooze --next-reply"),
    "conversation.assign": ("conv assign",),
    "conversation.label": ("conv label",),
    "conversation.priority": ("conv priority",),
    "conversation.undo": ("conv undo", "conv unsend"),
    "conversation.note": ("conv note",),
    "conversation.why": ("conv why",),
    "conversation.flag": ("conv flag",),
    "conversation.next": ("conv list --filter",),
    "composer.send": ("conv send --hold",),
    "composer.send_back": ("conv send", "conv release"),
    "composer.undo": ("conv unsend",),
    "composer.canned": ("canned list", "canned show --conv"),
    "composer.mention": ("conv note", "member list"),
    "composer.use": ("conv suggestion",),
    "list.open": ("gap show", "source show", "agent show", "usage --by", "workspace show"),
    "list.next_tab": ("gap list --status",),
    "list.previous_tab": ("gap list --status",),
    "gaps.approve": ("gap approve",),
    "gaps.edit": ("gap draft --from-reply", "curated edit"),
    "gaps.dismiss": ("gap dismiss",),
    "gaps.merge": ("gap merge",),
    "gaps.split": ("gap split",),
    "gaps.undo": ("gap undo",),
    "gaps.publish": ("agent publish", "gap approve --publish"),
    "knowledge.sync": ("source sync",),
    "knowledge.retry": ("source retry",),
    "knowledge.add": ("source add",),
    "knowledge.test": ("search --agent",),
    "knowledge.pause": ("source pause", "source resume"),
    "knowledge.remove": ("source remove",),
    "agents.edit": ("agent edit",),
    "agents.publish": ("agent publish",),
    "agents.versions": ("agent versions", "agent diff", "agent rollback"),
    "agents.playground": ("ask --agent", "ask --draft"),
    "agents.create": ("agent create",),
    "agents.origins": ("agent origin list", "agent origin add", "agent origin remove"),
    "usage.earlier": ("usage --back",),
    "usage.later": ("usage --back",),
    "usage.window": ("usage --window",),
    "workspaces.switch": ("workspace switch",),
    "workspaces.details": ("workspace show", "member list"),
}
SEEN = {
    "palette", "tour", "suspend", "leave",
    "inbox.mark", "inbox.mark_range", "inbox.mark_all",  # a verb takes several conversations
    "conversation.copy", "refresh", "back", "composer.leave",
    "list.filter", "list.copy", "list.refresh", "list.back",
    "usage.next_view", "usage.previous_view",
    *(command.id for command in COMMANDS if command.scope is Scope.MOVE),
}  # fmt: skip


@pytest.fixture(scope="module")
def top() -> Parser:
    return build()


def test_every_command_is_told_of_once() -> None:
    assert set(TWINS) | SEEN == set(BY_ID)
    assert not set(TWINS) & SEEN


def test_what_a_role_is_needed_for_is_never_only_seen() -> None:
    assert [id for id in SEEN if BY_ID[id].minimum > min(command.minimum for command in COMMANDS)] == []


@pytest.mark.parametrize("id", sorted(TWINS))
def test_its_verbs_exist(top: Parser, id: str) -> None:
    for twin in TWINS[id]:
        here = top
        for word in twin.split():
            if word.startswith("--"):
                assert word in here.words(), twin
            else:
                assert word in here.children(), twin
                here = here.children()[word]
        assert twin.startswith("--") or here.get_default("handler") not in {None, here.verbless}, twin
