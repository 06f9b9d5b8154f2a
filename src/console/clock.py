"""The time now, and how long ago something was."""

from __future__ import annotations

from datetime import UTC, datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTE, _HOUR, _DAY, _WEEK_DAYS = 60, 3600, 86400, 7


def utc_now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


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
