"""Loads the demo's workspaces by the product's own services: what is there already is left as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from console.clock import set_back, utc_now
from console.db.engine import Database
from console.demo.content import DemoAgent, DemoWorkspace, Dialogue, article_folder, history
from console.domain.actor import Actor
from console.domain.agent import Agent
from console.domain.inbox import InboxFilter
from console.domain.workspace import NewWorkspace
from console.errors import NotSignedInError
from console.ids import ConversationId, new_id
from console.services import Services
from console.services.visitors import Visitors

FOUNDED = timedelta(days=55)
"""How long ago a workspace began: its billing month is some weeks old."""
PASSWORD = "demo-password"  # noqa: S105 - printed for everybody to see

Say = Callable[[str], None]


async def load_workspace(services: Services, gateway_db: Database, space: DemoWorkspace, say: Say) -> Agent:
    """Make the workspace with its people, its published agent and its history; the worker fills its knowledge.

    Each step looks at what is there, so that a start that was interrupted is made whole by the next one.
    """
    owner = await _owner(services, space)
    known = {member.email for member in await services.members.list(owner, left=True)}
    missing = [member for member in space.members if member.email not in known]
    await asyncio.gather(*(services.members.add(owner, m.email, m.name, m.role, PASSWORD) for m in missing))
    agent = await _publish(services, owner, space.agents[0])
    if not await services.sources.list(owner):
        await services.sources.add(owner, "folder", str(article_folder(space.slug)), name="Help centre")
    await _tell_history(services, Visitors(gateway_db), agent, owner, space)
    people = len(await services.members.list(owner))
    async with services.db.read(owner.workspace_id) as tx:
        there = await tx.scalar("SELECT count(*) FROM conversations")
    say(f"{space.name}: {people} people, agent v{agent.published_number}, {there:,} conversations")
    return agent


async def _owner(services: Services, space: DemoWorkspace) -> Actor:
    owner, design = space.members[0], space.agents[0]
    try:
        signed = await services.auth.login(owner.email, PASSWORD, workspace_slug=space.slug)
    except NotSignedInError:
        new = NewWorkspace(
            slug=space.slug,
            name=space.name,
            owner_email=owner.email,
            owner_name=owner.name,
            owner_password=PASSWORD,
            agent_slug=design.slug,
            agent_name=design.name,
            plan="business",
        )
        with set_back(utc_now() - FOUNDED):
            return (await services.workspaces.found(new)).owner
    actor = await services.auth.resume(signed.token, workspace_slug=space.slug)
    await services.auth.logout(signed.token)
    return replace(actor, session_hash=None)


async def _publish(services: Services, actor: Actor, design: DemoAgent) -> Agent:
    draft = await services.agents.draft(actor, design.slug)
    if draft.agent.published_number != 1:
        return draft.agent
    agent = draft.agent
    settings = {
        **draft.settings,
        "system_prompt": design.system_prompt,
        "guardrails": list(design.guardrails),
        "persona": {"role": "support assistant", "tone": design.tone},
        "theme": {"business_name": design.business_name, "welcome_text": design.greeting},
    }
    await services.agents.edit(actor, agent.id, settings, revision=draft.agent.draft_revision)
    first = (await services.versions.list(actor, agent.id))[-1]
    with set_back(first.created_at + timedelta(days=1)):
        await services.versions.publish(
            actor, agent.id, note="tone, prompt and guardrails", expected=draft.agent.published_version_id
        )
    return (await services.agents.draft(actor, agent.id)).agent


async def _tell_history(
    services: Services, visitors: Visitors, agent: Agent, actor: Actor, space: DemoWorkspace
) -> None:
    """Replay the dialogues that no conversation tells yet."""
    for dialogue in history(space.slug):
        if not (await services.inbox.page(actor, InboxFilter.ALL, text=dialogue.customer, limit=1)).rows:
            await _tell(services, visitors, agent, actor, dialogue)


async def _tell(services: Services, visitors: Visitors, agent: Agent, actor: Actor, dialogue: Dialogue) -> None:
    """Replay a past dialogue: a person holds it from the start, so the AI stays silent."""
    started = await visitors.start(agent.public_key, {"name": dialogue.customer, "page": "/help"})
    id: ConversationId = started.conversation_id
    claim = await services.takeover.claim(actor, id)
    for speaker, text in dialogue.turns:
        token = new_id().hex
        if speaker == "visitor":
            await visitors.send(started.visitor_token, id, text, key=token)
        elif speaker == "note":
            await services.messages.note(actor, id, text, token=token)
        else:
            await services.messages.send(actor, id, text, token=token, epoch=claim.epoch)
    await services.takeover.resolve(actor, id, epoch=claim.epoch)
