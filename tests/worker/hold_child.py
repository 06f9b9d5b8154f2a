"""A console of its own process, for tests that kill it: holds a reply, says so, and waits for its end."""

from __future__ import annotations

import asyncio
import os
import sys
from uuid import UUID

from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.ids import ConversationId, UserId, WorkspaceId
from console.services.messages import Messages
from console.text import EMPTY


async def main(url: str, workspace: str, person: str, conversation: str, epoch: str) -> None:
    actor = Actor(UserId(UUID(person)), WorkspaceId(UUID(workspace)), Role.MEMBER, EMPTY, EMPTY)
    id = ConversationId(UUID(conversation))
    held = await Messages(Database(url)).hold(actor, id, "said and gone", token="t", epoch=int(epoch))
    os.write(1, f"{held.id}\n".encode())
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
