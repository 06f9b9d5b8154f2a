"""The line at the top: where I am, what is live, who I am."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from textual.content import Content

from console.clock import ago
from console.domain.inbox import InboxCounts
from console.domain.live import Link
from console.domain.overview import Overview
from console.text import SafeText
from console.tui.areas import AREAS, Area
from console.tui.present.tone import joined, sides, toned

_LINK_TONES = {Link.LIVE: "fine", Link.POLLING: "soon", Link.OFFLINE: "now"}
_ROOMY = 100
_LEAST, _HOME = 8, 24
_UNKNOWN = Overview()


@dataclass(frozen=True, slots=True)
class Bar:
    """What the top line shows. `trail` is where I am below the area; `since` is when the link changed.

    `unread` counts what the operator should know of.
    """

    workspace: SafeText
    me: SafeText
    area: str
    trail: SafeText
    counts: InboxCounts
    link: Link
    since: datetime
    now: datetime
    unread: int = 0
    reads_only: bool = False
    overview: Overview = _UNKNOWN

    @property
    def in_words(self) -> tuple[Bar, str]:
        """The same for two moments in which the line says the same."""
        minute = self.now.replace(second=0, microsecond=0)
        return replace(self, now=minute, since=minute), link_words(self.link, self.since, self.now).plain


def bar_line(bar: Bar, width: int) -> Content:
    """The top line, `width` cells. The areas' names come before mine and the clock."""
    inner = max(0, width - 2)
    rooms = [(state, inner - state.cell_length - 1) for state in _states(bar, inner)]
    wanted = _lines(bar)[-1].cell_length
    state, room = next((each for each in rooms if wanted <= each[1]), rooms[-1])
    return Content("").join([Content(" "), sides(_where(bar, room), state, inner), Content(" ")])


def _where(bar: Bar, width: int) -> Content:
    """Where I am, and as many names of areas as there is room for; that of where I am always is."""
    lines = _lines(bar)
    if bar.trail:
        return lines[0]
    fewer = [_areas(bar, "  ", count) for count in range(len(AREAS) - 1, -1, -1)]
    found = next((line for line in [*lines, *fewer] if line.cell_length <= width), None)
    if found is not None:
        return found
    here = joined(*(_area(bar, area, area.title) for area in AREAS if area.id == bar.area))
    return joined(_home(bar, max(_LEAST, width - here.cell_length - 2)), here)


def _lines(bar: Bar) -> list[Content]:
    """The line with all that it should say, the roomiest first."""
    home, titles = toned(bar.workspace, "strong"), {area.id: area.title for area in AREAS}
    if bar.trail:
        return [joined(home, toned(titles.get(bar.area, ""), "quiet"), Content(bar.trail), gap=" · ")]
    full = [joined(home, *(_area(bar, area, area.title) for area in AREAS), gap=gap) for gap in ("    ", "  ")]
    return [*full, _areas(bar, "  ", len(AREAS))]


def _areas(bar: Bar, gap: str, named: int) -> Content:
    """The areas with their short names up to that number; after it only where I am has one."""
    names = {area.id: area.short for area in AREAS[:named]} | {
        area.id: area.title for area in AREAS if area.id == bar.area
    }
    return joined(_home(bar), *(_area(bar, area, names.get(area.id, "")) for area in AREAS), gap=gap)


def _home(bar: Bar, width: int = _HOME) -> Content:
    return toned(bar.workspace, "strong").truncate(min(width, _HOME), ellipsis=True)


def _area(bar: Bar, area: Area, name: str) -> Content:
    """Number, name, and badge."""
    badge = area.badge(bar.counts, bar.overview)
    alarm = toned(badge.text, badge.tone) if badge else Content("")
    here = "strong" if area.id == bar.area else "quiet"
    return joined(toned(str(area.number), "mine"), toned(name, here), alarm, gap=" ")


def _states(bar: Bar, width: int) -> list[Content]:
    """What is live and what is for me, the longest first: my name and the clock give way to what is more needed."""
    waiting = toned(f"{bar.counts.waiting:,}! waiting", "now") if bar.trail and bar.counts.waiting else Content("")
    unread = toned(f"@{bar.unread}", "mine") if bar.unread else Content("")
    only = toned("reads only", "soon") if bar.reads_only else Content("")
    needed = joined(link_words(bar.link, bar.since, bar.now), waiting, unread, only, gap=" · ")
    me, clock = toned(bar.me, "quiet").truncate(24, ellipsis=True), toned(bar.now.strftime("%H:%M"), "quiet")
    more = [joined(needed, me, clock, gap=" · ")] if width >= _ROOMY - 2 else []
    return [*more, joined(needed, clock, gap=" · "), needed]


def link_words(link: Link, since: datetime, now: datetime) -> Content:
    """The state of the live link; its age too when it is not live."""
    words = link.value if link is Link.LIVE else f"{link.value} {ago(since, now)}"
    return toned(words, _LINK_TONES[link])


TABS = ("waiting", "mine", "ai", "human", "all")


def tab_line(counts: InboxCounts | None, chosen: str, width: int) -> Content:
    """The tabs of the inbox with their counts, the chosen one marked."""
    gap = "   " if width >= 56 else " "
    return Content(" ") + Content(gap).join([_tab(name, counts, name == chosen) for name in TABS])


def tab_at(counts: InboxCounts | None, chosen: str, width: int, x: int) -> str | None:
    """The tab drawn at column `x`."""
    gap, at = (3 if width >= 56 else 1), 1
    for name in TABS:
        size = _tab(name, counts, name == chosen).cell_length
        if at <= x < at + size:
            return name
        at += size + gap
    return None


def _tab(name: str, counts: InboxCounts | None, chosen: bool) -> Content:
    number = "" if counts is None else f"{getattr(counts, name):,}"
    edge = ("[", "]") if chosen else (" ", " ")
    title = toned(name, "strong" if chosen else "quiet")
    count = toned(number, "now" if name == "waiting" and number not in {"", "0"} else "quiet")
    return Content("").join([toned(edge[0], "mine"), joined(title, count, gap=" "), toned(edge[1], "mine")])
