"""A console of its own process, for a test that kills it: it claims a conversation, holds a reply back, and waits.

Arguments: the URL, then the ids of workspace, user and conversation. It says `held`.
"""

from __future__ import annotations

import asyncio
import sys
from uuid import UUID

from console.db.engine import Database
from console.domain.actor import Actor, Role
from console.ids import ConversationId, UserId, WorkspaceId
from console.services.messages import Messages
from console.services.takeover import Takeover
from console.text import sanitise


async def main(url: str, workspace: str, user: str, conversation: str) -> None:
    actor = Actor(UserId(UUID(user)), WorkspaceId(UUID(workspace)), Role.MEMBER, sanitise("Mia"), sanitise("m@x.test"))
    db, id = Database(url), ConversationId(UUID(conversation))
    claim = await Takeover(db).claim(actor, id)
    await Messages(db).hold(actor, id, "held back", token="held", epoch=claim.epoch)
    sys.stdout.write("held\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
