"""Usage as the screen shows it: meters, figures, the plot of a view, and the rows of agents and models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import floor, log10

from textual.content import Content

from console.domain.quota import Level, Meter, Period, Window
from console.domain.usage import Slice, Sum, UsageReport, dollars
from console.text import SafeText
from console.tui.present.plot import Step, plot, sparkline
from console.tui.present.tone import joined, sides, toned


class View(StrEnum):
    """What the plot shows."""

    ANSWERS = "answers"
    TOKENS = "tokens"
    COST = "cost"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True)
class UsageRow:
    """An agent or a model in the table."""

    kind: str
    one: Slice

    @property
    def key(self) -> tuple[str, SafeText]:
        """What names it."""
        return self.kind, self.one.name


_LEGEND = {
    View.ANSWERS: ("answers", "handed to a person"),
    View.TOKENS: ("tokens", "read"),
    View.COST: ("US dollars", ""),
    View.LATENCY: ("95 of 100 answers within", "half of them"),
}
_LEVELS = {Level.FINE: "", Level.SOFT: "soon", Level.HARD: "now"}
_BAR = 24
_ROOMY = 75
_SPARK = 16


def meter_line(meter: Meter, width: int, now: datetime, shown: Window | None = None) -> Content:
    """A quota: used, limit, percent, bar, and when it is reached or begins anew; `shown` is what else is seen."""
    quota, tone = meter.quota, _LEVELS[meter.level]
    month = f"{quota.metric} now" if shown not in {None, quota.window} else quota.metric
    name = month if quota.period is Period.MONTH else f"{quota.metric} today"
    head = f" {name:<13}{meter.used:>9,}"
    if quota.limit.hard is None:
        return sides(joined(toned(head, "strong"), toned("no limit", "quiet")), Content(""), width)
    percent = meter.percent or 0
    left = joined(
        Content.assemble(toned(head, "strong"), toned(f" of {quota.limit.hard:,}", "quiet")),
        toned(f"{int(percent):>3}%", tone or "strong"),
        _bar(percent, tone) if width >= 100 else Content(""),
        _outlook(meter, now, width),
    )
    return sides(left, toned(f"anew {_day(quota.window.end, now)}", "quiet") if width >= 90 else Content(""), width)


def _bar(percent: float, tone: str) -> Content:
    full = min(_BAR, max(round(percent * _BAR / 100), 1 if percent > 0 else 0))
    return Content.assemble(toned("█" * full, tone or "mine"), toned("·" * (_BAR - full), "faint"))


def _outlook(meter: Meter, now: datetime, width: int) -> Content:
    limit, full = meter.quota.limit, meter.full_at(now)
    if meter.level is Level.HARD:
        return toned(f"used up: people answer until {_day(meter.quota.window.end, now)}", "now")
    if full is not None:
        return toned(f"limit on {_day(full, now)}", "soon")
    if meter.level is Level.SOFT and limit.soft is not None:
        return toned("past soft limit" + (f" {limit.soft:,}" if width >= _ROOMY else ""), "soon")
    return Content("")


def figures(report: UsageReport, *, brief: bool = False) -> list[Content]:
    """Cost, latency and handoffs, each against the period before; brief where all share a line."""
    within = "" if brief else " within"
    total, before = report.total, report.total_before
    half, slow = total.slowest_of(0.5), total.slowest_of(0.95)
    found = (
        ("cost", cost_text(total.cost_usd, report), _change(float(total.cost_usd), float(before.cost_usd))),
        (f"half{within}", seconds(half), _change(half, before.slowest_of(0.5))),
        (f"95%{within}", seconds(slow), _change(slow, before.slowest_of(0.95))),
        ("handed over", share(total), _change(_part(total), _part(before))),
    )
    return [
        joined(toned(word, "quiet"), toned(value, "strong"), toned(change, "quiet"), gap=" ")
        for word, value, change in found
        if value
    ]


def chart(report: UsageReport, view: View, width: int, height: int) -> Content:
    """The plot of a view with its legend, `height` lines in all."""
    value, part = _LEGEND[view]
    legend = joined(
        joined(toned("█", "mine"), toned(value, "quiet"), gap=" "),
        joined(toned("▒", "soon"), toned(part, "quiet"), gap=" ") if part else Content(""),
        joined(toned("░", "faint"), toned(f"the {report.period} before", "quiet"), gap=" "),
        _unpriced(report) if view is View.COST else Content(""),
    )
    width -= 1
    lines = plot(_steps(report, view), width, max(1, height - 2), lambda number: _number(view, number))
    return Content("\n").join([*lines, sides(Content("       ") + legend, Content(""), width)])


def _steps(report: UsageReport, view: View) -> list[Step]:
    form = "%H" if report.period is Period.DAY else "%-d %b"
    found = []
    for place, (at, used) in enumerate(zip(report.steps, report.by_step, strict=True)):
        before = report.before[place] if place < len(report.before) else None
        value, part = measured(used, view)
        label = f"{at:{form}}" if at.day == 1 or place == 0 or report.period is Period.DAY else f"{at.day}"
        found.append(Step(label, value, part, measured(before, view)[0] if before else None))
    return found


def measured(used: Sum, view: View) -> tuple[float, float]:
    """The value of a view, and the part of it that is shaded."""
    match view:
        case View.ANSWERS:
            return max(used.answers, used.handoffs), used.handoffs
        case View.TOKENS:
            return used.tokens, used.tokens_in
        case View.COST:
            return float(used.cost_usd), 0
        case View.LATENCY:
            return used.slowest_of(0.95) or 0, used.slowest_of(0.5) or 0


def columns(width: int) -> Content:
    """The heading of the table."""
    return toned(_table_line("", "agent or model", "answers", "", "over", "tokens", "cost", "95%", width), "quiet")


def row_line(row: UsageRow, view: View, width: int) -> Content:
    """An agent or a model in one line, with a sparkline of the view."""
    used = row.one.total
    values = [measured(step, view)[0] for step in row.one.by_step]
    cost = _cost(used.cost_usd, row.one)
    line = _table_line(
        row.kind, row.one.name, f"{used.answers:,}", sparkline(values, _SPARK), share(used), short(used.tokens), cost,
        seconds(used.slowest_of(0.95)), width,
    )  # fmt: skip
    return toned(line, "" if row.kind == "agent" else "spoken")


def _table_line(
    kind: str, name: str, answers: str, spark: str, over: str, tokens: str, cost: str, slow: str, width: int
) -> str:
    tail = f"{answers:>8} {spark:<{_SPARK}} {over:>5}{tokens:>8}{cost:>9}{slow:>8}"
    room = max(8, width - len(tail) - 9)
    return f" {kind:<6} " + Content(name).truncate(room, ellipsis=True, pad=True).plain + " " + tail


def row_details(row: UsageRow, report: UsageReport, width: int) -> Content:
    """A row in full, step by step."""
    form = "%H:00" if report.period is Period.DAY else "%a %-d %b"
    most = max((step.answers for step in row.one.by_step), default=0)
    lines = [
        joined(toned(row.one.name, "strong"), toned(row.kind, "quiet")),
        toned(f"{'':<12}{'answers':>8}{'over':>7}{'tokens':>9}{'cost':>10}{'half':>8}{'95%':>8}", "quiet"),
    ]
    for at, used in zip(report.steps, row.one.by_step, strict=True):
        if used != Sum():
            cost = _cost(used.cost_usd, row.one, digits=4)
            line = (
                f"{at:{form}}".ljust(12) + f"{used.answers:>8,}{share(used):>7}{short(used.tokens):>9}{cost:>10}"
                f"{seconds(used.slowest_of(0.5)):>8}{seconds(used.slowest_of(0.95)):>8}"
            )
            bar = "█" * round(used.answers / most * max(0, width - 66)) if most else ""
            lines.append(joined(Content(line), toned(bar, "mine")))
    return Content("\n").join(lines)


def as_text(row: UsageRow, report: UsageReport) -> str:
    """A row for the clipboard: a table with tabs."""
    lines = [f"{row.kind} {row.one.name}", "from (utc)\tanswers\thandoffs\ttokens in\ttokens out\tcost usd"]
    for at, used in zip(report.steps, row.one.by_step, strict=True):
        numbers = (used.answers, used.handoffs, used.tokens_in, used.tokens_out, f"{used.cost_usd.normalize():f}")
        lines.append("\t".join([f"{at:%Y-%m-%d %H:%M}", *map(str, numbers)]))
    return "\n".join(lines)


def period_words(report: UsageReport) -> str:
    """Which days are shown."""
    if report.period is Period.DAY:
        return f"{report.window.start:%-d %b %Y}"
    return f"{report.steps[0]:%-d %b} to {report.steps[-1]:%-d %b %Y}"


def cost_text(cost: Decimal, report: UsageReport) -> str:
    """US dollars, with a plus where not every price is known."""
    return dollars(cost, 2) + ("+" if report.unpriced else "")


def _cost(cost: Decimal, one: Slice, digits: int = 2) -> str:
    known = dollars(cost, digits)
    return known if one.priced else f"{known}+" if cost else "unknown"


def short(number: float) -> str:
    """A number in five signs: 1,204 or 82.1k or 3.4M."""
    for unit, sign in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= unit:
            scaled = number / (unit if sign != "k" else 1e3)
            return f"{scaled:.0f}{sign}" if scaled >= 100 else f"{scaled:.1f}{sign}"
    return f"{number:,.0f}"


def seconds(ms: float | None) -> str:
    """A duration: 40 ms, 1.2 s; nothing where none was measured."""
    if ms is None:
        return ""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def share(used: Sum) -> str:
    """How many of a hundred answers went to a person."""
    part = _part(used)
    return "" if part is None else f"{part:.0%}"


def _part(used: Sum) -> float | None:
    most = max(used.answers, used.handoffs)
    return used.handoffs / most if most else None


def _change(now: float | None, before: float | None) -> str:
    if not now or not before:
        return ""
    change = round((now / before - 1) * 100)
    return f"{change:+}%" if abs(change) < 1000 else ""


def _number(view: View, number: float) -> str:
    match view:
        case View.COST:
            return _money(number)
        case View.LATENCY:
            return f"{number:.0f}ms" if number < 1000 else f"{number / 1000:.0f}s"
        case _:
            return f"{number:.1f}" if number < 3 and number % 1 else short(number)


def _money(number: float) -> str:
    """US dollars with so many digits that a little is not nothing."""
    if number >= 100:
        return f"${number:.0f}"
    digits = 1 - floor(log10(number)) if number > 0 else 0
    whole, part = f"{number:.{max(2, digits)}f}".split(".")
    return f"${whole}.{part[:2]}{part[2:].rstrip('0')}"


def _unpriced(report: UsageReport) -> Content:
    names: Sequence[str] = report.unpriced
    return toned(f"price not known: {', '.join(names[:3])}", "soon") if names else Content("")


def _day(at: datetime, now: datetime) -> str:
    if (at - now).days < 1 and at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%-d %b}"
