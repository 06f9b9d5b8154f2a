from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from console.clock import ago, set_back, set_back_to, utc_now

NOW = datetime(2026, 11, 10, 14, 0, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (timedelta(seconds=-30), "0s"),
        (timedelta(seconds=4), "4s"),
        (timedelta(seconds=59, milliseconds=999), "59s"),
        (timedelta(minutes=1), "1m"),
        (timedelta(minutes=59, seconds=59), "59m"),
        (timedelta(hours=2), "2h"),
        (timedelta(hours=23, minutes=59), "23h"),
        (timedelta(days=1), "Mon"),
        (timedelta(days=6), "Wed"),
        (timedelta(days=6, hours=20), "3 Nov"),
        (timedelta(days=7), "3 Nov"),
        (timedelta(days=365), "10 Nov 2025"),
    ],
)
def test_ago(before: timedelta, shown: str) -> None:
    assert ago(NOW - before, NOW) == shown


def test_days_are_those_of_the_readers_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    then = datetime(2026, 11, 8, 16, 0, tzinfo=UTC)  # Sunday here, Monday there
    assert (ago(then, NOW), ago(then, NOW.astimezone(tokyo))) == ("Sun", "Mon")


def test_utc_now_is_aware() -> None:
    assert utc_now().utcoffset() == timedelta(0)


async def test_the_clock_is_set_back_for_a_block_and_its_tasks_only() -> None:
    then, entered = NOW - timedelta(days=3), asyncio.Event()

    async def elsewhere() -> datetime | None:
        await entered.wait()
        return set_back_to()

    beside = asyncio.create_task(elsewhere())
    with set_back(then):
        entered.set()
        assert utc_now() == then
        assert await asyncio.create_task(elsewhere()) == then
        with set_back(then - timedelta(days=1)):
            assert utc_now() == then - timedelta(days=1)
        assert set_back_to() == then
        assert await beside is None
    assert set_back_to() is None
    assert utc_now() not in (then, then - timedelta(days=1))
