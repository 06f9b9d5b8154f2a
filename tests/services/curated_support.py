"""An agent with curated answers, live, asked through a visitor's conversation."""

from __future__ import annotations

from console.ai.embedder import MiniLm
from console.db.engine import Database
from console.domain.agent import AgentVersion
from console.domain.run import RunState
from console.ids import RunId
from console.services.agents import Agents
from console.services.answering import Answering
from console.services.answers import Answers
from console.services.search import Search
from console.services.versions import Versions
from tests.world import Talk, World, make_talk

MODEL = MiniLm(intra_op_num_threads=1)
ANSWER = "We ship within the United States only."
ASKED = ("do you ship outside the US?", "is there international delivery?")


async def publish(db: Database, world: World) -> AgentVersion:
    """Publish the draft as it is."""
    agent = (await Agents(db).draft(world.admin, world.agent_id)).agent
    return await Versions(db, MODEL).publish(world.admin, world.agent_id, expected=agent.published_version_id)


async def run(db: Database, world: World, talk: Talk) -> RunState | None:
    """Let the AI take its turn."""
    async with db.read(world.workspace_id) as tx:
        id = await tx.scalar(
            "SELECT id FROM runs WHERE workspace_id = :ws AND conversation_id = :id AND state = 'queued'", id=talk.id
        )
    state = await Answers(db, Answering(Search(db, MODEL), MODEL)).run(world.workspace_id, RunId(id))
    assert state is None or isinstance(state, RunState)
    return state


async def ask(db: Database, gateway_db: Database, world: World, *said: str) -> Talk:
    """Say this as a visitor, the AI answering each."""
    talk = await make_talk(gateway_db, world)
    for words in said:
        await talk.say(words)
        await run(db, world, talk)
    return talk


async def last_said(talk: Talk) -> str:
    """What the visitor saw last."""
    return (await talk.seen())[-1][1]
