"""Quotas as the database has them: rows to domain objects, and back into parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from console.domain.quota import Given, Meter, Metric, Period, Quota


def given(rows: Iterable[Any]) -> list[Given]:
    """The limits among the rows of `quota_sql.LIMITS`."""
    return [
        Given(Metric(row.metric), Period(row.period), row.soft, row.hard, row.own)
        for row in rows
        if row.metric is not None
    ]


def asked(found: Sequence[Quota]) -> dict[str, Any]:
    """These quotas as parameters of `quota_sql.METERS` and `DRIFT`."""
    return {
        "metrics": [quota.metric.value for quota in found], "periods": [quota.period.value for quota in found],
        "starts": [quota.window.start for quota in found], "ends": [quota.window.end for quota in found],
    }  # fmt: skip


def metered(found: Sequence[Quota], rows: Iterable[Any]) -> tuple[Meter, ...]:
    """The quotas with what the rows of `quota_sql.METERS` say of them."""
    by_name = {(row.metric, row.period): row for row in rows}
    return tuple(
        Meter(quota, int(row.used), int(row.reserved))
        for quota in found
        if (row := by_name.get((quota.metric.value, quota.period.value)))
    )
