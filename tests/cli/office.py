"""A workspace with people of every role, each signed in, and the real command called as one of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeVar

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.actor import Role
from console.domain.workspace import NewWorkspace
from console.ids import WorkspaceId, new_id
from console.services import Services
from console.services.visitors import Visitors
from tests.cli.terminal import run
from tests.world import Talk

PASSWORD = "correct horse"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Office:
    """The server, an empty home for the calls, a session token for each person, and the agent's public key."""

    urls: ServerUrls
    home: Path
    workspace_id: WorkspaceId
    slug: str
    tokens: dict[str, str]
    public_key: str

    def call(self, who: str, *words: str, stdin: str | bytes = "", **env: str) -> CompletedProcess[str]:
        """Run `console` as that person; "nobody" is not signed in."""
        signed = {"CONSOLE_SESSION_TOKEN": self.tokens[who]} if who in self.tokens else {}
        return run(self.home, *words, stdin=stdin, env={"DATABASE_URL": self.urls.app, **signed, **env})

    def out(self, who: str, *words: str, stdin: str | bytes = "") -> str:
        """What a call that succeeds prints."""
        done = self.call(who, *words, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, who: str, *words: str, stdin: str | bytes = "") -> Any:
        """The one object that a call prints."""
        return json.loads(self.out(who, *words, "--json", stdin=stdin))

    def lines(self, who: str, *words: str) -> list[Any]:
        """The JSON Lines that a call prints."""
        return [json.loads(line) for line in self.out(who, *words, "--json").splitlines()]

    def refused(self, code: int, who: str, *words: str, stdin: str | bytes = "", **env: str) -> str:
        """What a refusal says: one line why, at most one what to do, nothing on stdout."""
        return refusal(code, self.call(who, *words, stdin=stdin, **env))

    def talk(self, *said: str, name: str = "Vic", page: str | None = "/help") -> str:
        """The id of a new conversation in which a visitor has said this."""

        async def begin(db: Database) -> str:
            visitors = Visitors(db)
            started = await visitors.start(self.public_key, {"name": name} | ({"page": page} if page else {}))
            talk = Talk(visitors, started.conversation_id, started.visitor_token)
            for words in said:
                await talk.say(words)
            return str(started.conversation_id)

        return asyncio.run(over(self.urls.gateway, begin))


def refusal(code: int, done: CompletedProcess[str]) -> str:
    """The words of a refusal with that exit code, after a look at its shape."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    lines = done.stderr.splitlines()
    assert lines[0].startswith("console: error: "), lines
    assert [line.startswith("  try: ") for line in lines[1:]] in ([], [True]), lines
    return done.stderr


def open_office(urls: ServerUrls, home: Path) -> Office:
    """A fresh workspace: olivia owns it, mia and max are members, vera views; each has a session."""
    return asyncio.run(over(urls.app, lambda db: _found(urls, home, Services(db))))


async def _found(urls: ServerUrls, home: Path, services: Services) -> Office:
    tag = new_id().hex[-10:]
    founded = await services.workspaces.found(
        NewWorkspace(
            slug=f"office-{tag}", name="Office", owner_email=f"olivia-{tag}@acme.test", owner_name="Olivia Marsh",
            owner_password=PASSWORD, agent_slug="help", agent_name="Help",
        )
    )  # fmt: skip
    roles = {"mia": Role.MEMBER, "max": Role.MEMBER, "vera": Role.VIEWER}
    for who, role in roles.items():
        await services.members.add(founded.owner, f"{who}-{tag}@acme.test", who.title(), role, PASSWORD)
    tokens = {who: (await services.auth.login(f"{who}-{tag}@acme.test", PASSWORD)).token for who in ("olivia", *roles)}
    return Office(urls, home, founded.workspace.id, founded.workspace.slug, tokens, founded.agent.public_key)


async def over(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Do something with the database at that address."""
    db = Database(url)
    try:
        return await work(db)
    finally:
        await db.close()
