"""Passwords: bcrypt in threads of its own, as many at once as leave the machine usable under a flood of log-ins."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from console.errors import InvalidInputError

MIN_CHARACTERS = 8
MAX_BYTES = 72
COST = 12
# A well-formed hash of the same cost that no password has: what an unknown e-mail is compared with.
_NOBODY = f"$2b${COST}$" + "." * 53


async def hash_password(password: str) -> str:
    """The bcrypt hash to store; `InvalidInputError` below 8 characters or above 72 bytes of UTF-8."""
    given = check_password(password)
    return (await asyncio.get_running_loop().run_in_executor(_pool(), _hash, given)).decode()


async def matches(password: str, stored: str | None) -> bool:
    """Whether the password is the one behind `stored`; takes the same time for None and for a corrupt hash."""
    return await asyncio.get_running_loop().run_in_executor(_pool(), _compare, password, stored)


def check_password(password: str) -> bytes:
    """The password as bytes; `InvalidInputError` below 8 characters or above 72 bytes of UTF-8."""
    if len(password) < MIN_CHARACTERS:
        raise InvalidInputError(f"the password has fewer than {MIN_CHARACTERS} characters", hint="choose a longer one")
    given = _encoded(password)
    if given is None:
        raise InvalidInputError("the password holds characters that are no text", hint="choose another one")
    if len(given) > MAX_BYTES:
        why = f"the password has {len(given)} bytes as UTF-8, more than {MAX_BYTES}"
        raise InvalidInputError(why, hint="choose a shorter one")
    return given


def _hash(password: bytes) -> bytes:
    import bcrypt

    return bcrypt.hashpw(password, bcrypt.gensalt(COST))


def _compare(password: str, stored: str | None) -> bool:
    import bcrypt

    given = _encoded(password)
    if given is None or len(given) > MAX_BYTES or stored is None:
        return bcrypt.checkpw(b"", _NOBODY.encode()) and False
    try:
        return bcrypt.checkpw(given, stored.encode())
    except ValueError:
        return bcrypt.checkpw(b"", _NOBODY.encode()) and False


def _encoded(password: str) -> bytes | None:
    try:
        return password.encode()
    except UnicodeEncodeError:
        return None


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2), thread_name_prefix="bcrypt")
