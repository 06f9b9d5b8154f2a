"""`console session`: where I am signed in."""

from __future__ import annotations

from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import UsageError


def register(noun: Parser) -> None:
    """Add the verbs of `console session`."""
    noun.verb("list", "your open sessions, newest first", _list, examples=[("console session list", "")])
    revoke = noun.verb(
        "revoke",
        "end sessions; whoever uses one is signed out with the next thing done",
        _revoke,
        examples=[
            ("console session revoke 3f9a", "by the beginning of its id"),
            ("console session revoke --others", "all but this one"),
        ],
    )
    revoke.add_argument("ids", nargs="*", metavar="ID", help="as `console session list` shows it, or its beginning")
    revoke.add_argument("--others", action="store_true", help="all but this one")


async def _list(call: Call) -> None:
    from console.cli.session import acting
    from console.clock import ago, utc_now

    async with acting(call) as (services, actor):
        sessions = await services.account.sessions(actor)
    if call.out.json:
        call.out.data({"sessions": list(sessions)})
        return
    now = utc_now()
    rows = [
        (
            each.id,
            each.seen_from,
            f"{each.created_at:%Y-%m-%d %H:%M}",
            ago(each.last_seen_at, now),
            f"{each.expires_at:%Y-%m-%d %H:%M}",
            "this one" if each.current else "",
        )
        for each in sessions
    ]
    call.out.table(("id", "from", "since (UTC)", "seen", "ends (UTC)", ""), rows)


async def _revoke(call: Call) -> None:
    from console.cli.session import acting

    if bool(call.args.ids) == call.args.others:
        raise UsageError("give the ids of sessions, or --others", hint="console session list")
    async with acting(call) as (services, actor):
        ended = await services.account.end_sessions(actor, None if call.args.others else call.args.ids)
    if call.out.json:
        call.out.data({"revoked": ended})
        return
    call.out.text(f"{ended} {'session' if ended == 1 else 'sessions'} ended")
