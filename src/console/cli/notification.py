"""`console notification`: what you should know of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.numbers import count
from console.cli.parser import Parser
from console.cli.session import acting
from console.ids import parse_id

if TYPE_CHECKING:
    from console.domain.notification import Notification

_WHAT = {
    "mention": "{who} mentioned you", "assigned": "{who} assigned it to you", "quota": "a limit is near",
}  # fmt: skip


def register(noun: Parser) -> None:
    """Add the verbs of `console notification`."""
    listed = noun.verb(
        "list", "list what you have not read", _list, examples=[("console notification list", "the newest first")]
    )
    listed.add_argument("--all", action="store_true", help="what you have read too")
    listed.add_argument("--limit", metavar="N", type=count, default=50, help="how many at most (50)")
    read = noun.verb("read", "mark as read", _read, examples=[("console notification read", "all of them")])
    read.add_argument("id", metavar="ID", nargs="*", help="only these")


async def _list(call: Call) -> None:
    limit = min(call.args.limit, 1000)
    async with acting(call) as (services, actor):
        found = await services.notifications.all(actor, unread_only=not call.args.all, limit=limit)
    if call.out.json:
        call.out.lines(found)
        return
    rows = [(n.id, f"{n.created_at:%m-%d %H:%M}", _what(n), n.conversation_id, n.snippet) for n in found]
    call.out.table(["id", "when (utc)", "what", "conversation", "words"], rows)
    if not found:
        call.out.say("nothing new")


async def _read(call: Call) -> None:
    ids = [parse_id(id, "notification") for id in call.args.id] or None
    async with acting(call) as (services, actor):
        read = await services.notifications.read(actor, ids)
        unread = await services.notifications.unread(actor)
    if call.out.json:
        call.out.data({"read": read, "unread": unread})
    else:
        call.out.text(f"{read} marked as read, {unread} unread")


def _what(notification: Notification) -> str:
    return _WHAT[notification.type].replace("{who}", notification.actor_name or "the console")
