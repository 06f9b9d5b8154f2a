"""A conversation as two lines of the inbox."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from console.clock import ago
from console.domain.conversation import Control, Conversation, Priority, Status
from console.domain.inbox import InboxRow
from console.domain.message import MessageRole
from console.domain.words import state
from console.ids import UserId
from console.tui.present.tone import joined, sides, toned

AGE_AT, AGE_WIDTH = 2, 5
INDENT = AGE_AT + AGE_WIDTH + 2

_WHO = {
    MessageRole.ASSISTANT: "ai: ",
    MessageRole.HUMAN: "you: ",
    MessageRole.NOTE: "note: ",
}


def row_lines(row: InboxRow, width: int, now: datetime) -> tuple[Content, Content]:
    """The two lines of a row, each at most `width` cells."""
    name_width = max(12, min(24, (width - INDENT) // 3))
    name = toned(row.visitor_name, "strong").truncate(name_width, ellipsis=True, pad=True)
    left = Content("").join(
        [_glyph(row), Content(" "), _age(row, now), Content("  "), name, Content("  "), status(row)]
    )
    tags = tags_of(row, now, row.holder_id).truncate(width // 2, ellipsis=True)
    return sides(left, _news(row), width), sides(_second(row, width), tags, width)


def status(row: InboxRow) -> Content:
    """What the row is about, in words."""
    mine = row.mine and row.status is Status.OPEN
    return toned(state(row), "now" if row.waiting else "mine" if mine else "quiet")


def tags_of(row: InboxRow | Conversation, now: datetime, holder: UserId | None) -> Content:
    """What was put on it, the most important first: priority, until when it sleeps, whose it is, labels."""
    asleep = row.status is Status.SNOOZED
    until = toned(wakes(row.snoozed_until, now), "soon") if asleep else Content("")
    whose = toned(f"for {row.assignee_name}", "mine") if row.assignee_id not in {None, holder} else Content("")
    labels = [toned(f"#{label}", "spoken") for label in row.labels]
    return joined(priority_word(row.priority), until, whose, *labels)


def priority_word(priority: Priority) -> Content:
    """`urgent`, `high` or `low`; nothing for normal."""
    tones = {Priority.URGENT: "now", Priority.HIGH: "soon", Priority.LOW: "faint"}
    return toned(priority.label, tones[priority]) if priority in tones else Content("")


def wakes(until: datetime | None, now: datetime) -> str:
    """Until when it is snoozed: `until 14:30`, `until Mon 09:00`, `until 3 Nov`, `until a reply`."""
    if until is None:
        return "until a reply"
    local = until.astimezone(now.tzinfo)
    days = (local.date() - now.date()).days
    form = "%H:%M" if days < 1 else "%a %H:%M" if days < 7 else "%-d %b"
    return f"until {local.strftime(form)}"


def row_time(row: InboxRow) -> datetime:
    """The time whose age the row shows: since when it waits, else its last message."""
    return row.waiting_since if row.waiting and row.waiting_since else row.last_message_at


def short_age(then: datetime, now: datetime) -> str:
    """An age of at most five cells: `4m`, `Tue`, `3 Nov`, `12Nov`, `2024`."""
    text = ago(then, now)
    if len(text) > AGE_WIDTH:
        text = text.replace(" ", "")
    return text if len(text) <= AGE_WIDTH else text[-4:]


def _glyph(row: InboxRow) -> Content:
    if row.waiting:
        return toned("!", "now")
    if row.mine and row.status is Status.OPEN:
        return toned(">", "mine")
    return Content(" ")


def _age(row: InboxRow, now: datetime) -> Content:
    return toned(short_age(row_time(row), now).rjust(AGE_WIDTH), "quiet")


def _news(row: InboxRow) -> Content:
    draft = toned("draft", "soon") if row.has_draft else Content("")
    unread = toned(f"{row.unread} new", "strong") if row.unread and row.control is Control.HUMAN else Content("")
    return joined(draft, unread)


def _second(row: InboxRow, width: int) -> Content:
    who = _WHO.get(row.snippet_role, "") if row.snippet_role else ""
    if row.snippet_role is MessageRole.HUMAN and not row.snippet_mine:
        who = f"{row.snippet_author or 'person'}: "
    text = toned(who + row.snippet.replace("\n", " ").replace("\t", " "), "quiet")
    return Content("").join([Content(" " * INDENT), text]).truncate(width, ellipsis=True)
