"""Windows, limits and forecasts: pure rules, over all of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.quota import (
    Given,
    Level,
    Limit,
    Meter,
    Metric,
    Period,
    Quota,
    Window,
    counted,
    quotas,
    window,
    worst,
)

TICK = timedelta(microseconds=1)
FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1990, 2100))
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
limits = st.one_of(st.none(), st.integers(0, 10**9))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@given(st.sampled_from(Period), moments, moments)
def test_a_window_holds_its_moment_and_the_next_begins_where_it_ends(
    period: Period, anchor: datetime, at: datetime
) -> None:
    found = window(period, anchor, at)
    assert found.start <= at < found.end
    assert window(period, anchor, found.end).start == found.end
    assert window(period, anchor, found.end - TICK) == found == window(period, anchor, found.start)
    assert window(period, anchor, found.start - TICK).end == found.start


@given(moments, moments)
def test_a_month_keeps_the_anchors_day_or_the_last_one(anchor: datetime, at: datetime) -> None:
    start = window(Period.MONTH, anchor, at).start
    assert start.timetz() == anchor.timetz()
    assert start.day == anchor.day or (start.day < anchor.day and (start + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("at", "start", "end"),
    [
        (utc(2026, 2, 28, 8, 59, 59, 999999), utc(2026, 1, 31, 9), utc(2026, 2, 28, 9)),
        (utc(2026, 2, 28, 9), utc(2026, 2, 28, 9), utc(2026, 3, 31, 9)),
        (utc(2028, 2, 29, 10), utc(2028, 2, 29, 9), utc(2028, 3, 31, 9)),
        (utc(2026, 5, 1), utc(2026, 4, 30, 9), utc(2026, 5, 31, 9)),
        (utc(2025, 12, 31, 9), utc(2025, 12, 31, 9), utc(2026, 1, 31, 9)),
        (utc(2020, 1, 1), utc(2019, 12, 31, 9), utc(2020, 1, 31, 9)),
    ],
)
def test_an_anchor_on_the_31st(at: datetime, start: datetime, end: datetime) -> None:
    assert window(Period.MONTH, utc(2026, 1, 31, 9), at) == Window(start, end)


def test_a_day_is_utcs_whatever_the_clock_of_the_caller() -> None:
    late = datetime(2026, 3, 29, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert window(Period.DAY, utc(2026, 1, 1), late) == Window(utc(2026, 3, 28), utc(2026, 3, 29))


@given(limits, limits, limits, limits)
def test_a_workspaces_own_limit_only_lowers(a: int | None, b: int | None, c: int | None, d: int | None) -> None:
    plan, own = Limit(a, b), Limit(c, d)
    found = plan.lowered(own)
    for hard in (plan.hard, own.hard):
        assert hard is None or (found.hard is not None and found.hard <= hard)
    assert found.hard in (plan.hard, own.hard)
    assert found.soft is None or found.hard is None or found.soft <= found.hard
    assert (found.soft is None) == (plan.soft is None and own.soft is None)


def test_all_is_counted_and_days_are_shown_where_they_are_limited() -> None:
    at = utc(2026, 3, 1)
    names = [(quota.metric, quota.period) for quota in counted([], at, at)]
    assert names == [("answers", "day"), ("answers", "month"), ("tokens", "day"), ("tokens", "month")]
    names = [(quota.metric, quota.period) for quota in quotas([], at, at)]
    assert names == [("answers", "month"), ("tokens", "month")]
    given_ = [Given(Metric.TOKENS, Period.DAY, None, 5, own=True), Given(Metric.TOKENS, Period.MONTH, 8, 9, own=False)]
    found = {(quota.metric, quota.period): quota for quota in quotas(given_, at, at)}
    assert list(found) == [("answers", "month"), ("tokens", "day"), ("tokens", "month")]
    assert found[Metric.TOKENS, Period.DAY].limit == Limit(None, 5)
    assert found[Metric.TOKENS, Period.DAY].plan == Limit()
    assert found[Metric.TOKENS, Period.MONTH].plan == found[Metric.TOKENS, Period.MONTH].limit == Limit(8, 9)


def metered(used: int, soft: int | None, hard: int | None) -> Meter:
    held = Window(utc(2026, 11, 1), utc(2026, 12, 1))
    return Meter(Quota(Metric.ANSWERS, Period.MONTH, held, Limit(soft, hard), Limit(soft, hard)), used, 0)


@pytest.mark.parametrize(
    ("used", "soft", "hard", "level", "percent"),
    [
        (0, None, None, Level.FINE, None), (7, 8, 10, Level.FINE, 70), (8, 8, 10, Level.SOFT, 80),
        (10, 8, 10, Level.HARD, 100), (12, 8, 10, Level.HARD, 120), (0, 0, 0, Level.HARD, 100),
        (8, 8, None, Level.SOFT, None),
    ],
)  # fmt: skip
def test_levels(used: int, soft: int | None, hard: int | None, level: Level, percent: float | None) -> None:
    meter = metered(used, soft, hard)
    assert (meter.level, meter.percent) == (level, percent)


def test_the_worst_is_of_those_that_are_limited() -> None:
    assert worst([metered(3, None, None)]) is None
    assert worst([metered(3, None, None), metered(3, None, 10), metered(5, None, 10)]) == 50


def test_a_forecast_is_the_pace_so_far() -> None:
    assert metered(500, None, 1000).full_at(utc(2026, 11, 10)) == utc(2026, 11, 19)
    assert metered(100, None, 1000).full_at(utc(2026, 11, 10)) is None  # not in this window
    assert metered(1000, None, 1000).full_at(utc(2026, 11, 10)) is None  # it is reached already
    assert metered(0, None, 1000).full_at(utc(2026, 11, 10)) is None
    assert metered(5, None, 1000).full_at(utc(2026, 11, 1, 1)) is None  # an hour says nothing of a month
    assert metered(5, None, None).full_at(utc(2026, 11, 10)) is None


@given(st.integers(0, 10**12), st.integers(0, 10**12), moments)
def test_a_forecast_lies_in_the_window_and_not_in_the_past(used: int, hard: int, at: datetime) -> None:
    held = window(Period.MONTH, utc(2026, 1, 31), at)
    full = Meter(Quota(Metric.ANSWERS, Period.MONTH, held, Limit(None, hard), Limit()), used, 0).full_at(at)
    assert full is None or at - timedelta(seconds=1) <= full < held.end
