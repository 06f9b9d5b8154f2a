"""`console login`: open a session and keep its token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser

if TYPE_CHECKING:
    from console.domain.workspace import Membership, SignIn


def register(noun: Parser) -> None:
    """Add the arguments of `console login`."""
    noun.handled_by(
        _login,
        examples=[
            ("console login", "asks for e-mail and password"),
            ("CONSOLE_PASSWORD=... console login mia@acme.test", "asks nothing"),
        ],
    )
    noun.add_argument("--code", action="store_true", help="ask for the code at once, or for a recovery code")
    noun.epilog = "A code, where your account asks for one, is asked for, or taken from CONSOLE_TOTP."
    noun.add_argument("email", nargs="?", metavar="EMAIL", help="your e-mail (or CONSOLE_EMAIL)")


async def _login(call: Call) -> None:
    signed, kept = await _signed_in(call)
    active = next((m for m in signed.memberships if m.workspace_id == signed.active_workspace_id), None)
    if call.out.json:
        call.out.data(_as_json(signed, active, kept))
        return
    where = f"in {active.slug} as {active.role.label}" if active else "and a member of no workspace"
    call.out.text(f"signed in: {signed.name} <{signed.email}>, {where}")
    call.out.say(f"The session is kept in {kept}.")
    if call.config.session_token:
        call.out.say("CONSOLE_SESSION_TOKEN is set and goes before it.")


async def _signed_in(call: Call) -> tuple[SignIn, str]:
    from console.bootstrap import sign_in
    from console.cli.prompt import ask
    from console.cli.secret import sign_in_code, sign_in_password
    from console.cli.session import runtime
    from console.errors import CodeNeededError

    email = call.args.email or call.config.email or ask("E-mail", instead="an e-mail, or CONSOLE_EMAIL")
    password = sign_in_password(call)
    code = sign_in_code(call) if call.args.code else call.config.totp
    async with runtime(call) as opened:
        try:
            return await sign_in(opened, email, password, code)
        except CodeNeededError:
            return await sign_in(opened, email, password, sign_in_code(call))


def _as_json(signed: SignIn, active: Membership | None, kept: str) -> dict[str, object]:
    return {
        "email": signed.email,
        "name": signed.name,
        "workspace": active.slug if active else None,
        "role": active.role.label if active else None,
        "workspaces": [m.slug for m in signed.memberships],
        "kept_in": kept,
    }
