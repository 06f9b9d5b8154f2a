"""On this machine's own server a held reply goes out although everybody has left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.db.embedded.server import EmbeddedServer
from console.db.engine import Database
from console.services.visitors import Visitors
from tests.cli.office import over
from tests.cli.terminal import run
from tests.cli.test_demo import destroyed
from tests.unit.test_companion import until, workers
from tests.world import Talk


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory; its server ends with the test."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    yield folder
    until(lambda: not workers(folder))
    until(lambda: destroyed(folder))


def test_the_worker_stays_until_nothing_is_held(tmp_path: Path, data: Path) -> None:
    env = {"CONSOLE_DATA_DIR": str(data), "CONSOLE_EMAIL": "o@acme.test", "CONSOLE_PASSWORD": "correct horse"}

    def call(*words: str) -> Any:
        done = run(tmp_path, *words, "--json", env=env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    key = call("init", "--name", "Acme", "--email", "o@acme.test", "--owner", "Olga")["agent"]["public_key"]
    with EmbeddedServer(data) as urls:
        talk: Talk

        async def begin(db: Database) -> str:
            started = await Visitors(db).start(key, {})
            nonlocal talk
            talk = Talk(Visitors(db), started.conversation_id, started.visitor_token)
            return str(started.conversation_id)

        async def heard(db: Database) -> list[tuple[str, str]]:
            return await Talk(Visitors(db), talk.id, talk.token).seen()

        id = asyncio.run(over(urls.gateway, begin))
        call("conv", "claim", id)
        call("conv", "send", id, "bye", "--hold")
        until(lambda: asyncio.run(over(urls.gateway, heard)) == [("human", "bye")])
        until(lambda: not workers(data))
