"""`console workspace`: the workspaces of the signed-in person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli import workspace_credential, workspace_model, workspace_show
from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import NotSignedInError, UsageError

if TYPE_CHECKING:
    from console.domain.glance import Glance
    from console.ids import WorkspaceId


def register(noun: Parser) -> None:
    """Add the verbs of `console workspace`."""
    noun.verb("list", "the workspaces that you belong to", _list)
    workspace_show.register(noun)
    create = noun.verb(
        "create", "make a workspace of your own", _create, examples=[("console workspace create acme --name Acme", "")]
    )
    create.add_argument("slug", metavar="SLUG")
    create.add_argument("--name", metavar="NAME", help="its name (else the slug)")
    switch = noun.verb("switch", "work in another workspace from now on", _switch)
    switch.add_argument("slug", metavar="SLUG")
    workspace_model.register(noun)
    workspace_credential.register(noun)


async def _list(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        mine = await services.my_workspaces.list(actor)
        seen = {glance.membership: glance async for glance in services.my_workspaces.glances(actor, mine)}
    found = [seen[each] for each in mine]
    if call.out.json:
        call.out.data({"workspaces": [_shown(glance, actor.workspace_id) for glance in found]})
        return
    headers = ("", "slug", "name", "role", "waiting", "quota", "failing", "last publish")
    call.out.table(headers, [_row(glance, actor.workspace_id) for glance in found])
    for glance in found:
        if glance.trouble:
            call.out.say(f"{glance.membership.slug} can't be read now: {glance.trouble}")


def _shown(glance: Glance, active: WorkspaceId) -> dict[str, object]:
    mine, last = glance.membership, glance.last_publish
    return {
        "slug": mine.slug, "name": mine.name, "role": mine.role.label, "active": mine.workspace_id == active,
        "waiting": glance.waiting, "failing_sources": glance.failing_sources, "quota_percent": glance.quota_percent,
        "last_publish": last and {
            "agent": last.agent_slug, "version": last.number, "at": last.at, "author": last.author_name,
        },
        "trouble": glance.trouble or None,
    }  # fmt: skip


def _row(glance: Glance, active: WorkspaceId) -> tuple[object, ...]:
    mine, last = glance.membership, glance.last_publish
    quota = "" if glance.quota_percent is None else f"{glance.quota_percent}%"
    publish = f"{last.agent_slug} v{last.number}, {last.at:%Y-%m-%d %H:%M}" if last else ""
    return (
        "*" if mine.workspace_id == active else "", mine.slug, mine.name, mine.role.label,
        _number(glance.waiting), quota, _number(glance.failing_sources), publish,
    )  # fmt: skip


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


async def _create(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        made = await services.workspaces.create(actor, call.args.slug, call.args.name or call.args.slug)
    if call.out.json:
        call.out.data({"id": made.id, "slug": made.slug, "name": made.name})
        return
    call.out.text(f"made the workspace {made.slug}; you are its owner")
    call.out.say(f"Next: console workspace switch {made.slug}")


async def _switch(call: Call) -> None:
    from console.bootstrap import session_token
    from console.cli.session import runtime

    async with runtime(call) as opened:
        token = await session_token(opened)
        if token is None:
            raise NotSignedInError("you are not signed in", hint="console login")
        if opened.passing_token is not None:
            why = "CONSOLE_EMAIL and CONSOLE_PASSWORD sign in for one command only: there is nothing to switch"
            raise UsageError(why, hint="set CONSOLE_WORKSPACE, or give --workspace")
        actor = await opened.services.auth.switch(token, call.args.slug)
    if call.out.json:
        call.out.data({"workspace": call.args.slug, "role": actor.role.label})
        return
    call.out.text(f"you are in {call.args.slug} now, as {actor.role.label}")
