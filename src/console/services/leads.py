"""Leads: a visitor leaves an e-mail address once with an agent, and the staff reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from console.clock import utc_now
from console.db.engine import Database, WriteTx
from console.domain.actor import Actor, Visitor
from console.domain.lead import LEFT, Lead
from console.errors import InvalidInputError
from console.ids import ConversationId, new_id
from console.services.contacts import contact_of
from console.services.events import note_event
from console.services.unit import reading
from console.services.visitor_access import authenticate, unknown, visitor_of
from console.text import one_line, sanitise

MOST = {"email": 254, "name": 200, "phone": 50, "message": 5000}
"""How many characters each field may have."""

# WHATWG HTML, 4.10.5.1.5 (valid e-mail address), with a dot in the domain.
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@" + rf"{_LABEL}(\.{_LABEL})+"
"""The e-mail addresses that are taken, as a regular expression over the whole text."""

_EMAIL = re.compile(EMAIL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_STANDING = "SELECT agent_id, contact_id FROM conversations WHERE workspace_id = :ws AND id = :id"
_TIE = (
    "UPDATE conversations SET contact_id = :contact, updated_at = :now"
    " WHERE workspace_id = :ws AND id = :id AND contact_id IS NULL"
)
# Whoever comes later with the same address fills what is empty, and changes nothing else. No row: nothing was new.
_LEAVE = """
    INSERT INTO leads AS l (workspace_id, id, agent_id, conversation_id, contact_id, email, name, phone, message,
                            created_at, updated_at)
    VALUES (:ws, :lead, :agent, :id, :contact, :email, :name, :phone, :message, :now, :now)
    ON CONFLICT (workspace_id, agent_id, email_key) DO UPDATE SET
        name = CASE l.name WHEN '' THEN excluded.name ELSE l.name END,
        phone = CASE l.phone WHEN '' THEN excluded.phone ELSE l.phone END,
        message = CASE l.message WHEN '' THEN excluded.message ELSE l.message END,
        updated_at = :now
    WHERE excluded.name NOT IN ('', l.name) OR excluded.phone NOT IN ('', l.phone)
       OR excluded.message NOT IN ('', l.message)
    RETURNING name, phone, message
"""

_TOLD = "SELECT left_address_told(:id, cast(:detail AS jsonb))"
_LIST = """
    SELECT l.*, a.slug AS agent_slug FROM leads l
    JOIN agents a ON a.workspace_id = l.workspace_id AND a.id = l.agent_id
    WHERE l.workspace_id = :ws ORDER BY l.id DESC LIMIT :limit
"""


class Leads:
    """Leaving one is the visitor's, over the gateway's database; reading them the staff's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def leave(self, token: str, id: ConversationId, given: Mapping[str, str]) -> None:
        """Store the address of a conversation's visitor: one row for each agent and e-mail, whoever comes first.
        What a later one says otherwise is kept as an event of that conversation, once when it is sent again.

        `given` holds email and perhaps name, phone, message. Nothing tells whether the address was known.
        Raises `NotFoundError` when the token is not this conversation's, `InvalidInputError` for what can't be stored.
        """
        lead = _checked(given)
        visitor, secret = visitor_of(token, id)
        async with self._db.write(visitor.workspace_id) as tx:
            await authenticate(tx, visitor, secret, lock=True)
            await _leave(tx, visitor, lead)

    async def list(self, actor: Actor, *, limit: int = 1000) -> tuple[Lead, ...]:
        """The workspace's leads, newest first."""
        async with reading(self._db, actor, "lead.read", ("workspace", actor.workspace_id)) as tx:
            return tuple(_lead(row) for row in await tx.rows(_LIST, limit=limit))


async def _leave(tx: WriteTx, visitor: Visitor, lead: Mapping[str, str]) -> None:
    id, now = visitor.conversation_id, utc_now()
    standing = await tx.row(_STANDING, id=id)
    if standing is None:
        raise unknown()
    contact: UUID | None = standing.contact_id
    if contact is None:
        contact = await contact_of(tx, lead["name"], lead["email"])
        await tx.execute(_TIE, id=id, contact=contact, now=now)
    told = dict(lead=new_id(), id=id, agent=standing.agent_id, contact=contact, now=now, **lead)
    kept = await tx.row(_LEAVE, **told)
    if kept is not None:
        others = {name: lead[name] for name in LEFT if lead[name] not in {"", getattr(kept, name)}}
        if not await tx.scalar(_TOLD, id=id, detail=json.dumps(others)):
            await note_event(tx, visitor, id, "left_address", **others)
    tx.hint("conversation", id)


def _checked(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if len(value) > MOST[name]:
            raise InvalidInputError(f"{name} has {len(value)} characters, more than {MOST[name]}")
        if _UNSTORABLE.search(value):
            raise InvalidInputError(f"{name} holds a NUL byte or half a character")
    lead = {name: given.get(name, "").strip() for name in MOST}
    if not _EMAIL.fullmatch(lead["email"]):
        raise InvalidInputError(f"{one_line(lead['email'], 80)!r} is no e-mail address", hint="like mia@example.com")
    return lead


def _lead(row: Any) -> Lead:
    return Lead(
        id=row.id,
        agent_slug=one_line(row.agent_slug),
        email=one_line(row.email, MOST["email"]),
        name=one_line(row.name, MOST["name"]),
        phone=one_line(row.phone, MOST["phone"]),
        message=sanitise(row.message),
        conversation_id=ConversationId(row.conversation_id) if row.conversation_id else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
