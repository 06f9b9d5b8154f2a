"""All workspaces of mine."""

from __future__ import annotations

from console.tui.command import Command

WORKSPACES: tuple[Command, ...] = ()
