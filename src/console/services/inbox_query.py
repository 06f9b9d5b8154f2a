"""A query of the inbox as conditions on `conversations c`; all of its values are bound."""

from __future__ import annotations

from typing import Any

from console.domain.query import ME, NOBODY, Query

_TEXT = """(c.snippet ILIKE :like OR c.subject ILIKE :like OR EXISTS (
    SELECT FROM contacts p WHERE p.workspace_id = c.workspace_id AND p.id = c.contact_id AND p.name ILIKE :like))"""
_LABEL = """EXISTS (
    SELECT FROM conversation_labels cl JOIN labels l ON l.workspace_id = cl.workspace_id AND l.id = cl.label_id
    WHERE cl.workspace_id = c.workspace_id AND cl.conversation_id = c.id AND lower(l.name) = lower(:label{number}))"""
_WHO = """EXISTS (
    SELECT FROM workspace_users q WHERE q.workspace_id = c.workspace_id
        AND q.user_id IN (c.claimed_by_user_id, c.assigned_to_user_id)
        AND (q.name ILIKE :who OR q.email ILIKE :who))"""
_MINE = "(c.claimed_by_user_id = :me OR c.assigned_to_user_id = :me)"
_NOBODYS = "c.claimed_by_user_id IS NULL AND c.assigned_to_user_id IS NULL"


def query_conditions(query: Query) -> list[str]:
    """What must hold; `:me` is the actor."""
    wanted = [_LABEL.format(number=number) for number, _ in enumerate(query.labels)]
    if query.text:
        wanted.append(_TEXT)
    if query.who:
        wanted.append({ME: _MINE, NOBODY: _NOBODYS}.get(query.who.lower(), _WHO))
    if query.priority is not None:
        wanted.append("c.priority = :wanted_priority")
    if query.status is not None:
        wanted.append("c.status = :wanted_status")
    return wanted


def query_values(query: Query) -> dict[str, Any]:
    """The values of the conditions."""
    values: dict[str, Any] = {f"label{number}": name for number, name in enumerate(query.labels)}
    if query.text:
        values["like"] = f"%{_escaped(query.text)}%"
    if query.who and query.who.lower() not in {ME, NOBODY}:
        values["who"] = f"{_escaped(query.who)}%"
    if query.priority is not None:
        values["wanted_priority"] = int(query.priority)
    if query.status is not None:
        values["wanted_status"] = query.status.value
    return values


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
