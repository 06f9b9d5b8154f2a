"""The line at the top: which areas there are is said in words wherever there is room, and no word is cut."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console.domain.inbox import InboxCounts
from console.domain.live import Link
from console.domain.overview import Overview
from console.text import SafeText
from console.tui.areas import AREAS
from console.tui.present.bar import Bar, bar_line

NOW = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
QUIET = Bar(
    SafeText("Acme Retail"), SafeText("Olivia Marsh"), "inbox", SafeText(""), InboxCounts(waiting=3), Link.LIVE,
    NOW, NOW,
)  # fmt: skip
BUSY = replace(
    QUIET, counts=InboxCounts(waiting=1204), overview=Overview(31, 2, 80, True), unread=2, reads_only=True,
    link=Link.OFFLINE, since=NOW - timedelta(minutes=4),
)  # fmt: skip
LONG = SafeText("Wanne-Eickeler Bekleidungshaus und Söhne")
WORDS = {word for area in AREAS for word in (area.title, area.short)} | {
    "Acme",
    "Retail",
    "Olivia",
    "Marsh",
    "live",
    "offline",
    "reads",
    "only",
}
WIDTHS = [60, 80, 99, 100, 120]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("area", [area.id for area in AREAS])
@pytest.mark.parametrize("bar", [QUIET, BUSY, replace(QUIET, workspace=LONG), replace(BUSY, workspace=LONG)])
def test_no_word_is_cut_and_where_i_am_is_named(width: int, area: str, bar: Bar) -> None:
    line = bar_line(replace(bar, area=area), width)
    here = next(each for each in AREAS if each.id == area)
    assert line.cell_length == width
    assert f"{here.number} {here.title}" in line.plain
    after = line.plain.split("…")[-1] if bar.workspace == LONG else line.plain
    assert set(re.findall(r"[A-Za-z]{3,}", after)) <= WORDS


@pytest.mark.parametrize("width", [80, 99, 100, 120])
@pytest.mark.parametrize("area", [area.id for area in AREAS])
def test_all_areas_are_named(width: int, area: str) -> None:
    line = bar_line(replace(QUIET, area=area), width).plain
    assert all(f"{each.number} {each.title}" in line or f"{each.number} {each.short}" in line for each in AREAS)


def test_names_go_from_the_end_and_the_clock_before_them() -> None:
    line = bar_line(replace(BUSY, link=Link.LIVE, unread=0, reads_only=False), 80).plain
    assert "1 Inbox 1,204!  2 Gaps 31  3 Know 2!  4 Agents  5 80%  6" in line
    assert "14:02" not in line
    assert "live · 14:02" in bar_line(QUIET, 99).plain
    assert "live · Olivia Marsh · 14:02" in bar_line(QUIET, 120).plain


def test_a_long_name_of_a_workspace_leaves_room_for_the_areas() -> None:
    line = bar_line(replace(QUIET, workspace=LONG), 80).plain
    assert line.startswith(" Wanne-Eickeler Bekleidu…  1 Inbox 3!  2 Gaps")
