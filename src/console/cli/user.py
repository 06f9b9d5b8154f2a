"""`console user`: people who may sign in, and how I do."""

from __future__ import annotations

import os

from console.cli import user_totp
from console.cli.call import Call
from console.cli.member import shown
from console.cli.parser import Parser

ROLES = ("viewer", "member", "admin", "owner")


def register(noun: Parser) -> None:
    """Add the verbs of `console user`."""
    add = noun.verb(
        "add",
        "add a person to the workspace",
        _add,
        examples=[("console user add mia@acme.test --name 'Mia Santos' --role member", "asks for a password")],
    )
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--name", metavar="NAME", help="the person's name (else what stands before the @)")
    add.add_argument("--role", choices=ROLES, default="member", help="what the person may do (member)")
    add.add_argument("--known", action="store_true", help="the person has an account here already: ask no password")
    password = noun.verb(
        "password",
        "set another password for yourself; all other sessions end",
        _password,
        examples=[("console user password", "asks for the old one and twice for the new one")],
    )
    password.epilog = (
        "Without a terminal: CONSOLE_PASSWORD, CONSOLE_NEW_PASSWORD and, where a code is asked for, CONSOLE_TOTP."
    )
    user_totp.register(noun)
    add.epilog = "The password is asked for, or taken from CONSOLE_NEW_PASSWORD. A known person keeps the old one."


async def _add(call: Call) -> None:
    from console.cli.secret import new_password
    from console.cli.session import acting
    from console.domain.actor import Role

    args = call.args
    password = None if args.known else new_password(call)
    name = args.name or args.email.partition("@")[0]
    async with acting(call) as (services, actor):
        member = await services.members.add(actor, args.email, name, Role.parse(args.role), password)
    if call.out.json:
        call.out.data(shown(member))
        return
    call.out.text(f"{member.name} <{member.email}> is {member.role.label} now")


async def _password(call: Call) -> None:
    from console.cli.secret import ask_twice
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        given = await user_totp.proof(call, services, actor)
        new = os.environ.get("CONSOLE_NEW_PASSWORD") or ask_twice("the variable CONSOLE_NEW_PASSWORD")
        await services.account.change_password(actor, given, new)
    if call.out.json:
        call.out.data({"changed": True})
    else:
        call.out.text("the password is changed; all other sessions have ended")
