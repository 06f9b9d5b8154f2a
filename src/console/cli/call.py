"""What the handler of a verb is given."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from console.cli.output import Output

if TYPE_CHECKING:
    from argparse import Namespace

    from console.config import Config


class Call:
    """One call of a verb: its arguments (None for the screen), the settings, the place to print."""

    def __init__(self, args: Namespace | None = None) -> None:
        self.args: Any = args
        self.out = Output(json=getattr(args, "json", False))

    @cached_property
    def config(self) -> Config:
        """The settings, read at first use, options over all; opens the log. `UsageError` when they are wrong."""
        import os
        from dataclasses import replace
        from pathlib import Path

        from console import log
        from console.config import load_config

        path = getattr(self.args, "config", None)
        theme = getattr(self.args, "theme", None)
        env = os.environ | ({"CONSOLE_THEME": theme} if theme else {})
        config = load_config(env, Path(path).expanduser().absolute() if path else None)
        log.start(config.paths.log_file, config.log_level)
        return replace(config, workspace=getattr(self.args, "workspace", None) or config.workspace)
