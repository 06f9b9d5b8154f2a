"""Labels of a workspace, and of its conversations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from psycopg import IntegrityError

from console.db.engine import Database, ReadTx, WriteTx
from console.domain.actor import Actor, Role
from console.domain.label import Label, checked_label
from console.errors import ConflictError, InvalidInputError, NotFoundError
from console.ids import ConversationId, new_id
from console.services import audit
from console.services.events import note_event
from console.services.standing import lock
from console.services.unit import reading, writing
from console.text import SafeText, one_line

_ATTEMPTS = 5

_ALL = """
    SELECT l.id, l.name, (SELECT count(*) FROM conversation_labels m
        WHERE m.workspace_id = l.workspace_id AND m.label_id = l.id) AS conversations
    FROM labels l WHERE l.workspace_id = :ws AND {which} ORDER BY lower(l.name)
"""
_CREATE = """
    INSERT INTO labels (workspace_id, id, name, created_by_user_id) VALUES (:ws, :id, :name, :me)
    ON CONFLICT (workspace_id, lower(name)) DO NOTHING
"""
# A label that is removed at this moment waits for us, or is no longer found.
_KEPT = """
    SELECT id FROM labels WHERE workspace_id = :ws
        AND lower(name) IN (SELECT lower(given) FROM unnest(cast(:names AS text[])) AS given) FOR KEY SHARE
"""
_MARK = """
    INSERT INTO conversation_labels (workspace_id, conversation_id, label_id, created_by_user_id)
    VALUES (:ws, :conversation, :label, :me) ON CONFLICT DO NOTHING RETURNING 1
"""
_UNMARK = """
    DELETE FROM conversation_labels WHERE workspace_id = :ws AND conversation_id = :conversation AND label_id IN
        (SELECT id FROM labels WHERE workspace_id = :ws
         AND lower(name) IN (SELECT lower(given) FROM unnest(cast(:names AS text[])) AS given))
    RETURNING label_id
"""
_OF_CONVERSATION = """
    SELECT l.id, l.name FROM conversation_labels m
    JOIN labels l ON l.workspace_id = m.workspace_id AND l.id = m.label_id
    WHERE m.workspace_id = :ws AND m.conversation_id = :conversation ORDER BY lower(l.name)
