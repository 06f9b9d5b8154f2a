"""Tokens of what is asked outside conversations: set aside before a model is asked, then counted or given back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from console.db.engine import Database, WriteTx
from console.errors import ConsoleError
from console.ids import RunId, WorkspaceId, new_id
from console.services.quotas import Refused, Reserved, over, release, reserve_tokens, settle, spend_rest, warn


@dataclass(frozen=True, slots=True)
class Trial:
    """What was set aside, under an id of its own."""

    id: RunId
    reserved: Reserved


@asynccontextmanager
async def trial(db: Database, workspace_id: WorkspaceId, tokens: int) -> AsyncIterator[Trial]:
    """Set so many tokens aside while the block runs; when it fails they are given back.

    Raises `OverQuotaError` where they find no room.
    """
    id = RunId(new_id())
    found = await reserve_tokens(db, workspace_id, id, tokens)
    if isinstance(found, Refused):
        raise over(found.quota)
    try:
        yield Trial(id, found)
    except BaseException:
        with contextlib.suppress(ConsoleError, TimeoutError):
            await asyncio.shield(asyncio.wait_for(_give_back(db, workspace_id, id), 5))
        raise


async def count_trial(tx: WriteTx, held: Trial, tokens: int) -> None:
    """Count the tokens that it took, in the transaction that has just added their events."""
    moved = await settle(tx, held.id, 0, tokens) if held.reserved.quotas else None
    await spend_rest(tx, held.reserved, tokens)
    await warn(tx, held.reserved, moved)


async def _give_back(db: Database, workspace_id: WorkspaceId, id: RunId) -> None:
    async with db.write(workspace_id) as tx:
        await release(tx, id)
