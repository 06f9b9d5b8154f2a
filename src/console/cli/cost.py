"""`console cost`: what models cost, and which of them nobody has told the price of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.metered import back, cost_text
from console.cli.parser import Parser
from console.cli.session import acting

if TYPE_CHECKING:
    from console.domain.usage import Slice, UsageReport


def register(noun: Parser) -> None:
    """Make `console cost` a verb."""
    noun.handled_by(
        _cost,
        examples=[("console cost", "this month by model and agent"), ("console cost --back 1", "the month before")],
    )
    noun.add_argument("--window", metavar="WINDOW", choices=("day", "month"), default="month", help="day or month")
    noun.add_argument("--back", metavar="N", type=back, default=0, help="so many windows earlier")


async def _cost(call: Call) -> None:
    from console.domain.quota import Period

    async with acting(call) as (services, actor):
        report = await services.usage.report(actor, Period(call.args.window), back=call.args.back)
    if call.out.json:
        call.out.data(_json(report))
        return
    for what, slices in (("model", report.models), ("agent", report.agents)):
        rows = [_row(one) for one in slices if one.total.tokens or one.total.cost_usd]
        if rows:
            call.out.table([what, "answers", "tokens in", "tokens out", "cost"], rows)
            call.out.text("")
    cost = cost_text(report.total.cost_usd, priced=not report.unpriced)
    call.out.text(f"{cost} since {report.window.start:%Y-%m-%d %H:%M} UTC")
    for name in report.unpriced:
        call.out.say(f"the price of {name} is not known: what it used counts as nothing here")


def _row(one: Slice) -> tuple[object, ...]:
    used = one.total
    cost = cost_text(used.cost_usd, priced=one.priced)
    return one.name, used.answers, f"{used.tokens_in:,}", f"{used.tokens_out:,}", cost


def _json(report: UsageReport) -> dict[str, object]:
    return {
        "window": report.period, "window_start": report.window.start, "window_end": report.window.end,
        "cost_usd": report.total.cost_usd, "models": list(map(_slice, report.models)),
        "agents": list(map(_slice, report.agents)), "unpriced": report.unpriced,
    }  # fmt: skip


def _slice(one: Slice) -> dict[str, object]:
    used = one.total
    return {
        "name": one.name, "answers": used.answers, "tokens_in": used.tokens_in, "tokens_out": used.tokens_out,
        "cost_usd": used.cost_usd if one.priced else None, "priced": one.priced,
    }  # fmt: skip
