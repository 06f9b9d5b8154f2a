"""Times to come, as people type them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from console.errors import InvalidInputError, MalformedError

MORNING = time(9)
"""When a day begins that is named without a time."""

_SPAN = re.compile(r"([0-9]{1,4})\s*(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_when(text: str, now: datetime) -> datetime:
    """`30m`, `2h`, `3d`, `1w`, `tomorrow`, `2026-12-01` or `2026-12-01T09:00` as an aware time.

    `now` is aware; days and times without a zone are this machine's, days begin at `MORNING`. Raises
    `MalformedError` for anything else, `InvalidInputError` for what is past.
    """
    at = _read(text.strip().lower(), now)
    if at is None:
        hint = "30m, 2h, 3d, tomorrow or 2026-12-01T09:00"
        raise MalformedError(f"{text[:80]!r} is no time to come", hint=hint)
    if at <= now:
        raise InvalidInputError(f"{text[:80]!r} is past", hint="name a time to come")
    return at


def morning(day: datetime) -> datetime:
    """The day's `MORNING` on this machine."""
    return datetime.combine(day.date(), MORNING).astimezone()


def _read(text: str, now: datetime) -> datetime | None:
    if span := _SPAN.fullmatch(text):
        return now + timedelta(**{_UNITS[span[2]]: int(span[1])})
    if text == "tomorrow":
        return morning(now + timedelta(days=1))
    try:
        at = datetime.fromisoformat(text.upper())
        if re.fullmatch(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", text):
            return morning(at)
        return at if at.tzinfo else at.astimezone()
    except (ValueError, OverflowError):
        return None