"""


class Labels:
    """Words that conversations are marked with."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self, actor: Actor) -> tuple[Label, ...]:
        """The labels by name."""
        async with reading(self._db, actor, "label.list", ("label", None)) as tx:
            return tuple(_label(row) for row in await tx.rows(_ALL.format(which="true")))

    async def create(self, actor: Actor, name: str) -> Label:
        """Make a label; one with this name in any case is returned as it is. `InvalidInputError` for a bad name."""
        name = checked_label(name)
        async with writing(self._db, actor, "label.create", ("label", None)) as tx:
            return await _fetch(tx, (await _kept(tx, actor, [name]))[0])

    async def rename(self, actor: Actor, name: str, new: str) -> Label:
        """Rename a label: admins. `NotFoundError` for none such, `ConflictError` when the new name is another's."""
        new = checked_label(new)
        try:
            async with writing(self._db, actor, "label.rename", ("label", None), Role.ADMIN) as tx:
                id = await tx.scalar(
                    "UPDATE labels SET name = :new WHERE workspace_id = :ws AND lower(name) = lower(:name)"
                    " RETURNING id",
                    name=_lookup(name), new=new,
                )  # fmt: skip
                if id is None:
                    raise _no_such_label(name)
                return await _shown_everywhere(tx, actor, "label.rename", await _fetch(tx, id))
        except IntegrityError as error:
            raise ConflictError(f"there is a label {one_line(new)!r} already", hint="remove one of the two") from error

    async def remove(self, actor: Actor, name: str) -> int:
        """Remove a label everywhere: admins. Returns how many conversations bore it; `NotFoundError` for none such."""
        async with writing(self._db, actor, "label.remove", ("label", None), Role.ADMIN) as tx:
            id = await tx.scalar(
                "SELECT id FROM labels WHERE workspace_id = :ws AND lower(name) = lower(:name) FOR UPDATE",
                name=_lookup(name),
            )
            if id is None:
                raise _no_such_label(name)
            gone = await _fetch(tx, id)
            await tx.execute("DELETE FROM labels WHERE workspace_id = :ws AND id = :id", id=id)
            return (await _shown_everywhere(tx, actor, "label.remove", gone)).conversations

    async def change(
        self, actor: Actor, id: ConversationId, *, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> tuple[SafeText, ...]:
        """Mark and unmark a conversation, held by anybody; returns all its labels. Unknown names are made labels.

        Raises `NotFoundError` for no such conversation, `InvalidInputError` for a bad name or one given for both.
        """
        wanted, unwanted = _distinct(add), _distinct(remove)
        if both := wanted.keys() & unwanted.keys():
            raise InvalidInputError(f"the label {one_line(both.pop())!r} can't be both added and removed")
        async with writing(self._db, actor, "conversation.label", ("conversation", id)) as tx:
            await lock(tx, id)
            before = await _of(tx, id)
            for label in await _kept(tx, actor, wanted.values()):
                await tx.execute(_MARK, conversation=id, label=label, me=actor.user_id)
            if unwanted:
                await tx.execute(_UNMARK, conversation=id, names=list(unwanted.values()))
            after = await _of(tx, id)
            await _note_change(tx, actor, id, before, after)
            return tuple(after.values())


async def _of(tx: ReadTx, id: ConversationId) -> dict[UUID, SafeText]:
    return {row.id: one_line(row.name) for row in await tx.rows(_OF_CONVERSATION, conversation=id)}


async def _kept(tx: WriteTx, actor: Actor, names: Iterable[str]) -> list[UUID]:
    """The ids of these labels, made where they are missing, and safe from being removed until the end."""
    ordered = sorted(names)  # Whoever makes the same ones waits for us, and we never for them.
    for _ in range(_ATTEMPTS if ordered else 0):
        for name in ordered:
            await tx.execute(_CREATE, id=new_id(), name=name, me=actor.user_id)
        found = [row.id for row in await tx.rows(_KEPT, names=ordered)]
        if len(found) == len(ordered):
            return found
    if ordered:
        raise ConflictError("these labels are being removed at this moment", hint="try again")
    return []


async def _note_change(
    tx: WriteTx, actor: Actor, id: ConversationId, before: dict[UUID, SafeText], after: dict[UUID, SafeText]
) -> None:
    added = [name for label, name in after.items() if label not in before]
    removed = [name for label, name in before.items() if label not in after]
    if added or removed:
        reason = " ".join([*(f"+{name}" for name in added), *(f"-{name}" for name in removed)])
        await note_event(tx, actor, id, "labelled", added=added, removed=removed, reason=reason)


async def _shown_everywhere(tx: WriteTx, actor: Actor, act: str, label: Label) -> Label:
    # Too many conversations to name: every screen reads again.
    tx.hint("workspace", actor.workspace_id)
    await audit.record(tx, actor, act, ("label", label.id), text=label.name)
    return label


async def _fetch(tx: ReadTx, id: UUID) -> Label:
    row = await tx.row(_ALL.format(which="l.id = :id"), id=id)
    assert row is not None  # noqa: S101 - the caller holds its lock
    return _label(row)


def _label(row: Any) -> Label:
    return Label(row.id, one_line(row.name), row.conversations)


def _distinct(names: Sequence[str]) -> dict[str, str]:
    return {name.lower(): name for name in reversed([checked_label(name) for name in names])}


def _lookup(name: str) -> str:
    try:
        return checked_label(name)
    except InvalidInputError:
        raise _no_such_label(name) from None


def _no_such_label(name: str) -> NotFoundError:
    return NotFoundError(f"there is no label {one_line(name, 60)!r} here", hint="`console label list` shows them")
