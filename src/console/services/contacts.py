"""Who a visitor says to be: one contact for each e-mail, and nobody under another's name."""

from __future__ import annotations

import json
from uuid import UUID

from console.clock import utc_now
from console.db.engine import WriteTx
from console.ids import new_id


async def contact_of(tx: WriteTx, name: str, email: str | None) -> UUID | None:
    """The contact of that e-mail, made if need be, or None for a visitor who gave neither.

    Whoever types the e-mail of a contact with another name gets a contact of their own, with the e-mail as a claim.
    """
    if not name and not email:
        return None
    made = await _made(tx, name, email, {})
    if made is not None:
        return made
    known = await tx.row(
        "SELECT id, name FROM contacts WHERE workspace_id = :ws AND email_key = lower(:email)", email=email
    )
    if known is not None and (not known.name or known.name.casefold() == name.casefold()):
        found: UUID = known.id
        return found
    return await _made(tx, name, None, {"claimed_email": email})


async def _made(tx: WriteTx, name: str, email: str | None, attributes: dict[str, str | None]) -> UUID | None:
    made: UUID | None = await tx.scalar(
        "INSERT INTO contacts (workspace_id, id, name, email, attributes, created_at, updated_at)"
        " VALUES (:ws, :id, :name, :email, cast(:attributes AS jsonb), :now, :now)"
        " ON CONFLICT (workspace_id, email_key) WHERE email_key IS NOT NULL DO NOTHING RETURNING id",
        id=new_id(), name=name, email=email, attributes=json.dumps(attributes), now=utc_now(),
    )  # fmt: skip
    return made
