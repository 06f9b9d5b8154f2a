"""Keys of other services that a workspace keeps here: sealed, and never shown again."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from console.db.engine import Database, ReadTx
from console.domain.actor import Actor, Role
from console.domain.credential import Credential
from console.errors import InvalidInputError, NotFoundError, RefusedError
from console.ids import new_id
from console.seal import Place, Seal
from console.services import audit
from console.services.unit import reading, writing
from console.text import one_line, sanitise

OPENAI = "openai"
KINDS = (OPENAI,)
"""Those that something uses so far."""

MAX_KEY = 1000
_SHOWN, _LONG_ENOUGH = 4, 12


class Credentials:
    """The workspace's keys: admins set and remove them, and see of each its end and its age."""

    def __init__(self, db: Database, seal: Seal | None = None) -> None:
        self._db = db
        self._seal = seal or Seal()

    async def all(self, actor: Actor) -> tuple[Credential, ...]:
        """Every key by kind, without its value."""
        async with reading(self._db, actor, "credential.list", ("workspace", actor.workspace_id), Role.ADMIN) as tx:
            return tuple(_credential(row) for row in await tx.rows(_ALL))

    async def set(self, actor: Actor, kind: str, secret: str) -> Credential:
        """Keep a key in the place of the one there was.

        Raises `InvalidInputError` for an unknown kind or what can't be a key, `RefusedError` without a sealing key.
        """
        secret = _checked(kind, secret)
        async with writing(self._db, actor, "credential.set", ("workspace", actor.workspace_id), Role.ADMIN) as tx:
            id = await tx.scalar(_ID, kind=kind) or new_id()
            sealed = self._seal.seal(secret.encode(), _place(actor.workspace_id, id))
            end = secret[-_SHOWN:] if len(secret) >= _LONG_ENOUGH else ""
            row = await tx.row(_SET, id=id, kind=kind, sealed=sealed, end=end, user=actor.user_id)
            if row is None:
                raise RefusedError("somebody else is setting this key", hint="try again")
            await audit.record(tx, actor, "credential.set", ("credential", id), evidence=[f"kind:{kind}"])
            return _credential(row)

    async def remove(self, actor: Actor, kind: str) -> None:
        """Forget a key; `NotFoundError` when there is none."""
        async with writing(self._db, actor, "credential.remove", ("workspace", actor.workspace_id), Role.ADMIN) as tx:
            id = await tx.scalar(_REMOVE, kind=kind)
            if id is None:
                raise NotFoundError(
                    f"no key is kept for {one_line(kind, 40)!r}", hint="console workspace credential list"
                )
            await audit.record(tx, actor, "credential.remove", ("credential", id), evidence=[f"kind:{kind}"])


async def unsealed(tx: ReadTx, seal: Seal, kind: str) -> str | None:
    """The workspace's key of a kind, for use and not for show; `SealError` when it can't be opened."""
    row = await tx.row(_SEALED, kind=kind)
    return seal.open(row.sealed, _place(tx.workspace_id, row.id)).decode() if row else None


def _place(workspace_id: UUID | None, id: UUID) -> Place:
    return Place("workspace_credentials", "sealed", id, workspace_id)


def _checked(kind: str, secret: str) -> str:
    if kind not in KINDS:
        raise InvalidInputError(f"there is no credential {one_line(kind, 40)!r}", hint=f"there is {', '.join(KINDS)}")
    key = secret.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", key) or len(key) > MAX_KEY:
        raise InvalidInputError(f"a key is one word of at most {MAX_KEY} characters", hint="copy it again, whole")
    return key


def _credential(row: Any) -> Credential:
    return Credential(sanitise(row.kind), sanitise(row.last_characters), row.set_at, row.age)


_COLUMNS = "kind, last_characters, set_at, now() - set_at AS age"
_ALL = f"SELECT {_COLUMNS} FROM workspace_credentials WHERE workspace_id = :ws ORDER BY kind, name"  # noqa: S608 - constants only
_ID = "SELECT id FROM workspace_credentials WHERE workspace_id = :ws AND kind = :kind AND name = ''"
_SEALED = "SELECT id, sealed FROM workspace_credentials WHERE workspace_id = :ws AND kind = :kind AND name = ''"
_SET = f"""
    INSERT INTO workspace_credentials AS kept (workspace_id, id, kind, sealed, last_characters, set_by_user_id, set_at)
    VALUES (:ws, :id, :kind, :sealed, :end, :user, now())
    ON CONFLICT (workspace_id, kind, name) DO UPDATE SET sealed = :sealed, last_characters = :end,
        set_by_user_id = :user, set_at = now()
    WHERE kept.id = :id
    RETURNING {_COLUMNS}
"""  # noqa: S608 - constants only
_REMOVE = """
    DELETE FROM workspace_credentials WHERE workspace_id = :ws AND kind = :kind AND name = '' RETURNING id
"""
