"""Each workspace has a tint of its own on the top line, and what stands on it can be read."""

from __future__ import annotations

from uuid import UUID

import pytest
from textual.color import Color
from textual.theme import Theme

from console.ids import WorkspaceId, new_id
from console.tui.themes import DARK, LIGHT
from console.tui.tint import TINTS, tint_of


def test_a_workspace_keeps_its_tint_and_a_switch_always_changes_it() -> None:
    id = WorkspaceId(UUID(int=7))
    assert tint_of(id) == tint_of(id, (tint_of(id) + 1) % TINTS) != tint_of(id, tint_of(id))
    assert {tint_of(WorkspaceId(new_id())) for _ in range(500)} == set(range(TINTS))


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = (part / 255 for part in Color.parse(colour).rgb)
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    brighter, darker = sorted((light(one), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("number", range(TINTS))
def test_what_stands_on_a_tint_can_be_read(theme: Theme, number: int) -> None:
    tint = theme.variables[f"tint-{number}"]
    for colour, least in ((theme.foreground, 7.0), (theme.variables["quiet"], 3.5), (theme.error, 4.0)):
        assert colour is not None
        assert _contrast(colour, tint) >= least, (colour, tint)
