"""What a workspace may use: metrics, windows, limits, and how far they are used up."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

MOST = 10**15
"""No limit may be higher."""
_FORECAST_AFTER = 0.02


class Metric(StrEnum):
    """What is counted: answers that the AI gave, and tokens that models read and wrote."""

    ANSWERS = "answers"
    TOKENS = "tokens"


class Period(StrEnum):
    """How long a limit lasts: a day of UTC, or a month from the workspace's billing anchor."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` until just before `end`, both UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """From start to end."""
        return self.end - self.start

    def holds(self, at: datetime) -> bool:
        """Whether this moment is in it."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Limit:
    """At `soft` people are told, at `hard` answers are refused; None does neither."""

    soft: int | None = None
    hard: int | None = None

    def lowered(self, own: Limit) -> Limit:
        """This limit with a workspace's own below it; never higher."""
        soft, hard = _lower(self.soft, own.soft), _lower(self.hard, own.hard)
        return Limit(soft if soft is None else _lower(soft, hard), hard)

    def allows(self, used: int, more: int) -> bool:
        """Whether `more` still fit."""
        return self.hard is None or used + more <= self.hard


class Level(StrEnum):
    """How a meter stands."""

    FINE = "fine"
    SOFT = "soft"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Given:
    """A limit as it is stored: the plan's, or the workspace's `own`."""

    metric: Metric
    period: Period
    soft: int | None
    hard: int | None
    own: bool


@dataclass(frozen=True, slots=True)
class Quota:
    """A metric in the window that holds now: the limit in force, and the plan's own."""

    metric: Metric
    period: Period
    window: Window
    limit: Limit
    plan: Limit


@dataclass(frozen=True, slots=True)
class Meter:
    """What is used and reserved of a quota."""

    quota: Quota
    used: int
    reserved: int

    @property
    def percent(self) -> float | None:
        """Percent of the hard limit, unrounded; 100 for a limit of zero, None without one."""
        hard = self.quota.limit.hard
        if hard is None:
            return None
        return 100.0 * self.used / hard if hard else 100.0

    @property
    def level(self) -> Level:
        """`hard` when not one more fits, `soft` from the soft limit on."""
        limit = self.quota.limit
        if not limit.allows(self.used, 1):
            return Level.HARD
        return Level.SOFT if limit.soft is not None and self.used >= limit.soft else Level.FINE

    def full_at(self, now: datetime) -> datetime | None:
        """When the hard limit is reached at the pace so far; None when not in this window, or too soon to say."""
        window, hard = self.quota.window, self.quota.limit.hard
        passed = now - window.start
        if hard is None or self.used <= 0 or self.level is Level.HARD or passed < window.length * _FORECAST_AFTER:
            return None
        share = hard / self.used * (passed / window.length)
        return window.start + window.length * share if share < 1 else None


@dataclass(frozen=True, slots=True)
class Drift:
    """A counter beside what the events and the reservations held say."""

    quota: Quota
    used: int
    reserved: int
    events: int
    held: int

    @property
    def used_off(self) -> int:
        """How much more the counter says than the events."""
        return self.used - self.events

    @property
    def reserved_off(self) -> int:
        """How much more the counter has reserved than reservations hold."""
        return self.reserved - self.held

    @property
    def ok(self) -> bool:
        """Whether both agree."""
        return not self.used_off and not self.reserved_off


def window(period: Period, anchor: datetime, at: datetime) -> Window:
    """The window of `period` that holds `at`. A month begins on the anchor's day and time of day in UTC, or on the last
    day of a month that has no such day."""
    at, anchor = at.astimezone(UTC), anchor.astimezone(UTC)
    if period is Period.DAY:
        start = at.replace(hour=0, minute=0, second=0, microsecond=0)
        return Window(start, start + timedelta(days=1))
    months = (at.year - anchor.year) * 12 + at.month - anchor.month
    if _month_after(anchor, months) > at:
        months -= 1
    return Window(_month_after(anchor, months), _month_after(anchor, months + 1))


def quotas(given: Iterable[Given], anchor: datetime, at: datetime) -> tuple[Quota, ...]:
    """The quotas that are shown: each metric by month, limited or not, and by day where that is limited."""
    given = tuple(given)
    limited = {(one.metric, one.period) for one in given}
    return tuple(
        quota
        for quota in counted(given, anchor, at)
        if quota.period is Period.MONTH or (quota.metric, quota.period) in limited
    )


def counted(given: Iterable[Given], anchor: datetime, at: datetime) -> tuple[Quota, ...]:
    """The quotas that are counted, in the order in which their counters are locked: all, limited or not, so that a
    limit set later finds what was used before it."""
    limits = {(one.metric, one.period, one.own): Limit(one.soft, one.hard) for one in given}
    plans = {(m, p): limits.get((m, p, False), Limit()) for m in Metric for p in Period}
    return tuple(
        Quota(*name, window(name[1], anchor, at), plan.lowered(limits.get((*name, True), Limit())), plan)
        for name, plan in plans.items()
    )


def worst(meters: Iterable[Meter]) -> float | None:
    """The highest percent; None where nothing is limited."""
    return max((meter.percent for meter in meters if meter.percent is not None), default=None)


def _month_after(anchor: datetime, months: int) -> datetime:
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = min(anchor.day, monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


def _lower(one: int | None, other: int | None) -> int | None:
    given = [value for value in (one, other) if value is not None]
    return min(given, default=None)
