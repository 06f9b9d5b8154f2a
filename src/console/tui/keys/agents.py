"""The agents and their versions."""

from __future__ import annotations

from console.domain.actor import Role
from console.tui.command import Command, Scope

AGENTS = (
    Command(
        "agents.edit",
        "Edit the draft",
        "i",
        "the whole draft in your editor; visitors meet it after a publish",
        Scope.AGENTS,
        "agent_edit",
        Role.ADMIN,
        footer=10,
        short="edit",
    ),
    Command(
        "agents.publish",
        "Publish",
        "P",
        "let visitors meet the draft: shows what changes, asks for a note",
        Scope.AGENTS,
        "agent_publish",
        Role.ADMIN,
        footer=30,
        short="publish",
    ),
    Command(
        "agents.versions",
        "Versions",
        "v",
        "what each changed; - rolls back to one",
        Scope.AGENTS,
        "agent_versions",
        footer=40,
        short="versions",
    ),
    Command(
        "agents.playground",
        "Playground",
        "p",
        "ask the draft or what is live; visitors see nothing of it",
        Scope.AGENTS,
        "agent_playground",
        Role.MEMBER,
        footer=50,
        short="playground",
    ),
    Command(
        "agents.create",
        "New agent",
        "plus",
        "a name and a slug; visitors meet it after a publish",
        Scope.AGENTS,
        "agent_create",
        Role.ADMIN,
        footer=60,
        short="new",
    ),
    Command(
        "agents.origins",
        "Web pages",
        "o",
        "which web pages may talk with it: list, add, remove",
        Scope.AGENTS,
        "agent_origins",
        footer=70,
        short="web pages",
    ),
)
