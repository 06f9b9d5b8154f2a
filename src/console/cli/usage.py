"""`console usage`: what was used, and whether what is counted is what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.metered import back, bar, cost_text, meter_json, meter_table, sum_json
from console.cli.parser import Parser
from console.cli.session import acting
from console.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.domain.quota import Drift
    from console.domain.usage import Sum, UsageReport

_BY = ("agent", "model", "day")
Row = tuple[str, "Sum", bool]


def register(noun: Parser) -> None:
    """Make `console usage` a verb."""
    noun.handled_by(
        _usage,
        examples=[
            ("console usage", "this month by agent"),
            ("console usage --window day --by model", "today by model"),
            ("console usage --check", "counters against events; exit code 1 when they differ"),
        ],
    )
    noun.add_argument("--window", metavar="WINDOW", choices=("day", "month"), default="month", help="day or month")
    noun.add_argument("--by", metavar="WHAT", choices=_BY, default="agent", help="agent, model or day")
    noun.add_argument("--back", metavar="N", type=back, default=0, help="so many windows earlier")
    noun.add_argument("--check", action="store_true", help="compare the counters with the events")


async def _usage(call: Call) -> int:
    from console.domain.quota import Period

    async with acting(call) as (services, actor):
        if call.args.check:
            return _checked(call, await services.usage.drift(actor))
        report = await services.usage.report(actor, Period(call.args.window), back=call.args.back)
    _print(call, report)
    return ExitCode.OK


def _print(call: Call, report: UsageReport) -> None:
    rows = list(_rows(report, call.args.by))
    if call.out.json:
        call.out.data(_json(report, call.args.by, rows))
        return
    meter_table(call.out, report.meters)
    call.out.text("")
    total = report.total
    most = max((used.answers for _, used, _ in rows), default=0)
    table = [
        (
            name, used.answers, bar(100 * used.answers / most if most else 0, 10), used.handoffs, f"{used.tokens:,}",
            cost_text(used.cost_usd, priced=priced), _seconds(used.slowest_of(0.5)),
            _seconds(used.slowest_of(0.95)),
        )
        for name, used, priced in [*rows, ("all", total, not report.unpriced)]
    ]  # fmt: skip
    call.out.table([call.args.by, "answers", "", "handoffs", "tokens", "cost", "p50", "p95"], table)
    call.out.say(_since(report))


def _rows(report: UsageReport, by: str) -> Iterable[Row]:
    if by == "day":
        form = "%H:00" if report.period == "day" else "%Y-%m-%d"
        priced = not report.unpriced
        return [(f"{at:{form}}", used, priced) for at, used in zip(report.steps, report.by_step, strict=True)]
    slices = report.agents if by == "agent" else report.models
    return [(one.name, one.total, one.priced) for one in slices]


def _json(report: UsageReport, by: str, rows: list[Row]) -> dict[str, object]:
    return {
        "window": report.period, "window_start": report.window.start, "window_end": report.window.end,
        "metrics": list(map(meter_json, report.meters)), "total": sum_json(report.total),
        "before": sum_json(report.total_before), "by": by,
        "rows": [{by: name, **sum_json(used), "priced": priced} for name, used, priced in rows],
        "unpriced": report.unpriced,
    }  # fmt: skip


def _since(report: UsageReport) -> str:
    before = report.total_before.answers
    return f"since {report.window.start:%Y-%m-%d %H:%M} UTC; the {report.period} before: {before:,} answers"


def _seconds(ms: float | None) -> str:
    if ms is None:
        return ""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def _checked(call: Call, found: tuple[Drift, ...]) -> int:
    ok = all(drift.ok for drift in found)
    if call.out.json:
        call.out.data({"ok": ok, "metrics": [_drift_json(drift) for drift in found]})
        return ExitCode.OK if ok else ExitCode.REFUSED
    rows = [
        (
            f"{drift.quota.metric} a {drift.quota.period}", drift.used, drift.events, drift.used_off, drift.reserved,
            drift.held, drift.reserved_off, "ok" if drift.ok else "drift",
        )
        for drift in found
    ]  # fmt: skip
    call.out.table(["metric", "counter", "events", "off", "reserved", "held", "off", "result"], rows)
    call.out.say("counters and events agree" if ok else "the counters are not what the events say")
    return ExitCode.OK if ok else ExitCode.REFUSED


def _drift_json(drift: Drift) -> dict[str, object]:
    return {
        "metric": drift.quota.metric, "period": drift.quota.period, "window_start": drift.quota.window.start,
        "used": drift.used, "events": drift.events, "used_off": drift.used_off, "reserved": drift.reserved,
        "held": drift.held, "reserved_off": drift.reserved_off, "ok": drift.ok,
    }  # fmt: skip
