"""A workspace with two pages of knowledge whose agent answers by a model endpoint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console.ai.breaker import Breakers
from console.ai.embedder import MiniLm
from console.ai.openai_client import Patience
from console.db.engine import Database
from console.domain.model import Endpoint, ModelDefaults
from console.domain.run import RunState
from console.ids import RunId
from console.seal import Seal
from console.services.answering import Answering
from console.services.answers import Answers, Wait
from console.services.models import Models, fixed
from console.services.search import Search
from console.services.sources import Sources
from tests.ai.endpoint import FakeEndpoint
from tests.services.knowledge_support import crawl
from tests.world import Talk, World, make_talk, make_world

MODEL = MiniLm(intra_op_num_threads=1)
KEY = "sk-planted-0123456789abcdef"
RETURNS = "Unworn items can be returned within 30 days of delivery. Refunds reach your card in five working days."
SHIPPING = "Standard shipping takes three to five days. Express parcels arrive on the next working day."
QUESTION = "within how many days can unworn items be returned?"
QUICK = Patience(connect=5, call=4.0, whole=9, retries=1, pause=0.01, longest_pause=0.1)
STEADY = Patience(connect=60, call=120, whole=240, retries=1, pause=0.01, longest_pause=0.1)


@dataclass(frozen=True)
class House:
    """Everything that answers in one workspace."""

    db: Database
    gateway_db: Database
    world: World
    models: Models

    @property
    def answering(self) -> Answering:
        """What answers, with the models in force."""
        return Answering(Search(self.db, MODEL, models=self.models), MODEL, self.models)

    async def talk(self) -> Talk:
        """A fresh conversation."""
        return await make_talk(self.gateway_db, self.world)

    async def run(self, talk: Talk) -> RunState | Wait | None:
        """Let the AI take its turn."""
        async with self.db.read(self.world.workspace_id) as tx:
            id = await tx.scalar(
                "SELECT id FROM runs WHERE workspace_id = :ws AND conversation_id = :id AND state = 'queued'",
                id=talk.id,
            )
        return await Answers(self.db, self.answering).run(self.world.workspace_id, RunId(id))

    async def ask(self, *said: str) -> list[tuple[str, str]]:
        """Say this as a visitor, let the AI answer, and see what the visitor sees."""
        talk = await self.talk()
        for words in said:
            await talk.say(words)
        await self.run(talk)
        return await talk.seen()

    async def rows(self, statement: str) -> list[Any]:
        """Rows of the workspace."""
        async with self.db.read(self.world.workspace_id) as tx:
            return list(await tx.rows(statement))

    async def last_run(self) -> Any:
        """The newest run."""
        return (await self.rows("SELECT * FROM runs WHERE workspace_id = :ws ORDER BY id DESC LIMIT 1"))[0]

    async def said_reason(self) -> str | None:
        """Why the last conversation went to a person."""
        rows = await self.rows("SELECT handoff_reason FROM conversations WHERE workspace_id = :ws ORDER BY id DESC")
        reason: str | None = rows[0].handoff_reason
        return reason

    async def gaps(self) -> int:
        """How many gaps there are."""
        return len(await self.rows("SELECT id FROM knowledge_gaps WHERE workspace_id = :ws"))

    async def set(self, **snapshot: Any) -> None:
        """Let the published version say this too (a test's short cut past a publish)."""
        import json

        async with self.db.write(self.world.workspace_id) as tx:
            version = await tx.scalar(
                "INSERT INTO agent_versions (workspace_id, id, agent_id, number, snapshot, content_hash)"
                " SELECT workspace_id, gen_random_uuid(), agent_id, 1 + max(number), cast(:snapshot AS jsonb), ''"
                " FROM agent_versions WHERE workspace_id = :ws GROUP BY 1, 3 RETURNING id",
                snapshot=json.dumps({"name": "Assistant", **snapshot}),
            )
            await tx.execute("UPDATE agents SET published_version_id = :id WHERE workspace_id = :ws", id=version)


def defaults(endpoint: FakeEndpoint, **more: Any) -> ModelDefaults:
    """Settings of a server that uses this endpoint."""
    return ModelDefaults(endpoint=Endpoint(base_url=endpoint.base_url, key=KEY), **more)


def models(db: Database, found: ModelDefaults, seal: Seal | None = None, **more: Any) -> Models:
    """The models of a server with those settings, in a hurry."""
    return Models(db, seal, fixed(found), **{"patience": QUICK, "breakers": Breakers(failures=99), **more})


async def open_house(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, pages: Path, *, found: ModelDefaults | None = None
) -> House:
    """A workspace that has read its pages."""
    (pages / "returns.md").write_text(f"# Returns and refunds\n\n{RETURNS}\n")
    (pages / "shipping.md").write_text(f"# Shipping\n\n{SHIPPING}\n")
    world = await make_world(db)
    house = House(db, gateway_db, world, models(db, found or defaults(endpoint)))
    embedder = await house.models.embedder(world.workspace_id, MODEL)
    await crawl(db, world.admin, await Sources(db).add(world.admin, "folder", str(pages)), embedder)
    return house


def with_models(house: House, found: Models) -> House:
    """The same house under other models."""
    return replace(house, models=found)
