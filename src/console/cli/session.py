"""`console session`; and a verb's way to the services: the runtime of this process, and who acts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser

if TYPE_CHECKING:
    from console.bootstrap import Runtime
    from console.domain.actor import Actor
    from console.services import Services


def register(noun: Parser) -> None:
    """Add the verbs of `console session`."""
    from console.cli import session_verbs

    session_verbs.register(noun)


@asynccontextmanager
async def runtime(call: Call) -> AsyncIterator[Runtime]:
    """The runtime, open; nobody signed in."""
    from console.bootstrap import open_runtime

    async with open_runtime(call.config) as opened:
        yield opened


@asynccontextmanager
async def acting(call: Call) -> AsyncIterator[tuple[Services, Actor]]:
    """The services, and the signed-in person in the workspace of the call; `NotSignedInError` when nobody is."""
    from console.bootstrap import signed_in

    async with runtime(call) as opened:
        yield opened.services, await signed_in(opened)
