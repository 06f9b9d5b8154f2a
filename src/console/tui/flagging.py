"""An answer flagged as none: its question becomes a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.ids import ConversationId

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp


async def flag_answer(app: ConsoleApp, id: ConversationId, seq: int) -> None:
    """Flag it and say what became of it. Runs on the app, so that it outlives the screen."""
    from console.domain.gap import GapStatus

    gap = await app.services.gaps.flag(app.actor, id, seq)
    waits = gap.status in {GapStatus.OPEN, GapStatus.DRAFTED}
    app.say(f"“{gap.question}” is a gap now: 2 shows it" if waits else f"“{gap.question}” is {gap.status} already")
    app.changed_here()
