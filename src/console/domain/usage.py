"""What was used: sums that can be added up, their latency as a histogram, and a report of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from console.domain.quota import Meter, Period, Window
from console.text import SafeText

LATENCY_MS = (
    5, 10, 20, 35, 50, 75, 100, 150, 200, 350, 500, 750, 1000, 1500, 2000, 3500, 5000, 7500, 10_000, 15_000, 20_000,
    30_000, 60_000,
)  # fmt: skip
"""Upper bounds, in milliseconds, of a histogram's classes; what is slower falls into one more class."""


def dollars(cost: Decimal | float, digits: int) -> str:
    """US dollars with so many digits; what would look like nothing is said to be less than the last one."""
    shown = f"{cost:,.{digits}f}"
    return f"<${10**-digits:.{digits}f}" if cost and not shown.strip("0.") else f"${shown}"


@dataclass(frozen=True, slots=True)
class Sum:
    """What was used, as sums and counts: averages are made of them when they are shown."""

    answers: int = 0
    handoffs: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal = Decimal(0)
    duration_ms: int = 0
    timed: int = 0
    latency: tuple[int, ...] = field(default=(0,) * (len(LATENCY_MS) + 1))

    def __add__(self, other: Sum) -> Sum:
        """Both together."""
        return Sum(
            self.answers + other.answers,
            self.handoffs + other.handoffs,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.cost_usd + other.cost_usd,
            self.duration_ms + other.duration_ms,
            self.timed + other.timed,
            tuple(map(int.__add__, self.latency, other.latency)),
        )

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.tokens_in + self.tokens_out

    def slowest_of(self, share: float) -> float | None:
        """The milliseconds within which this share (0 to 1) of the answers came, between the bounds of a class."""
        total = sum(self.latency)
        if not total:
            return None
        bounds, reached = (0, *LATENCY_MS), list(accumulate(self.latency))
        wanted = share * total
        place = next(i for i, so_far in enumerate(reached) if so_far >= wanted and so_far > 0)
        if place == len(LATENCY_MS):
            return float(LATENCY_MS[-1])
        within = (wanted - (reached[place] - self.latency[place])) / self.latency[place] if self.latency[place] else 1
        return bounds[place] + (bounds[place + 1] - bounds[place]) * max(0.0, within)


@dataclass(frozen=True, slots=True)
class Slice:
    """What one agent or model used; `by_step` is for a sparkline. Not `priced`: its cost is not known."""

    name: SafeText
    total: Sum
    by_step: tuple[Sum, ...]
    priced: bool = True


@dataclass(frozen=True, slots=True)
class UsageReport:
    """A period and the one before it, in steps: days of a month, or hours of a day, as UTC has them."""

    period: Period
    window: Window
    meters: tuple[Meter, ...]
    steps: tuple[datetime, ...]
    by_step: tuple[Sum, ...]
    before: tuple[Sum, ...]
    agents: tuple[Slice, ...]
    models: tuple[Slice, ...]

    @property
    def total(self) -> Sum:
        """All of the period."""
        return added(self.by_step)

    @property
    def total_before(self) -> Sum:
        """All of the period before."""
        return added(self.before)

    @property
    def unpriced(self) -> tuple[SafeText, ...]:
        """The models whose cost is not known."""
        return tuple(one.name for one in self.models if not one.priced)


def added(sums: Sequence[Sum]) -> Sum:
    """All of them together."""
    return sum(sums, Sum())


def step_of(period: Period) -> timedelta:
    """How long a step of a report is."""
    return timedelta(hours=1) if period is Period.DAY else timedelta(days=1)


def steps(period: Period, window: Window) -> tuple[datetime, ...]:
    """The beginnings of the whole days or hours that a window begins in: two windows side by side share none."""
    first, last = (_floor(period, at) for at in (window.start, window.end))
    count = (last - first) // step_of(period)
    return tuple(first + step_of(period) * n for n in range(count))


def _floor(period: Period, at: datetime) -> datetime:
    hour = at.hour if period is Period.DAY else 0
    return at.replace(hour=hour, minute=0, second=0, microsecond=0)
