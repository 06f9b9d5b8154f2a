"""Times to come, as people type them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from console.domain.when import parse_when
from console.errors import InvalidInputError

NOW = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The night before the clocks there go forward."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("30m", NOW + timedelta(minutes=30)),
        (" 2H ", NOW + timedelta(hours=2)),
        ("3 d", NOW + timedelta(days=3)),
        ("1w", NOW + timedelta(weeks=1)),
        ("tomorrow", datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, 8, 0, tzinfo=UTC)),
        ("2026-12-01T09:00", datetime(2026, 12, 1, 8, 0, tzinfo=UTC)),
        ("2026-12-01t09:00Z", datetime(2026, 12, 1, 9, 0, tzinfo=UTC)),
    ],
)
def test_when(text: str, at: datetime) -> None:
    assert parse_when(text, NOW.astimezone()) == at


NONE = ("", "soon", "0m", "-5m", "5", "5y", "99999d", "2026-02-30", "2025-01-01", "\x1b[2J", "\u0663h", "yesterday",
        "2026-03-28T22:30Z", "99999-01-01", "tomorrow\nnow")  # fmt: skip


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_time_to_come(text: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_when(text, NOW.astimezone())
    assert refused.value.message.isprintable()
