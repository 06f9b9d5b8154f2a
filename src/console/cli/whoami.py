"""`console whoami`: who is signed in, where, and with which role."""

from __future__ import annotations

from console.cli.call import Call
from console.cli.parser import Parser


def register(noun: Parser) -> None:
    """Add the arguments of `console whoami`."""
    noun.handled_by(_whoami, examples=[("console whoami", "you, your workspace, your role")])


async def _whoami(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        workspace = await services.workspaces.get(actor)
    if call.out.json:
        call.out.data(
            {
                "user_id": actor.user_id,
                "email": actor.email,
                "name": actor.name,
                "workspace": workspace.slug,
                "workspace_id": workspace.id,
                "role": actor.role.label,
            }
        )
        return
    call.out.text(f"{actor.name} <{actor.email}>, {actor.role.label} of {workspace.slug} ({workspace.name})")
