"""The answer of a gap, written in the console: its draft, or what became of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.domain.actor import Role
from console.domain.curated import CuratedAnswer
from console.domain.gap import DraftOrigin, Gap, GapDetail, GapStatus
from console.text import one_line, sanitise
from console.tui.editing import editor_of
from console.tui.kept_text import KeptText
from console.tui.modals.document import DocumentModal
from console.tui.present.gaps import reply_words

if TYPE_CHECKING:
    from console.tui.app import ConsoleApp

_LEFT = "your text of the last time, not saved yet; ctrl+n begins anew"


async def edit_answer(app: ConsoleApp, gap: Gap) -> str:
    """Write it in a pane; returns what to say of it, nothing when it stays as it is."""
    detail = await app.services.gaps.show(app.actor, gap.id)
    kept = KeptText(app.options.drafts, app.actor, gap.id)
    left = await asyncio.to_thread(kept.read)
    begun, notice = _beginning(app, detail)

    async def save(text: str, _over: bool) -> str:
        return await _save(app, detail, text)

    pane = DocumentModal(
        f"Answer to “{one_line(gap.question, 80)}”", begun if left is None else sanitise(left), save, kept, fresh=begun,
        notice=notice if left is None else _LEFT, outside=editor_of(app),
    )  # fmt: skip
    return await app.push_screen_wait(pane) or ""


def _beginning(app: ConsoleApp, detail: GapDetail) -> tuple[str, str]:
    """What stands in the pane first, and where that comes from."""
    if (curated := _approved(detail)) is not None:
        return curated.answer, "this changes the curated answer; visitors meet it after a publish"
    if detail.gap.draft or not detail.replies:
        return detail.gap.draft, ""
    reply = detail.replies[0]
    return reply.content, reply_words(reply, app.now())


async def _save(app: ConsoleApp, detail: GapDetail, text: str) -> str:
    if (curated := _approved(detail)) is not None:
        await app.services.curated.edit(app.actor, curated.id, answer=text)
        return "the curated answer is changed; P publishes it"
    as_replied = any(text.strip() == reply.content.strip() for reply in detail.replies)
    origin = DraftOrigin.REPLY if as_replied else DraftOrigin.PERSON
    await app.services.review.draft(app.actor, detail.gap.id, text, origin=origin)
    approves = "y approves it" if app.actor.role >= Role.ADMIN else "an admin approves it with y"
    return f"the draft is kept; {approves}"


def _approved(detail: GapDetail) -> CuratedAnswer | None:
    return detail.curated if detail.gap.status is GapStatus.APPROVED else None
