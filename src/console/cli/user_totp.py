"""`console user totp` and `console user recovery`: codes beside the password."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser

if TYPE_CHECKING:
    from console.domain.account import Proof, TotpOffer
    from console.domain.actor import Actor
    from console.services import Services

_PROOF = "The password is asked for, or taken from CONSOLE_PASSWORD; the code, where one is needed, from CONSOLE_TOTP."
_TRIES = 3


def register(noun: Parser) -> None:
    """Add `totp` with its verbs and `recovery` to `console user`."""
    totp = noun.group("totp", "codes of an authenticator app, asked for beside your password")
    enrol = totp.verb(
        "enrol",
        "get a secret for your app; nothing is asked for before a code confirms it",
        _enrol,
        examples=[("console user totp enrol", "shows a QR code on a terminal, and asks for the first code")],
    )
    totp.verb("confirm", "show with a code that your app has it (or CONSOLE_TOTP)", _confirm)
    off = totp.verb("off", "be asked for your password alone", _off)
    totp.verb("status", "whether a code is asked for, and how many recovery codes are left", _status)
    recovery = noun.verb("recovery", "ten new recovery codes; the old ones end", _recovery)
    for verb in (enrol, off, recovery):
        verb.epilog = _PROOF


async def proof(call: Call, services: Services, actor: Actor) -> Proof:
    """Password and, where it is asked for, code: from the environment, else asked."""
    from console.cli.secret import sign_in_code, sign_in_password
    from console.domain.account import Proof

    needed = (await services.account.second_factor(actor)).active
    return Proof(sign_in_password(call), sign_in_code(call) if needed else None)


async def _enrol(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        offer = await services.account.offer_totp(actor, await proof(call, services, actor))
        if call.out.json:
            call.out.data({"secret": offer.secret, "otpauth_url": offer.url})
            return
        _show(call, offer)
        if sys.stdin.isatty() and sys.stdout.isatty():
            _show_codes(call, await _confirmed(call, services, actor))
        else:
            call.out.say("Nothing changes before: console user totp confirm")


async def _confirmed(call: Call, services: Services, actor: Actor) -> tuple[str, ...]:
    from console.cli.prompt import ask
    from console.errors import InvalidInputError

    for tries_left in reversed(range(_TRIES)):
        try:
            return await services.account.confirm_totp(actor, ask("Code", instead="the variable CONSOLE_TOTP"))
        except InvalidInputError as error:
            if not tries_left:
                raise
            call.out.say(f"{error.message}; try the next one")
    raise AssertionError


async def _confirm(call: Call) -> None:
    from console.cli.prompt import ask
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        code = call.config.totp or ask("Code", instead="the variable CONSOLE_TOTP")
        _show_codes(call, await services.account.confirm_totp(actor, code))


async def _off(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        await services.account.drop_totp(actor, await proof(call, services, actor))
    if call.out.json:
        call.out.data({"totp": False})
    else:
        call.out.text("no code is asked for any more; all other sessions have ended")


async def _status(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        state = await services.account.second_factor(actor)
    if call.out.json:
        call.out.data({"totp": state.active, "offered": state.offered, "recovery_codes": state.recovery_codes})
        return
    call.out.text(
        f"a code is {'asked for' if state.active else 'not asked for'}; recovery codes left: {state.recovery_codes}"
    )
    if state.offered:
        call.out.say("A new secret waits for its first code: console user totp confirm")


async def _recovery(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        codes = await services.account.renew_recovery_codes(actor, await proof(call, services, actor))
    if call.out.json:
        call.out.data({"recovery_codes": list(codes)})
    else:
        _list_codes(call, codes)


def _show(call: Call, offer: TotpOffer) -> None:
    from console.seal import seal_of

    if sys.stdout.isatty():
        _draw(call, offer.url)
    call.out.text(f"secret: {offer.secret}\n{offer.url}")
    seal = seal_of(call.config)
    if call.config.database_url and not seal.is_named:
        call.out.say(f"Its key is {seal.file}: wherever you sign in needs that file (CONSOLE_KEY_FILE).")


def _draw(call: Call, url: str) -> None:
    from shutil import get_terminal_size

    from console.cli.qr import coloured, drawn

    lines = drawn(url, plain=call.config.ascii or not (sys.stdout.encoding or "").lower().startswith("utf"))
    if len(lines[0]) > get_terminal_size().columns:
        call.out.say(f"The QR code needs {len(lines[0])} columns: give your app the secret instead.")
        return
    print("\n".join(coloured(lines)))


def _show_codes(call: Call, codes: Sequence[str]) -> None:
    if call.out.json:
        call.out.data({"totp": True, "recovery_codes": list(codes)})
        return
    call.out.say("A code is asked for from now on; all other sessions have ended.")
    _list_codes(call, codes)


def _list_codes(call: Call, codes: Sequence[str]) -> None:
    call.out.say(
        "Recovery codes, shown this once: each signs you in one time in place of a code, or while you must wait."
    )
    call.out.text("\n".join(codes))
