"""`console agent origin`: the web pages that may talk with an agent."""

from __future__ import annotations

from collections.abc import Iterable

from console.cli.call import Call
from console.cli.parser import Parser


def register(noun: Parser) -> None:
    """Add `origin` and its verbs to `console agent`."""
    origin = noun.group("origin", "the web pages that may talk with an agent from a browser; none by default")
    listing = origin.verb("list", "the agent's origins", _list)
    add = origin.verb(
        "add",
        "let the pages of an origin talk with the agent",
        _add,
        examples=[("console agent origin add help https://shop.example", "holds at once, without a publish")],
    )
    remove = origin.verb("remove", "let them no longer; what is open ends within seconds", _remove)
    for verb in (listing, add, remove):
        verb.takes_agent()
    for verb in (add, remove):
        verb.add_argument("origin", metavar="ORIGIN", help="https://HOST or https://HOST:PORT")


async def _list(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        origins = await services.origins.list(actor, call.args.agent)
    if call.out.json:
        call.out.data({"origins": list(origins)})
        return
    _lines(call, origins)


async def _add(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        origin = await services.origins.add(actor, call.args.agent, call.args.origin)
    _done(call, "added", origin)


async def _remove(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        origin = await services.origins.remove(actor, call.args.agent, call.args.origin)
    _done(call, "removed", origin)


def _lines(call: Call, origins: Iterable[str]) -> None:
    lines = list(origins)
    if lines:
        call.out.text("\n".join(lines))
    else:
        call.out.say("no origin is listed: no web page may talk with this agent")


def _done(call: Call, what: str, origin: str) -> None:
    if call.out.json:
        call.out.data({what: origin})
    else:
        call.out.text(f"{what} {origin}")
