"""The themes: few colours, each with one meaning."""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

TINTED = {"quiet-style": "none", "button-style": "bold"}

DARK = Theme(
    name="console-dark",
    dark=True,
    primary="#7aa2f7",
    secondary="#7aa2f7",
    accent="#7aa2f7",
    error="#f7768e",
    warning="#e0af68",
    success="#9ece6a",
    foreground="#d5d9e0",
    background="#15171b",
    surface="#1b1e23",
    panel="#22262c",
    variables={
        "quiet": "#858d99",
        "faint": "#565d68",
        "spoken": "#adb5c1",
        "cursor": "#2a3242",
        "cursor-rest": "#22262d",
        "noted": "#2a2619",
        "bar": "#1e2127",
        "marked": "#1e2430",
        "tint-0": "#1e2127",
        "tint-1": "#1a2a3d",
        "tint-2": "#2b2240",
        "tint-3": "#18302a",
        "tint-4": "#35271a",
        "tint-5": "#381f2b",
        "tint-6": "#133036",
        "tint-7": "#2e2d18",
        **TINTED,
    },
)

LIGHT = Theme(
    name="console-light",
    dark=False,
    primary="#2457c5",
    secondary="#2457c5",
    accent="#2457c5",
    error="#b3213b",
    warning="#8a5a00",
    success="#2f6f1f",
    foreground="#1d2228",
    background="#fbfbf9",
    surface="#f4f4f1",
    panel="#ebebe6",
    variables={
        "quiet": "#646b75",
        "faint": "#9aa0a8",
        "spoken": "#454c55",
        "cursor": "#dce6fa",
        "cursor-rest": "#ececea",
        "noted": "#fbf3dc",
        "bar": "#efefeb",
        "marked": "#eef3fc",
        "tint-0": "#efefeb",
        "tint-1": "#e1ebf9",
        "tint-2": "#ebe4f7",
        "tint-3": "#e0f2e6",
        "tint-4": "#f6e9da",
        "tint-5": "#f9e2ea",
        "tint-6": "#dcf1f2",
        "tint-7": "#f2efd3",
        **TINTED,
    },
)

ANSI = Theme(
    name="console-ansi",
    dark=True,
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_blue",
    accent="ansi_cyan",
    error="ansi_red",
    warning="ansi_yellow",
    success="ansi_green",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        "quiet": "ansi_default",
        "faint": "ansi_default",
        "spoken": "ansi_default",
        "cursor": "ansi_default",
        "cursor-rest": "ansi_default",
        "noted": "ansi_default",
        "bar": "ansi_default",
        "marked": "ansi_default",
        **{f"tint-{number}": "ansi_default" for number in range(8)},
        "quiet-style": "dim",
        "button-style": "bold reverse",
        "ansi-background": "ansi_black",
        "ansi-foreground": "ansi_white",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "reverse",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_white",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_white",
        "border-blurred": "ansi_default",
    },
)
"""The terminal's own sixteen colours; what is told by tints elsewhere is told by dim, bold and reverse."""

THEMES = (DARK, LIGHT, ANSI)
_NAMES = {"dark": DARK.name, "light": LIGHT.name, "ansi": ANSI.name}
_LIGHT_GROUNDS = {"7", "15"}


def chosen(name: str, env: Mapping[str, str]) -> str:
    """The theme for `auto`, `dark`, `light` or `ansi` in this environment; without colours there is only one."""
    if colourless(env):
        return ANSI.name
    if name in _NAMES:
        return _NAMES[name]
    if sixteen(env):
        return ANSI.name
    return LIGHT.name if env.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT_GROUNDS else DARK.name


def colourless(env: Mapping[str, str]) -> bool:
    """Whether NO_COLOR is set; Textual takes an empty one for set, too."""
    return "NO_COLOR" in env


def sixteen(env: Mapping[str, str]) -> bool:
    """Whether the terminal says that it has sixteen colours at most."""
    if env.get("COLORTERM", "").strip().lower() in {"truecolor", "24bit"}:
        return False
    return env.get("TERM", "").rpartition("-")[2] not in {"256color", "kitty", "direct"}
