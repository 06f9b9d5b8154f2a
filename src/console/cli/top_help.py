"""The help of `console` itself: plain text, made of the nouns."""

from __future__ import annotations

from console.cli.nouns import EXAMPLES, NOUNS

ABOUT = "The operator console: take over conversations, close knowledge gaps, run agents."
USAGE = "console [COMMAND] [options]"
_OPTIONS = (
    ("-h, --help", "show this help message and exit"),
    ("--json", "print JSON, for a program"),
    ("--workspace SLUG", "act in this workspace"),
    ("--config FILE", "read this config file"),
    ("--theme NAME", "auto, dark, light or ansi"),
    ("--version", "show program's version number and exit"),
)


def top_help() -> str:
    """Description, examples, usage, options, and the commands by area."""
    lines = [
        ABOUT,
        "",
        "examples:",
        *_columns(EXAMPLES, 3),
        "",
        f"usage: {USAGE}",
        "",
        "options:",
        *_columns(_OPTIONS, 2),
    ]
    lines.append("")
    for area in dict.fromkeys(noun.area for noun in NOUNS):
        lines.append(f"{area}:")
        lines += [f"  {noun.name:12} {noun.summary}" for noun in NOUNS if noun.area == area]
    return "\n".join([*lines, "", "console COMMAND --help tells more. Without a command the console opens.", ""])


def _columns(rows: tuple[tuple[str, str], ...], gap: int) -> list[str]:
    width = max(len(left) for left, _ in rows)
    return [f"  {left:{width}}{' ' * gap}{right}" for left, right in rows]
