"""The way to the demo's data from another terminal, while it runs or after."""

from __future__ import annotations

import shlex
from pathlib import Path

from console.demo.load import PASSWORD

OPERATOR = "olivia@acme.test"
"""Who sits at the demo's console."""


def beside(data: Path) -> str:
    """One line for a shell: from then on its `console` commands act on the demo that keeps its data there."""
    where = shlex.quote(str(data))
    return f"export CONSOLE_DATA_DIR={where} CONSOLE_EMAIL={OPERATOR} CONSOLE_PASSWORD={PASSWORD}"
