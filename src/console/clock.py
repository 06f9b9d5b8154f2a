"""The time now, or one set back for a block, and how long ago something was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTE, _HOUR, _DAY, _WEEK_DAYS = 60, 3600, 86400, 7


_BACK: ContextVar[datetime | None] = ContextVar("back", default=None)


def utc_now() -> datetime:
    """The time now, aware, in UTC; where the clock is set back, that time, which stands still."""
    return _BACK.get() or datetime.now(UTC)


def set_back_to() -> datetime | None:
    """The time that the clock is set back to, for records that else take the database's; None where it is not."""
    return _BACK.get()


@contextmanager
def set_back(to: datetime) -> Iterator[None]:
    """Let what is recorded in this block, and in tasks begun in it, have this time (aware).

    Leases, claims and schedules stay on the database's own time.
    """
    before = _BACK.set(to.astimezone(UTC))
    try:
        yield
    finally:
        _BACK.reset(before)


def ago(then: datetime, now: datetime) -> str:
    """How long before `now` (both aware) `then` was: `4s`, `4m`, `2h`, `Tue`, `3 Nov`, `3 Nov 2024`.

    Days are those of `now`'s time zone; a time in the future reads `0s`, since clocks differ a little.
    """
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h"
    return _day(then.astimezone(now.tzinfo), now)


def _day(then: datetime, now: datetime) -> str:
    if (now.date() - then.date()).days < _WEEK_DAYS:
        return _DAYS[then.weekday()]
    day = f"{then.day} {_MONTHS[then.month - 1]}"
    return day if then.year == now.year else f"{day} {then.year}"
