"""`console workspace credential`: the workspace's keys of other services, sealed."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import UsageError

if TYPE_CHECKING:
    from datetime import timedelta

    from console.domain.credential import Credential

VARIABLE = "CONSOLE_CREDENTIAL"
_MAX_BYTES = 10_000


def register(noun: Parser) -> None:
    """Add `credential` and its verbs to `console workspace`."""
    credential = noun.group("credential", "keys of other services, kept sealed and never shown again")
    credential.verb("list", "each key's last characters and age", _list)
    setting = credential.verb(
        "set",
        "keep a key; it is read from a prompt, standard input, or CONSOLE_CREDENTIAL",
        _set,
        examples=[
            ("console workspace credential set openai", "asks for the key, unseen"),
            ("console workspace credential set openai < key.txt", "from a file"),
        ],
    )
    remove = credential.verb("remove", "forget a key", _remove)
    for verb in (setting, remove):
        verb.add_argument("kind", metavar="KIND", help="openai: the key of the workspace's model endpoint")
    setting.add_argument("refused", nargs="*", help=argparse.SUPPRESS)


async def _list(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        found = await services.credentials.all(actor)
    if call.out.json:
        call.out.data({"credentials": [_as_json(one) for one in found]})
    elif found:
        call.out.table(("kind", "key", "age"), [(one.kind, _end(one), _age(one.age)) for one in found])
    else:
        call.out.say("no key is kept here")


async def _set(call: Call) -> None:
    from console.cli.session import acting

    if call.args.refused:
        why = "a key is not taken from the command line: others on this machine could read it there"
        raise UsageError(why, hint=f"leave it out to be asked, or give it on standard input or in {VARIABLE}")
    secret = _secret()
    async with acting(call) as (services, actor):
        kept = await services.credentials.set(actor, call.args.kind, secret)
    if call.out.json:
        call.out.data(_as_json(kept))
    else:
        call.out.text(f"kept a key for {kept.kind}, {_end(kept)}")


async def _remove(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        await services.credentials.remove(actor, call.args.kind)
    if call.out.json:
        call.out.data({"removed": call.args.kind})
    else:
        call.out.text(f"forgot the key for {call.args.kind}")


def _secret() -> str:
    from console.cli.prompt import ask_secret

    if given := os.environ.get(VARIABLE):
        return given
    if sys.stdin and not sys.stdin.isatty():
        piped = sys.stdin.buffer.read(_MAX_BYTES).decode("utf-8", "replace").strip()
        if piped:
            return piped
    return ask_secret("Key", instead=f"it on standard input, or the variable {VARIABLE}")


def _as_json(one: Credential) -> dict[str, object]:
    return {
        "kind": one.kind, "last_characters": one.last_characters, "set_at": one.set_at,
        "age_seconds": round(one.age.total_seconds()),
    }  # fmt: skip


def _end(one: Credential) -> str:
    return f"…{one.last_characters}" if one.last_characters else "too short to show any of it"


def _age(age: timedelta) -> str:
    if age.days:
        return f"{age.days} d"
    return f"{age.seconds // 3600} h" if age.seconds >= 3600 else f"{age.seconds // 60} min"
