"""What this operator holds, kept while the console lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.errors import ConsoleError

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp


async def renew_leases(app: ConsoleApp) -> None:
    """Renew the leases of all that is held, and tell when some are with others now."""
    actor = app.actor
    try:
        held = await app.services.takeover.renew(actor)
    except ConsoleError as error:
        app.report_for(actor, error)
        return
    if actor != app.actor:
        return
    if held < app.counts.held:
        app.say("what you held is with others now: your lease had ended", "warning")
    if held != app.counts.held:
        app.changed_here()
