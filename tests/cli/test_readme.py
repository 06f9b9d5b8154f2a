"""The README agrees with the program: keys, commands, settings, exit codes."""

from __future__ import annotations

from pathlib import Path

from console.cli.nouns import NOUNS
from console.config import OPTIONS
from console.errors import ExitCode
from console.tui.commands import key_table

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_keys() -> None:
    assert key_table() in README


def test_commands() -> None:
    for noun in NOUNS:
        assert f"| `console {noun.name}` | {noun.summary} |" in README


def test_settings() -> None:
    for option in OPTIONS:
        assert f"| `{option.env}` | {f'`{option.key}`' if option.key else ''} |" in README


def test_exit_codes() -> None:
    for code in ExitCode:
        assert f"| {int(code)} |" in README
