"""The live link of the workspace that the console is in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from console.domain.actor import Actor
from console.domain.live import Link, LinkChanged, LiveEvent

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

RECONNECT = 2.0


async def listen(app: ConsoleApp) -> None:
    """Hear what changes, again and again, as long as the same actor sits here."""
    actor = app.actor
    while actor == app.actor:
        try:
            await _follow(app, actor, app.services.live.events(actor))
        except Exception as error:
            if actor == app.actor:
                app.heard(LinkChanged(Link.OFFLINE))
                app.report(error)
        await asyncio.sleep(RECONNECT)


async def _follow(app: ConsoleApp, actor: Actor, events: AsyncIterator[LiveEvent]) -> None:
    try:
        async for event in events:
            if actor != app.actor:
                return
            app.heard(event)
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
