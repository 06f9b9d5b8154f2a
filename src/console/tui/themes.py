"""The two themes: few colours, each with one meaning."""

from __future__ import annotations

from textual.theme import Theme

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
    },
)

THEMES = (DARK, LIGHT)


def named(name: str) -> str:
    """The theme for the option `dark` or `light`."""
    return LIGHT.name if name == "light" else DARK.name
