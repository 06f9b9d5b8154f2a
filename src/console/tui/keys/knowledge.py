"""The sources of knowledge."""

from __future__ import annotations

from console.domain.actor import Role
from console.tui.command import Command, Scope

KNOWLEDGE: tuple[Command, ...] = (
    Command(
        "knowledge.sync",
        "Sync",
        "s",
        "read the source again; what is unchanged costs nothing",
        Scope.KNOWLEDGE,
        "source_sync",
        Role.ADMIN,
        footer=30,
        short="sync",
    ),
    Command(
        "knowledge.retry",
        "Retry failed",
        "r",
        "read again what has failed",
        Scope.KNOWLEDGE,
        "source_retry",
        Role.ADMIN,
        footer=25,
        short="retry",
    ),
    Command(
        "knowledge.add",
        "Add a source",
        "plus",
        "a page of the web, a file or a folder",
        Scope.KNOWLEDGE,
        "source_add",
        Role.ADMIN,
        footer=35,
        short="add",
    ),
    Command(
        "knowledge.test",
        "Test a search",
        "f",
        "what an agent finds for a question",
        Scope.KNOWLEDGE,
        "source_test",
        footer=40,
        short="test a search",
    ),
    Command(
        "knowledge.pause",
        "Pause or resume",
        "p",
        "read it no more until it is resumed; what is known stays searchable",
        Scope.KNOWLEDGE,
        "source_pause",
        Role.ADMIN,
        footer=45,
        short="pause",
    ),
    Command(
        "knowledge.remove",
        "Remove a source",
        "x",
        "with all that was learned from it; asks first",
        Scope.KNOWLEDGE,
        "source_remove",
        Role.ADMIN,
        footer=50,
        short="remove",
    ),
)
