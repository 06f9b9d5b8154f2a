"""The sources of knowledge."""

from __future__ import annotations

from console.tui.command import Command

KNOWLEDGE: tuple[Command, ...] = ()
