"""The demo's two workspaces: their agents, people, articles and past conversations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from console.domain.actor import Role
from console.errors import NotFoundError

DATA = Path(__file__).parent / "data"

Speaker = Literal["visitor", "human", "ai", "note"]


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """An agent to create and publish."""

    slug: str
    name: str
    business_name: str
    tone: str
    greeting: str
    system_prompt: str
    guardrails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoMember:
    """A person and the role that they hold in the workspace."""

    email: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class DemoWorkspace:
    """A tenant of the demo; `domain` is the site that its visitors come from."""

    slug: str
    name: str
    domain: str
    agents: tuple[DemoAgent, ...]
    members: tuple[DemoMember, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """A file of the knowledge base; `name` is its path below the workspace's article folder."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A past conversation, oldest turn first."""

    customer: str
    topic: str
    turns: tuple[tuple[Speaker, str], ...]


_OPS = DemoMember("sam@ops.test", "Sam Okafor", Role.VIEWER)
_GUARDRAILS = (
    "Answer only from the passages you are given, and cite them.",
    "If the passages don't answer the question, say so and offer a person.",
    "Never ask for a card number or a password; leave that to a person.",
)

WORKSPACES: tuple[DemoWorkspace, ...] = (
    DemoWorkspace(
        slug="acme-retail",
        name="Acme Retail",
        domain="acme.test",
        agents=(
            DemoAgent(
                slug="assistant",
                name="Acme assistant",
                business_name="Acme Retail",
                tone="friendly and brief",
                greeting="Hi! Ask me about orders, returns, shipping or your membership.",
                system_prompt=(
                    "You are the support assistant of Acme Retail, an online shop for clothes. "
                    "Help customers with orders, returns, refunds, shipping, accounts and subscriptions."
                ),
                guardrails=(*_GUARDRAILS, "Never promise a refund that the policy does not grant."),
            ),
        ),
        members=(
            DemoMember("olivia@acme.test", "Olivia Marsh", Role.OWNER),
            DemoMember("adam@acme.test", "Adam Keller", Role.ADMIN),
            DemoMember("mia@acme.test", "Mia Santos", Role.MEMBER),
            DemoMember("noah@acme.test", "Noah Lindqvist", Role.MEMBER),
            DemoMember("vera@acme.test", "Vera Chowdhury", Role.VIEWER),
            _OPS,
        ),
    ),
    DemoWorkspace(
        slug="helpdesk-docs",
        name="Helpdesk Docs",
        domain="helpdesk.test",
        agents=(
            DemoAgent(
                slug="assistant",
                name="Docs assistant",
                business_name="Helpdesk Docs",
                tone="precise and technical",
                greeting="Hello! Ask me about installing, configuring or upgrading Chatwoot.",
                system_prompt=(
                    "You answer questions about hosting, configuring, upgrading and developing Chatwoot. "
                    "Quote commands and environment variables exactly as the documentation has them."
                ),
                guardrails=_GUARDRAILS,
            ),
        ),
        members=(
            DemoMember("hanna@helpdesk.test", "Hanna Weiss", Role.OWNER),
            DemoMember("arjun@helpdesk.test", "Arjun Rao", Role.ADMIN),
            DemoMember("lucia@helpdesk.test", "Luc\u00eda Ferrer", Role.MEMBER),
            DemoMember("tom@helpdesk.test", "Tom Adeyemi", Role.VIEWER),
            _OPS,
        ),
    ),
)


def workspace(slug: str) -> DemoWorkspace:
    """The demo workspace with that slug; `NotFoundError` when there is none."""
    for found in WORKSPACES:
        if found.slug == slug:
            return found
    raise NotFoundError(f"the demo has no workspace {slug!r}")


def folder(slug: str) -> Path:
    """Where a workspace's data lies, licence and notice beside it; `NotFoundError` for an unknown slug."""
    return DATA / workspace(slug).slug


def article_folder(slug: str) -> Path:
    """The folder of a workspace's articles, one source; `NotFoundError` for an unknown slug."""
    return folder(slug) / "articles"


def articles(slug: str) -> Iterator[Article]:
    """Every article of a workspace in the order of their names; `NotFoundError` for an unknown slug."""
    root = article_folder(slug)
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        yield Article(path.relative_to(root).as_posix(), path.read_bytes())


@cache
def history(slug: str) -> tuple[Dialogue, ...]:
    """The past conversations of a workspace, perhaps none; `NotFoundError` for an unknown slug."""
    path = folder(slug) / "dialogues.json"
    if not path.exists():
        return ()
    return tuple(
        Dialogue(talk["customer"], talk["topic"], tuple((speaker, text) for speaker, text in talk["turns"]))
        for talk in json.loads(path.read_text("utf-8"))
    )
