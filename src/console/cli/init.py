"""`console init`: the first workspace of a server, its owner and its first agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser

if TYPE_CHECKING:
    from console.domain.workspace import NewWorkspace


def register(noun: Parser) -> None:
    """Add the arguments of `console init`."""
    noun.handled_by(
        _init,
        examples=[
            ("console init", "asks for what it needs"),
            ("console init --name Acme --email mia@acme.test --owner 'Mia Santos'", "asks for a password only"),
        ],
    )
    noun.add_argument("--name", metavar="NAME", help="the workspace's name; --workspace gives its slug")
    noun.add_argument("--email", metavar="EMAIL", help="the owner's e-mail (or CONSOLE_EMAIL)")
    noun.add_argument("--owner", metavar="NAME", help="the owner's name")
    noun.add_argument("--agent", metavar="NAME", default="Assistant", help="the first agent's name (Assistant)")
    noun.epilog = "The password is asked for, or taken from CONSOLE_PASSWORD."


async def _init(call: Call) -> None:
    from console.cli.session import runtime
    from console.keychain import TokenStore

    new = _asked(call)
    async with runtime(call) as opened:
        made = await opened.services.workspaces.create_first(new)
        signed = await opened.services.auth.login(new.owner_email, new.owner_password)
        kept = TokenStore(call.config).save(signed.token)
    workspace, agent = made.workspace, made.agent
    if call.out.json:
        call.out.data(
            {
                "workspace": {"id": workspace.id, "slug": workspace.slug, "name": workspace.name},
                "owner": {"id": made.owner.user_id, "email": made.owner.email, "name": made.owner.name},
                "agent": {"id": agent.id, "slug": agent.slug, "name": agent.name, "public_key": agent.public_key},
                "signed_in": kept,
            }
        )
        return
    call.out.text(f"workspace {workspace.slug}, agent {agent.slug} (published), owner {made.owner.email}")
    call.out.say(f"You are signed in; the session is kept in {kept}.")
    call.out.say(f"Next: console source add folder PATH  then  console ask --agent {agent.slug} 'a question'")


def _asked(call: Call) -> NewWorkspace:
    from console.cli.prompt import ask
    from console.cli.secret import ask_twice
    from console.domain.names import check_email, check_name, check_slug, slug_of
    from console.domain.workspace import NewWorkspace

    args, config = call.args, call.config
    name = check_name(args.name or ask("Name of the workspace", instead="--name"), "workspace's name")
    slug = check_slug(config.workspace or slug_of(name))
    email = check_email(args.email or config.email or ask("Your e-mail", instead="--email"))
    owner = args.owner or ask("Your name", email.partition("@")[0], instead="--owner")
    return NewWorkspace(
        slug=slug,
        name=name,
        owner_email=email,
        owner_name=check_name(owner, "owner's name"),
        owner_password=config.password or ask_twice("the variable CONSOLE_PASSWORD"),
        agent_slug=slug_of(args.agent),
        agent_name=args.agent,
        plan="unlimited",  # whoever begins a server sets its limits
    )
