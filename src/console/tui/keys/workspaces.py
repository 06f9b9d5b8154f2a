"""All my workspaces."""

from __future__ import annotations

from console.tui.command import Command, Scope

WORKSPACES = (
    Command(
        "workspaces.switch",
        "Switch to it",
        "s",
        "as enter does: work there from now on; asks when something is held or unsent",
        Scope.WORKSPACES,
        "workspace_switch",
    ),
    Command(
        "workspaces.details",
        "Settings and members",
        "d",
        "what is set there, and who belongs to it",
        Scope.WORKSPACES,
        "workspace_details",
        footer=20,
        short="details",
    ),
)
