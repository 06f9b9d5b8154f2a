"""`console agent diff`: what differs between an agent's draft, its live version and any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser

if TYPE_CHECKING:
    from console.domain.agent_diff import AgentDiff, Side
    from console.domain.diff import FieldChange


def register(noun: Parser) -> None:
    """Add the verb."""
    diff = noun.verb(
        "diff",
        "what differs between the draft, the live version and any other",
        _diff,
        examples=[
            ("console agent diff help", "what a publish would change"),
            ("console agent diff help --from v3 --to live", "what has changed since version 3"),
        ],
    )
    diff.takes_agent()
    which = "draft, live, or a version's number"
    diff.add_argument("--from", dest="left", metavar="VERSION", default="live", help=f"{which} (else: live)")
    diff.add_argument("--to", dest="right", metavar="VERSION", default="draft", help=f"{which} (else: draft)")


async def _diff(call: Call) -> None:
    from console.cli.session import acting
    from console.domain.agent_diff import parse_reference

    left, right = parse_reference(call.args.left), parse_reference(call.args.right)
    async with acting(call) as (services, actor):
        found = await services.versions.diff(actor, call.args.agent, left, right)
    if call.out.json:
        call.out.data(_shown(found))
        return
    if not found.changes:
        call.out.say(f"{found.left.label} and {found.right.label} of {found.agent.slug} are the same")
        return
    call.out.text(f"{found.agent.slug}: {_named(found.left)} -> {_named(found.right)}")
    for change in found.changes:
        call.out.text("\n".join(_lines(change)))


def _lines(change: FieldChange) -> list[str]:
    if len(change.lines) == 1 and change.kind == "value":
        return [f"{change.field}: {change.lines[0].text}"]
    lines = (f"{'  ' * (line.depth + 1)}{line.sign} {line.text}".rstrip() for line in change.lines)
    return [f"{change.field}:", *lines]


def _named(side: Side) -> str:
    by = f" by {side.author_name}" if side.author_name else ""
    return f"{side.label}, {side.at:%Y-%m-%d %H:%M} UTC{by}" if side.at and side.number else side.label


def _shown(found: AgentDiff) -> dict[str, object]:
    return {
        "agent": found.agent.slug,
        "from": _side(found.left),
        "to": _side(found.right),
        "same": not found.changes,
        "count": found.count,
        "changes": [
            {
                "field": change.field,
                "kind": change.kind,
                "before": change.before,
                "after": change.after,
                "lines": [{"sign": line.sign, "text": line.text, "depth": line.depth} for line in change.lines],
            }
            for change in found.changes
        ],
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "label": side.label,
        "version": side.number,
        "draft_revision": side.revision,
        "live": side.live,
        "note": side.note,
        "author": side.author_name,
        "at": side.at,
    }
