"""Passwords for a command: from a variable or a prompt, never from its arguments."""

from __future__ import annotations

import os

from console.cli.call import Call
from console.errors import InvalidInputError


def sign_in_password(call: Call) -> str:
    """The password to sign in with: CONSOLE_PASSWORD, else asked."""
    from console.cli.prompt import ask_secret

    return call.config.password or ask_secret("Password", instead="the variable CONSOLE_PASSWORD")


def sign_in_code(call: Call) -> str:
    """The code to sign in with: CONSOLE_TOTP, else asked."""
    from console.cli.prompt import ask_secret

    return call.config.totp or ask_secret("Code, or a recovery code", instead="the variable CONSOLE_TOTP")


def new_password(call: Call) -> str:
    """A password to set: CONSOLE_NEW_PASSWORD, else CONSOLE_PASSWORD where that signs nobody in, else asked twice."""
    spare = None if call.config.email else call.config.password
    return os.environ.get("CONSOLE_NEW_PASSWORD") or spare or ask_twice("the variable CONSOLE_NEW_PASSWORD")


def ask_twice(instead: str) -> str:
    """Ask for a new password and once more for the same; `InvalidInputError` when it can't be one or they differ."""
    from console.cli.prompt import ask_secret
    from console.services.passwords import check_password

    first = ask_secret("New password", instead=instead)
    check_password(first)
    if ask_secret("The same again", instead=instead) != first:
        raise InvalidInputError("the two passwords differ", hint="try again")
    return first
