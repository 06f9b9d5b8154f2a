"""The gaps, what the agents could not answer."""

from __future__ import annotations

from console.tui.command import Command

GAPS: tuple[Command, ...] = ()
