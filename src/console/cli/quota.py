"""`console quota`: how much is left, quickly enough for a script; and the workspace's own limits."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from console.domain.quota import Meter
    from console.text import SafeText

_METRICS = ("answers", "tokens")
_PERIODS = ("day", "month")


def register(noun: Parser) -> None:
    """Add the verbs of `console quota`."""
    check = noun.verb(
        "check", "what is used of each limit", _check,
        examples=[
            ("console quota check", "every limit"),
            ("console quota check --fail-over 90 --json", "exit code 6 above 90 percent"),
        ],
    )  # fmt: skip
    check.add_argument("--fail-over", metavar="N", type=_percent, help="exit with 6 when any limit is above N percent")
    limit = noun.verb(
        "set", "set your own limit, below the plan's; owners only", _set,
        examples=[
            ("console quota set answers --soft 800 --hard 1000", "a month: told at 800, refused at 1,000"),
            ("console quota set tokens --hard 50000 --window day", "a day"),
            ("console quota set answers --clear", "back to the plan's"),
        ],
    )  # fmt: skip
    limit.add_argument("metric", metavar="METRIC", choices=_METRICS, help="answers or tokens")
    limit.add_argument("--soft", metavar="N", type=_number, help="owners and admins are told when so many are used")
    limit.add_argument("--hard", metavar="N", type=_number, help="a person takes over from then on")
    limit.add_argument("--window", metavar="WINDOW", choices=_PERIODS, default="month", help="day or month (month)")
    limit.add_argument("--clear", action="store_true", help="have no limit of your own")


def _check(call: Call) -> int:
    from console.domain.quota import worst
    from console.quick import quick_meters

    found = quick_meters(call.config)
    slug, meters = found if found is not None else _signed_in(call)
    highest = worst(meters)
    if call.out.json:
        from console.cli.metered import meter_json

        call.out.data({"workspace": slug, "metrics": list(map(meter_json, meters)), "worst_percent": highest})
    else:
        from console.cli.metered import meter_table

        meter_table(call.out, meters)
    limit = call.args.fail_over
    return ExitCode.OVER_QUOTA if limit is not None and highest is not None and highest > limit else ExitCode.OK


def _signed_in(call: Call) -> tuple[SafeText, tuple[Meter, ...]]:
    import asyncio

    from console.cli.session import acting

    async def read() -> tuple[SafeText, tuple[Meter, ...]]:
        async with acting(call) as (services, actor):
            return (await services.workspaces.get(actor)).slug, await services.usage.meters(actor)

    return asyncio.run(read())


async def _set(call: Call) -> None:
    from console.cli.metered import meter_json, meter_table
    from console.cli.session import acting
    from console.domain.quota import Limit, Metric, Period

    args = call.args
    if args.clear == (args.soft is not None or args.hard is not None):
        raise UsageError("give --soft or --hard or both, or else --clear", hint=f"console quota set {args.metric} -h")
    limit = Limit(args.soft, args.hard)
    async with acting(call) as (services, actor):
        meter = await services.ceilings.set(actor, Metric(args.metric), Period(args.window), limit)
    if call.out.json:
        call.out.data(meter_json(meter))
    else:
        meter_table(call.out, [meter])


def _number(text: str) -> int:
    try:
        return int(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number") from None


def _percent(text: str) -> float:
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 10_000:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no percentage")
    return value
