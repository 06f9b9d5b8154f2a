"""`console workspace`: the workspaces of the signed-in person."""

from __future__ import annotations

from console.cli import workspace_credential, workspace_model
from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import NotSignedInError, UsageError


def register(noun: Parser) -> None:
    """Add the verbs of `console workspace`."""
    noun.verb("list", "the workspaces that you belong to", _list)
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
    from console.bootstrap import session_token, signed_in
    from console.cli.session import runtime

    async with runtime(call) as opened:
        actor = await signed_in(opened)
        memberships = await opened.services.auth.memberships(await session_token(opened) or "")
    found = [(m.slug, m.name, m.role.label, m.workspace_id == actor.workspace_id) for m in memberships]
    if call.out.json:
        fields = ("slug", "name", "role", "active")
        call.out.data({"workspaces": [dict(zip(fields, row, strict=True)) for row in found]})
        return
    call.out.table(("", "slug", "name", "role"), [("*" if row[3] else "", *row[:3]) for row in found])


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
