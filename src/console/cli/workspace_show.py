"""`console workspace show`: what is set in a workspace, and who belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import NotFoundError
from console.text import one_line

if TYPE_CHECKING:
    from console.domain.glance import WorkspaceDetails
    from console.domain.workspace import Membership
    from console.ids import WorkspaceId


def register(noun: Parser) -> None:
    """Add the verb."""
    show = noun.verb(
        "show",
        "settings and members of one of your workspaces",
        _show,
        examples=[("console workspace show", "the one you are in"), ("console workspace show acme", "")],
    )
    show.add_argument("slug", metavar="SLUG", nargs="?", help="which one (else the one you are in)")


async def _show(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        mine = await services.my_workspaces.list(actor)
        wanted = _wanted(mine, call.args.slug, actor.workspace_id)
        found = await services.my_workspaces.details(actor, wanted)
    if call.out.json:
        call.out.data(_detailed(found, wanted))
        return
    call.out.text("\n".join(f"{label:<12}{value}" for label, value in _facts(found, wanted)))
    rows = [(m.name, m.email, m.role.label, f"{m.joined_at:%Y-%m-%d}", "here" if m.user_id in found.present else "")
            for m in found.members]  # fmt: skip
    call.out.table(("name", "e-mail", "role", "since", ""), rows)


def _wanted(mine: Sequence[Membership], slug: str | None, here: WorkspaceId) -> Membership:
    found = (each for each in mine if (each.slug == slug if slug else each.workspace_id == here))
    if (wanted := next(found, None)) is None:
        raise NotFoundError(f"you have no workspace {one_line(slug or '', 80)!r}", hint="console workspace list")
    return wanted


def _facts(found: WorkspaceDetails, mine: Membership) -> list[tuple[str, str]]:
    keys = "admins see them" if found.credentials is None else ", ".join(
        f"{each.kind} {each.last_characters}".strip() for each in found.credentials) or "none"  # fmt: skip
    return [
        ("slug", mine.slug), ("name", mine.name), ("your role", mine.role.label), ("plan", found.workspace.plan),
        ("time zone", found.workspace.time_zone),
        ("model", f"{found.chat} at {found.endpoint}" if found.endpoint else "none: answers are extracts"),
        ("billing", f"{found.window.start:%Y-%m-%d %H:%M} to {found.window.end:%Y-%m-%d %H:%M} UTC"),
        ("keys", keys),
    ]  # fmt: skip


def _detailed(found: WorkspaceDetails, mine: Membership) -> dict[str, object]:
    return {
        "slug": mine.slug, "name": mine.name, "role": mine.role.label, "plan": found.workspace.plan,
        "time_zone": found.workspace.time_zone, "endpoint": found.endpoint or None, "model": found.chat or None,
        "embedding_model": found.embedding or None, "window_start": found.window.start, "window_end": found.window.end,
        "max_seats": found.max_seats, "credentials": found.credentials,
        "members": [
            {"name": each.name, "email": each.email, "role": each.role.label, "joined_at": each.joined_at,
             "present": each.user_id in found.present}
            for each in found.members
        ],
    }  # fmt: skip
