"""Canned replies: everybody inserts them, members write them, admins remove them."""

from __future__ import annotations

from typing import Any

from console.db.engine import Database, ReadTx
from console.domain.actor import Actor, Role
from console.domain.canned import MAX_TITLE_CHARS, CannedReply, checked_shortcut, filled_in
from console.domain.names import is_plain
from console.errors import ConflictError, InvalidInputError, NotFoundError
from console.ids import ConversationId, new_id
from console.services import audit
from console.services.content import checked
from console.services.standing import no_such_conversation
from console.services.unit import reading, writing
from console.text import SafeText, one_line, sanitise

_COLUMNS = "id, shortcut, title, content, updated_at"
_SELECT = f"SELECT {_COLUMNS} FROM canned_replies WHERE workspace_id = :ws"  # noqa: S608 - constants only
_SAVE = """
    INSERT INTO canned_replies (workspace_id, id, shortcut, title, content, created_by_user_id)
    VALUES (:ws, :id, :shortcut, :title, :content, :me) ON CONFLICT (workspace_id, shortcut)
"""
_CHANGE = "DO UPDATE SET title = excluded.title, content = excluded.content, updated_at = excluded.updated_at"


class Canned:
    """Words that the staff keeps ready."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self, actor: Actor, prefix: str = "") -> tuple[CannedReply, ...]:
        """Those whose shortcut begins so, by shortcut."""
        async with reading(self._db, actor, "canned.list", ("canned_reply", None)) as tx:
            wanted = f"{_SELECT} AND starts_with(shortcut, :prefix) ORDER BY shortcut"
            return tuple(_reply(row) for row in await tx.rows(wanted, prefix=_storable(prefix).lower()))

    async def get(self, actor: Actor, shortcut: str) -> CannedReply:
        """One of them; `NotFoundError` when there is none."""
        async with reading(self._db, actor, "canned.read", ("canned_reply", None)) as tx:
            return _reply(await _row(tx, shortcut))

    async def save(self, actor: Actor, shortcut: str, *, title: str, content: str, new: bool = False) -> CannedReply:
        """Create or change one; with `new` a known shortcut is refused: `ConflictError`.

        Raises `InvalidInputError` for a bad shortcut or title, and for content that could be no message.
        """
        shortcut, title, content = checked_shortcut(shortcut), _title(title), checked(content)
        statement = f"{_SAVE} {'DO NOTHING' if new else _CHANGE} RETURNING {_COLUMNS}"
        async with writing(self._db, actor, "canned.save", ("canned_reply", None)) as tx:
            row = await tx.row(
                statement, id=new_id(), shortcut=shortcut, title=title, content=content, me=actor.user_id
            )
            if row is None:
                raise ConflictError(
                    f"there is a canned reply {shortcut} already", hint=f"console canned show {shortcut}"
                )
            await audit.record(tx, actor, "canned.save", ("canned_reply", row.id))
            return _reply(row)

    async def remove(self, actor: Actor, shortcut: str) -> None:
        """Remove one: admins. `NotFoundError` when there is none."""
        async with writing(self._db, actor, "canned.remove", ("canned_reply", None), Role.ADMIN) as tx:
            row = await _row(tx, shortcut, " FOR UPDATE")
            await tx.execute("DELETE FROM canned_replies WHERE workspace_id = :ws AND id = :id", id=row.id)
            await audit.record(tx, actor, "canned.remove", ("canned_reply", row.id), text=row.shortcut)

    async def fill(self, actor: Actor, shortcut: str, id: ConversationId) -> SafeText:
        """Its words for this conversation, `{visitor}`, `{agent}` and `{me}` filled in, each once and never again.

        A visitor who gave no name leaves nothing. `NotFoundError` for no such conversation or reply.
        """
        async with reading(self._db, actor, "canned.fill", ("conversation", id)) as tx:
            named = await tx.row(
                "SELECT k.name AS visitor, a.name AS agent FROM conversations c"
                " JOIN agents a ON a.workspace_id = c.workspace_id AND a.id = c.agent_id"
                " LEFT JOIN contacts k ON k.workspace_id = c.workspace_id AND k.id = c.contact_id"
                " WHERE c.workspace_id = :ws AND c.id = :id",
                id=id,
            )
            if named is None:
                raise no_such_conversation(id)
            values = {"visitor": named.visitor or "", "agent": named.agent, "me": actor.name}
            content = (await _row(tx, shortcut)).content
            return sanitise(filled_in(content, {key: one_line(name, 60) for key, name in values.items()}))


async def _row(tx: ReadTx, shortcut: str, lock: str = "") -> Any:
    row = await tx.row(f"{_SELECT} AND shortcut = :shortcut{lock}", shortcut=_storable(shortcut))
    if row is None:
        raise NotFoundError(
            f"there is no canned reply {one_line(shortcut, 60)!r} here", hint="`console canned list` shows them"
        )
    return row


def _reply(row: Any) -> CannedReply:
    return CannedReply(row.id, sanitise(row.shortcut), one_line(row.title), sanitise(row.content), row.updated_at)


def _title(text: str) -> str:
    title = text.strip()
    if len(title) > MAX_TITLE_CHARS or not is_plain(title):
        raise InvalidInputError(f"the title is not one line of at most {MAX_TITLE_CHARS} characters")
    return title


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
