"""What is known about a conversation, for the side panel of a broad terminal."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from console.clock import ago
from console.domain.actor import Actor
from console.domain.conversation import Conversation, Priority
from console.text import spelled
from console.tui.present.conversation import state, why_waiting
from console.tui.present.tone import toned


def fact_lines(conversation: Conversation, actor: Actor, now: datetime) -> Content:
    """Label over value, line by line."""
    version = f", v{conversation.agent_version}" if conversation.agent_version else ""
    handed = why_waiting(conversation) if conversation.handoff_reason else ""
    facts: list[tuple[str, Content]] = [
        ("visitor", Content(conversation.visitor_name)),
        ("from", Content(" · ".join(part for part in (conversation.channel, spelled(conversation.page)) if part))),
        ("about", Content(conversation.subject)),
        ("state", state(conversation, actor, now)),
        ("handed over", Content(handed)),
        ("priority", _priority(conversation.priority)),
        ("given to", Content(_whom(conversation, actor))),
        ("labels", Content(", ".join(conversation.labels))),
        ("agent", Content(f"{conversation.agent_name}{version}")),
        ("began", Content(f"{conversation.started_at.astimezone(now.tzinfo):%-d %b %H:%M}")),
        ("last message", Content(ago(conversation.last_message_at, now))),
        ("messages", Content(f"{conversation.last_seq:,}")),
        ("id", Content(f"…{str(conversation.id)[-12:]}") + toned("  c copies it", "quiet")),
    ]
    lines: list[Content] = []
    for label, value in facts:
        if value:
            lines += [toned(label, "quiet"), value, Content("")]
    return Content("\n").join(lines)


def _priority(priority: Priority) -> Content:
    if priority is Priority.NORMAL:
        return Content("")
    tones = {Priority.URGENT: "now", Priority.HIGH: "soon"}
    return toned(priority.label, tones.get(priority, "quiet"))


def _whom(conversation: Conversation, actor: Actor) -> str:
    return "you" if conversation.assignee_id == actor.user_id else conversation.assignee_name
