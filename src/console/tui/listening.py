"""The live link of the workspace that the console is in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from console.clock import utc_now
from console.domain.actor import Actor
from console.domain.live import (
    Changed,
    Link,
    LinkChanged,
    LiveEvent,
    Notified,
    PresenceChanged,
    SchemaMoved,
    ThingsChanged,
)
from console.text import SafeText, one_line
from console.tui.events import PeopleMoved, RowsChanged, ThingsMoved

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
                hear(app, LinkChanged(Link.OFFLINE))
                app.report(error)
        await asyncio.sleep(RECONNECT)


async def _follow(app: ConsoleApp, actor: Actor, events: AsyncIterator[LiveEvent]) -> None:
    try:
        async for event in events:
            if actor != app.actor:
                return
            hear(app, event)
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def hear(app: ConsoleApp, event: LiveEvent) -> None:
    """Tell the app and its screens what happened in this workspace, or to the link."""
    match event:
        case LinkChanged(link):
            _linked(app, link)
        case Changed(ids):
            app.changed_here()
            app.tell_screens(lambda: RowsChanged(ids))
        case PresenceChanged(ids):
            app.tell_screens(lambda: PeopleMoved(ids))
        case ThingsChanged(kinds):
            app.changed_here()
            app.tell_screens(lambda: ThingsMoved(kinds))
        case SchemaMoved(name):
            app.outdated = one_line(name)
            app.tell_counts()
        case Notified(user_id) if user_id == app.actor.user_id:
            app.changed_here()


def _linked(app: ConsoleApp, link: Link) -> None:
    if link is not app.link:
        app.link, app.link_since = link, utc_now()
    if link is Link.OFFLINE:
        app.offline(SafeText("the server can't be reached"))
    else:
        app.online()
    app.tell_counts()
