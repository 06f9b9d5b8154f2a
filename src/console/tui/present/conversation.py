"""The head of a conversation, the suggestion, the composer's label."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content

from console.clock import ago
from console.domain.actor import Actor
from console.domain.conversation import Claim, Control, Conversation, Holder, Status
from console.domain.presence import Present
from console.domain.words import reason
from console.text import SafeText, spelled
from console.tui.present.row import tags_of
from console.tui.present.tone import joined, sides, toned

if TYPE_CHECKING:
    from console.domain.run import Suggestion

SUGGESTION_LINES = 3
_LEAST_SUBJECT = 16


def head_lines(conversation: Conversation, actor: Actor, now: datetime, width: int) -> Content:
    """Two lines: who, from where, who holds it; about what, which version."""
    where = toned(" · ".join(part for part in (conversation.channel, spelled(conversation.page)) if part), "quiet")
    who = joined(toned(conversation.visitor_name, "strong"), where, gap="  ")
    version = f"agent v{conversation.agent_version}" if conversation.agent_version else str(conversation.agent_name)
    subject = toned(conversation.subject) if conversation.subject else toned(conversation.agent_name, "quiet")
    inner = max(0, width - 2)
    holder = conversation.holder.user_id if conversation.holder else None
    tags = tags_of(conversation, now, holder).truncate(inner * 2 // 3, ellipsis=True)
    if tags.cell_length + len(version) + _LEAST_SUBJECT <= inner:
        tags = joined(tags, toned(version, "quiet"))
    lines = [sides(who, state(conversation, actor, now), inner), sides(subject, tags, inner)]
    return Content("\n").join([Content(" ") + line for line in lines])


def state(conversation: Conversation, actor: Actor, now: datetime) -> Content:
    """Who speaks here now, and since when."""
    if conversation.status is not Status.OPEN:
        return toned(conversation.status.value, "quiet")
    if conversation.waiting:
        since = f" {ago(conversation.waiting_since, now)}" if conversation.waiting_since else ""
        return toned(f"waiting{since}", "now")
    holder = conversation.holder
    if holder is None:
        return toned("ai answers" if conversation.control is Control.AI else "waiting", "quiet")
    who = "you" if holder.user_id == actor.user_id else f"held by {holder.name}"
    tone = "mine" if holder.user_id == actor.user_id else "quiet"
    return toned(f"{who}, since {clock_time(holder.since, now)}", tone)


def clock_time(then: datetime, now: datetime) -> str:
    """The time of day where `now` is."""
    return then.astimezone(now.tzinfo).strftime("%H:%M")


def why_waiting(conversation: Conversation) -> str:
    """Why it waits, in words."""
    return reason(conversation.handoff_reason, None)


def suggestion_box(suggestion: Suggestion, width: int, usable: bool) -> Content:
    """What the assistant was about to say."""
    hint = toned("Tab to use it" if usable else "t to take over", "quiet")
    head = sides(toned("The assistant was about to say", "quiet"), hint, max(0, width - 2))
    body = Content(suggestion.content.strip()).wrap(max(10, width - 5)) or [Content("")]
    if len(body) > SUGGESTION_LINES:
        body = [*body[: SUGGESTION_LINES - 1], body[SUGGESTION_LINES - 1].truncate(max(1, width - 7)) + Content(" …")]
    lines = [toned(" ▏ ", "faint") + toned(line.plain, "spoken") for line in body]
    return Content("\n").join([Content(" ") + head, *lines])


def activity_line(answering: bool, people: Sequence[Present], width: int) -> Content:
    """Who is at work here besides me: the assistant, the visitor, other operators."""
    parts = [toned("the assistant is answering …", "quiet")] if answering else []
    parts += [toned(f"{each.name} is typing", "mine") for each in people if each.typing]
    parts += [toned(f"{each.name} is here", "quiet") for each in people if not each.typing]
    return (Content(" ") + joined(*parts, gap=" · ")).truncate(max(1, width), ellipsis=True) if parts else Content("")


def lost_claim(holder: Holder | None, now: datetime) -> str:
    """What the loser of a claim is told."""
    if holder is None:
        return "it changed meanwhile; look again and press t"
    return f"claimed by {holder.name} {ago(holder.since, now)} ago"


def loser_text(claim: Claim, now: datetime) -> str:
    """As `lost_claim`, for a claim."""
    return lost_claim(claim.holder, now)


def composer_label(kind: str, visitor: SafeText, state: str) -> Content:
    """Whom the text is for, and whether the draft is kept."""
    whom = "note · only your team sees it" if kind == "note" else f"reply to {visitor}"
    return Content(" ") + joined(toned(whom, "soon" if kind == "note" else "mine"), toned(state, "quiet"), gap=" · ")
