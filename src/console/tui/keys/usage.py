"""Usage, cost and limits."""

from __future__ import annotations

from console.tui.command import Command

USAGE: tuple[Command, ...] = ()
