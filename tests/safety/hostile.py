"""A workspace in which everything that is shown was written by somebody with bad intentions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import UUID

import psycopg

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.actor import Role
from console.domain.workspace import Founded, NewWorkspace
from console.ids import new_id
from console.services import Services
from tests.cli.office import PASSWORD, over
from tests.safety.payloads import storable

ROLES = ("user", "assistant", "human", "note")
A_TALK = 24
Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Hostile:
    """The workspace's owner, its conversations in the order of the inbox, and the tags of their messages."""

    urls: ServerUrls
    email: str
    talks: tuple[UUID, ...]
    tags: tuple[tuple[str, ...], ...]

    @property
    def env(self) -> dict[str, str]:
        """What signs the owner in."""
        return {"DATABASE_URL": self.urls.app, "CONSOLE_EMAIL": self.email, "CONSOLE_PASSWORD": PASSWORD}


@dataclass
class Planter:
    """Puts texts into every field, the next one each time, whoever may write it."""

    connection: Connection
    workspace_id: UUID
    agent_id: UUID
    texts: Iterator[str]
    people: Sequence[UUID]
    tags: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, statement: str, *values: object) -> None:
        """One statement; the workspace's id is `%(ws)s`."""
        names = {"ws": self.workspace_id} | {f"v{at}": value for at, value in enumerate(values)}
        self.connection.execute(statement.encode(), names)

    def text(self) -> str:
        """The next text."""
        return next(self.texts)

    def names(self) -> None:
        """Workspace, agent, people."""
        self.run("UPDATE workspaces SET name = %(v0)s WHERE id = %(ws)s", self.text())
        self.run("UPDATE agents SET name = %(v0)s WHERE workspace_id = %(ws)s", self.text())
        for person in self.people:
            name = "UPDATE workspace_users SET name = %(v0)s WHERE workspace_id = %(ws)s AND user_id = %(v1)s"
            self.run(name, f"{self.text()}{self.text()}", person)

    def talk(self, place: int, said: Sequence[str]) -> UUID:
        """A conversation that waits, the earlier the lower its place; every fourth is held by another person."""
        id, contact, held = new_id(), new_id(), place % 4 == 3
        address = f"{place}{self.text()}@x.test"
        self.run("INSERT INTO contacts (workspace_id, id, name, email) VALUES (%(ws)s, %(v0)s, %(v1)s, %(v2)s)",
                 contact, self.text(), address)  # fmt: skip
        self.run(
            "INSERT INTO conversations (workspace_id, id, agent_id, contact_id, visitor_id, channel, domain, page,"
            " subject, control, snippet, snippet_role, last_seq, last_visitor_seq, handoff_reason, waiting_since,"
            " claimed_by_user_id, claimed_at, lease_expires_at, last_message_at) VALUES (%(ws)s, %(v0)s, %(v1)s,"
            " %(v2)s, %(v3)s, %(v3)s, %(v4)s, %(v5)s, %(v6)s, 'human', %(v7)s, 'user', %(v8)s, 1,"
            " 'missing_knowledge', now() - interval '1 day' + %(v9)s * interval '1 minute', %(v10)s, now(),"
            " CASE WHEN %(v10)s::uuid IS NULL THEN NULL ELSE now() + interval '1 hour' END,"
            " now() - %(v9)s * interval '1 minute')",
            id, self.agent_id, contact, f"{place}", self.text(), self.text(), self.text(), self.text(), len(said),
            place + (500 if held else 0), self.people[1] if held else None,
        )  # fmt: skip
        self.say(id, said)
        self.event(id)
        return id

    def say(self, id: UUID, said: Sequence[str]) -> None:
        """Messages of every role in turn, each under its tag; the assistant's with citations and a trace."""
        tags = []
        for seq, (role, text) in enumerate(zip(cycle(ROLES), said, strict=False), 1):
            tags.append(f"#{len(self.tags):02}-{seq:02}#")
            run = self.trace(id) if role == "assistant" else None
            cited = [{"title": self.text(), "uri": self.text(), "quote": self.text()}] if run else []
            author = self.people[seq // 4 % 2] if role in {"human", "note"} else None
            self.run(
                "INSERT INTO messages (workspace_id, conversation_id, seq, role, content, citations, confidence,"
                " run_id, author_user_id) VALUES (%(ws)s, %(v0)s, %(v1)s, %(v2)s, %(v3)s, %(v4)s, %(v5)s, %(v6)s,"
                " %(v7)s)",
                id, seq, role, f"{tags[-1]}\n{text}", json.dumps(cited), 0.9 if run else None, run, author,
            )  # fmt: skip
        self.tags.append(tuple(tags))

    def trace(self, id: UUID, state: str = "complete") -> UUID:
        """A run with all that `why` shows; a superseded one is offered as a suggestion."""
        run = new_id()
        passage = {key: self.text() for key in ("title", "uri", "heading", "text")} | {"score": 0.5, "quoted": True}
        output = {"kind": "extractive", "question": self.text(), "confidence": 0.4, "threshold": 0.5}
        self.run(
            "INSERT INTO runs (workspace_id, id, kind, state, agent_id, conversation_id, visitor_seq, model, error,"
            " output_text, output, finished_at) VALUES (%(ws)s, %(v0)s, 'answer', %(v1)s, %(v2)s, %(v3)s, 1, %(v4)s,"
            " %(v5)s, %(v6)s, %(v7)s, now())",
            run, state, self.agent_id, id, self.text(), self.text(), self.text(),
            json.dumps(output | {"passages": [passage] * 2}),
        )  # fmt: skip
        return run

    def event(self, id: UUID) -> None:
        """A change of control with a reason and by a person of bad name."""
        for kind, person in (("handed_off", None), ("claimed", self.people[1]), (self.text(), self.people[0])):
            self.run(
                "INSERT INTO conversation_events (workspace_id, conversation_id, id, after_seq, kind, epoch,"
                " actor_user_id, detail) VALUES (%(ws)s, %(v0)s, %(v1)s, 2, %(v2)s, 0, %(v3)s, %(v4)s)",
                id, new_id(), kind, person, json.dumps({"reason": self.text()}),
            )  # fmt: skip

    def draft(self, id: UUID) -> None:
        """A reply and a note begun, and what the assistant was about to say."""
        for kind in ("reply", "note"):
            self.run(
                "INSERT INTO drafts (workspace_id, conversation_id, user_id, kind, content) VALUES (%(ws)s, %(v0)s,"
                " %(v1)s, %(v2)s, %(v3)s)",
                id, self.people[0], kind, self.text(),
            )  # fmt: skip

    def label(self, place: int, id: UUID) -> None:
        """A label on it, and a member whom it is assigned to."""
        label = new_id()
        self.run("INSERT INTO labels (workspace_id, id, name) VALUES (%(ws)s, %(v0)s, %(v1)s)",
                 label, f"{self.text()[:36]} {place}")  # fmt: skip
        self.run("INSERT INTO conversation_labels (workspace_id, conversation_id, label_id) VALUES"
                 " (%(ws)s, %(v0)s, %(v1)s)", id, label)  # fmt: skip
        self.run(
            "UPDATE conversations SET priority = %(v1)s, assigned_to_user_id = %(v2)s"
            " WHERE workspace_id = %(ws)s AND id = %(v0)s",
            id, place % 4, self.people[1] if place % 2 else None,
        )  # fmt: skip

    def canned(self, place: int) -> None:
        """A canned reply; its shortcut can't be bad."""
        self.run("INSERT INTO canned_replies (workspace_id, id, shortcut, title, content) VALUES"
                 " (%(ws)s, %(v0)s, %(v1)s, %(v2)s, %(v3)s)",
                 new_id(), f"canned-{place}", self.text(), f"{self.text()} {{visitor}} {self.text()}")  # fmt: skip

    def told(self, id: UUID) -> None:
        """The owner is told of a note in it, and somebody else is there."""
        for kind, seq in (("mention", 4), ("assigned", None)):
            self.run("INSERT INTO notifications (workspace_id, id, user_id, type, actor_user_id, resource_kind,"
                     " resource_id, seq) VALUES (%(ws)s, %(v0)s, %(v1)s, %(v2)s, %(v3)s, 'conversation', %(v4)s,"
                     " %(v5)s)", new_id(), self.people[0], kind, self.people[1], id, seq)  # fmt: skip
        self.run("INSERT INTO presences (workspace_id, user_id, console_id, conversation_id, typing_until, seen_at)"
                 " VALUES (%(ws)s, %(v0)s, %(v0)s, %(v1)s, now() + interval '1 hour', now() + interval '1 hour')"
                 " ON CONFLICT (workspace_id, user_id, console_id)"
                 " DO UPDATE SET conversation_id = excluded.conversation_id", self.people[1], id)  # fmt: skip
        self.run("INSERT INTO visitor_presences (workspace_id, conversation_id, typing_until, seen_at) VALUES"
                 " (%(ws)s, %(v0)s, now() + interval '1 hour', now())", id)  # fmt: skip

    def gap(self, place: int, question: str) -> None:
        """A question that nobody could answer."""
        self.run(
            "INSERT INTO knowledge_gaps (workspace_id, id, agent_id, question, normalised_hash, trigger, occurrences)"
            " VALUES (%(ws)s, %(v0)s, %(v1)s, %(v2)s, %(v3)s, 'no_hit', %(v4)s)",
            new_id(), self.agent_id, f"{place} {question}", f"{place}".encode(), 1,
        )  # fmt: skip

    def source(self, said: Sequence[str]) -> None:
        """A source of bad name that failed, with a document for every text, each read wrongly under its tag."""
        id = new_id()
        self.run(
            "INSERT INTO sources (workspace_id, id, kind, name, uri, status, error, synced_at) VALUES (%(ws)s, %(v0)s,"
            " 'url', %(v1)s, %(v2)s, 'failed', %(v3)s, now())",
            id, self.text(), f"{id}{self.text()}", self.text(),
        )  # fmt: skip
        skipped = json.dumps([{"uri": self.text(), "reason": self.text()} for _ in range(20)])
        self.run("INSERT INTO crawl_runs (workspace_id, id, source_id, state, skipped, documents_skipped, error)"
                 " VALUES (%(ws)s, %(v0)s, %(v1)s, 'failed', %(v2)s, 20, %(v3)s)",
                 new_id(), id, skipped, self.text())  # fmt: skip
        for place, text in enumerate(said):
            self.run("INSERT INTO documents (workspace_id, id, source_id, uri, title, status, error) VALUES (%(ws)s,"
                     " %(v0)s, %(v1)s, %(v2)s, %(v3)s, 'failed', %(v4)s)",
                     new_id(), id, f"{place:04}{self.text()}", f"#{place:04}# {text}", self.text())  # fmt: skip

    def agent(self, said: Sequence[str]) -> None:
        """A draft whose every text is bad, each line of its prompt too, and versions with bad snapshots and notes."""
        bad = json.dumps([self.text()[:200], self.text()[:200]])
        self.run(
            "UPDATE agents SET system_prompt = %(v0)s, description = %(v1)s, guardrails = %(v2)s, ctas = %(v3)s,"
            " persona = %(v4)s, draft_hash = '' WHERE workspace_id = %(ws)s",
            "#0001#\n" + "\n".join(said) + "\n#9999#", self.text(), bad,
            json.dumps([{"label": self.text(), "url": self.text()}]), json.dumps({"tone": self.text()}),
        )  # fmt: skip
        curated = [{"id": str(new_id()), "questions": [self.text()], "answer": self.text()}]
        for number in (2, 3):
            self.run(
                "INSERT INTO agent_versions (workspace_id, id, agent_id, number, snapshot, content_hash, note,"
                " author_user_id) VALUES (%(ws)s, %(v0)s, %(v1)s, %(v2)s, %(v3)s, %(v4)s, %(v5)s, %(v6)s)",
                new_id(), self.agent_id, number,
                json.dumps({"name": self.text(), "system_prompt": self.text(), "curated_answers": curated}),
                f"{number}".encode(), f"{number} {self.text()}", self.people[1],
            )  # fmt: skip

    def place(self) -> None:
        """Settings of the workspace."""
        self.run("UPDATE workspaces SET plan = 'free', time_zone = %(v0)s WHERE id = %(ws)s", self.text())


def plant(urls: ServerUrls, texts: Sequence[str]) -> Hostile:
    """Found a workspace and put every one of these texts into a message, and each field's texts from them in turn."""
    said = [kept for text in texts if (kept := storable(text))]
    tag = new_id().hex[-10:]
    founded, other = asyncio.run(over(urls.app, lambda db: _found(db, tag)))
    with psycopg.connect(urls.superuser) as connection:
        people = (founded.owner.user_id, other)
        planter = Planter(connection, founded.workspace.id, founded.agent.id, cycle(said), people)
        planter.names()
        parts = [said[at : at + A_TALK] for at in range(0, len(said), A_TALK)]
        talks = [planter.talk(place, part) for place, part in enumerate(parts)]
        for place, talk in enumerate(talks):
            planter.label(place, talk)
            planter.canned(place)
        for talk in reversed(talks):
            planter.told(talk)
        planter.draft(talks[0])
        planter.trace(talks[0], "superseded")
        for place, question in enumerate(said[::3]):
            planter.gap(place, question)
        planter.source(said)
        planter.source(said[:30])
        planter.agent(said[:400])
        planter.place()
    order = sorted(range(len(talks)), key=lambda place: (place % 4 == 3, place % 4, place))
    return Hostile(
        urls, f"olivia-{tag}@x.test", tuple(talks[at] for at in order), tuple(planter.tags[at] for at in order)
    )


async def _found(db: Database, tag: str) -> tuple[Founded, UUID]:
    services = Services(db)
    founded = await services.workspaces.found(
        NewWorkspace(
            slug=f"bad-{tag}", name="x", owner_email=f"olivia-{tag}@x.test", owner_name="x", owner_password=PASSWORD,
            agent_slug="help", agent_name="x",
        )
    )  # fmt: skip
    other = await services.members.add(founded.owner, f"max-{tag}@x.test", "x", Role.MEMBER, PASSWORD)
    return founded, other.user_id
