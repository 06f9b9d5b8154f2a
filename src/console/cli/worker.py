"""`console worker`: answers visitors and ingests knowledge."""

from __future__ import annotations

from console.cli.call import Call
from console.cli.parser import Parser


def register(noun: Parser) -> None:
    """Add the arguments of `console worker`."""
    noun.handled_by(_worker, examples=[("console worker", "work until interrupted")])
    noun.add_argument("--companion", action="store_true", help="end when nobody uses this machine's own database")


async def _worker(call: Call) -> None:
    from console.processes import run_worker

    await run_worker(call.config, companion_of_data=call.args.companion)
