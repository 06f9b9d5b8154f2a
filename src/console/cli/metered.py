"""Meters and sums, for a program and for a person."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from console.cli.output import Output
    from console.domain.quota import Meter
    from console.domain.usage import Sum

_BAR = 20
_MOST_BACK = 120


def meter_json(meter: Meter) -> dict[str, object]:
    """A meter as scripts know it; an unlimited one has no hard limit and no percent."""
    quota = meter.quota
    return {
        "metric": quota.metric, "period": quota.period, "used": meter.used, "reserved": meter.reserved,
        "soft": quota.limit.soft, "hard": quota.limit.hard, "percent": meter.percent,
        "window_start": quota.window.start, "window_end": quota.window.end, "resets_at": quota.window.end,
        "plan_hard": quota.plan.hard,
    }  # fmt: skip


def sum_json(used: Sum) -> dict[str, object]:
    """Sums as scripts know them."""
    return {
        "answers": used.answers, "handoffs": used.handoffs, "tokens_in": used.tokens_in, "tokens_out": used.tokens_out,
        "cost_usd": used.cost_usd, "ms_p50": used.slowest_of(0.5), "ms_p95": used.slowest_of(0.95),
    }  # fmt: skip


def meter_table(out: Output, meters: Sequence[Meter]) -> None:
    """The meters for a person."""
    rows = [
        (
            f"{meter.quota.metric} a {meter.quota.period}",
            f"{meter.used:,}",
            "no limit" if meter.quota.limit.hard is None else f"of {meter.quota.limit.hard:,}",
            bar(meter.percent or 0) if meter.percent is not None else "",
            "" if meter.percent is None else f"{int(meter.percent)}%",
            f"{meter.quota.window.end:%Y-%m-%d %H:%M}",
        )
        for meter in meters
    ]
    out.table(["metric", "used", "limit", "", "%", "anew (utc)"], rows)


def cost_text(cost: Decimal, *, priced: bool) -> str:
    """US dollars; where not every price is known, the part that is, with a plus, or that nothing is."""
    from console.domain.usage import dollars

    known = dollars(cost, 2 if cost >= 1 or not cost else 4)
    return known if priced else f"{known}+" if cost else "unknown"


def back(text: str) -> int:
    """How many windows earlier, from an argument."""
    if not text.isascii() or not text.isdecimal() or len(text) > 3 or int(text) > _MOST_BACK:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number from 0 to {_MOST_BACK}")
    return int(text)


def bar(percent: float, cells: int = _BAR) -> str:
    """A bar in plain characters, full from 100 percent on, and empty at 0 only."""
    full = min(cells, max(int(percent * cells / 100), 1 if percent > 0 else 0))
    return f"[{'#' * full}{'-' * (cells - full)}]"
