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
    """The top line, `width` cells."""
    inner = max(0, width - 2)
    state = _state(bar, inner)
    line = sides(_where(bar, inner - state.cell_length - 1), state, inner)
    return Content("").join([Content(" "), line, Content(" ")])


def _where(bar: Bar, width: int) -> Content:
    home = toned(bar.workspace, "strong")
    if bar.trail:
        title = next((area.title for area in AREAS if area.id == bar.area), "")
        return joined(home, toned(title, "quiet"), Content(bar.trail), gap=" · ")
    for gap, titles in (("    ", True), ("  ", True), ("  ", False)):
        line = joined(home, *(_area(bar, area, title=titles or area.id == bar.area) for area in AREAS), gap=gap)
        if line.cell_length <= width:
            break
    return line


def _area(bar: Bar, area: Area, *, title: bool) -> Content:
    """Number, title where there is room for all, and badge."""
    badge = area.badge(bar.counts, bar.overview)
    here = "strong" if area.id == bar.area else "quiet"
    name = toned(area.title, here) if title else Content("")
    alarm = toned(badge.text, badge.tone) if badge else Content("")
    return joined(toned(str(area.number), "mine"), name, alarm, gap=" ")


def _state(bar: Bar, width: int) -> Content:
    waiting = toned(f"{bar.counts.waiting:,}! waiting", "now") if bar.trail and bar.counts.waiting else Content("")
    me = toned(bar.me, "quiet").truncate(24, ellipsis=True) if width >= _ROOMY - 2 else Content("")
    clock = toned(bar.now.strftime("%H:%M"), "quiet")
    unread = toned(f"@{bar.unread}", "mine") if bar.unread else Content("")
    only = toned("reads only", "soon") if bar.reads_only else Content("")
    return joined(link_words(bar.link, bar.since, bar.now), waiting, unread, only, me, clock, gap=" · ")


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
