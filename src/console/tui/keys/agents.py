"""The agents and their versions."""

from __future__ import annotations

from console.tui.command import Command

AGENTS: tuple[Command, ...] = ()
