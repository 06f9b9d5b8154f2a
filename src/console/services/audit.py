"""The audit log: a hash chain per workspace, written in the transaction of the act."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from console.clock import utc_now
from console.db.engine import ReadTx, WriteTx
from console.domain.actor import Actor, Principal, System
from console.errors import ConsoleError
from console.ids import new_id

GENESIS = bytes(32)


async def begin_chain(tx: WriteTx) -> None:
    """Make the chain's head row of a new workspace."""
    await tx.execute("INSERT INTO audit_heads (workspace_id, seq, hash) VALUES (:ws, 0, :hash)", hash=GENESIS)


async def record(
    tx: WriteTx,
    principal: Principal,
    action: str,
    resource: tuple[str, UUID | None],
    *,
    outcome: str = "done",
    run_id: UUID | None = None,
    evidence: Sequence[str] = (),
    text: str = "",
) -> None:
    """Add one act. Takes the head row's lock, so it comes last in its transaction.

    Free `text` (a note, a reason) is kept apart and enters the chain as a salted hash.
    """
    head = await tx.row("SELECT seq, hash FROM audit_heads WHERE workspace_id = :ws FOR UPDATE")
    if head is None:
        raise ConsoleError("this workspace has no audit log, so nothing can be done in it")
    salt = secrets.token_bytes(16)
    entry = {
        "seq": head.seq + 1,
        "id": new_id(),
        "actor_kind": _kind(principal),
        "actor_user_id": principal.user_id if isinstance(principal, Actor) else None,
        "action": action,
        "outcome": outcome,
        "resource_kind": resource[0],
        "resource_id": resource[1],
        "run_id": run_id,
        "evidence": list(evidence),
        "text_hash": hashlib.sha256(salt + text.encode()).digest() if text else None,
        "created_at": utc_now(),
    }
    digest = chained(head.hash, entry)
    await tx.execute(
        _INSERT, **entry | {"evidence": json.dumps(entry["evidence"]), "previous": head.hash, "hash": digest}
    )
    if text:
        await tx.execute(
            "INSERT INTO audit_texts (workspace_id, seq, salt, content) VALUES (:ws, :seq, :salt, :content)",
            seq=entry["seq"], salt=salt, content=text,
        )  # fmt: skip
    await tx.execute(
        "UPDATE audit_heads SET seq = :seq, hash = :hash WHERE workspace_id = :ws", seq=entry["seq"], hash=digest
    )


_INSERT = """
    INSERT INTO audit_events (workspace_id, seq, id, actor_kind, actor_user_id, action, outcome, resource_kind,
                              resource_id, run_id, evidence, text_hash, created_at, previous_hash, hash)
    VALUES (:ws, :seq, :id, :actor_kind, :actor_user_id, :action, :outcome, :resource_kind,
            :resource_id, :run_id, cast(:evidence AS jsonb), :text_hash, :created_at, :previous, :hash)
"""


def chained(previous: bytes, entry: dict[str, Any]) -> bytes:
    """SHA-256 of the previous hash and the entry's canonical JSON."""
    return hashlib.sha256(previous + json.dumps(entry, sort_keys=True, default=_plain).encode()).digest()


async def first_break(tx: ReadTx) -> int | None:
    """The seq of the first event that does not fit the chain, or None when it verifies up to its head."""
    previous = GENESIS
    rows = await tx.rows("SELECT * FROM audit_events WHERE workspace_id = :ws ORDER BY seq")
    for number, row in enumerate(rows, 1):
        entry = {name: getattr(row, name) for name in _FIELDS}
        if row.seq != number or row.previous_hash != previous or row.hash != chained(previous, entry):
            return number
        previous = row.hash
    head = await tx.row("SELECT seq, hash FROM audit_heads WHERE workspace_id = :ws")
    intact = head is not None and (head.seq, head.hash) == (len(rows), previous)
    return None if intact else len(rows) + 1


_FIELDS = (
    "seq", "id", "actor_kind", "actor_user_id", "action", "outcome", "resource_kind", "resource_id", "run_id",
    "evidence", "text_hash", "created_at",
)  # fmt: skip


def _kind(principal: Principal) -> str:
    if isinstance(principal, Actor):
        return "user"
    return "system" if isinstance(principal, System) else "visitor"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
