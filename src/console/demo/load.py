"""Loads the demo's workspaces by the product's own services: what is there already is left as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from console.db.engine import Database
from console.demo.content import DemoAgent, DemoWorkspace, Dialogue, article_folder, history
from console.domain.actor import Actor
from console.domain.agent import Agent
from console.domain.workspace import NewWorkspace
from console.errors import ConflictError, NotSignedInError
from console.ids import ConversationId, new_id
from console.services import Services
from console.services.visitors import Visitors

PASSWORD = "demo-password"  # noqa: S105 - printed for everybody to see

Say = Callable[[str], None]


async def load_workspace(services: Services, gateway_db: Database, space: DemoWorkspace, say: Say) -> Agent:
    """Make the workspace with its people, its published agent, its history; its knowledge is queued for the worker."""
    owner = space.members[0]
    try:
        signed = await services.auth.login(owner.email, PASSWORD, workspace_slug=space.slug)
    except NotSignedInError:
        return await _make(services, gateway_db, space, say)
    actor = await services.auth.resume(signed.token, workspace_slug=space.slug)
    await services.auth.logout(signed.token)
    say(f"{space.name} is there already")
    return (await services.agents.list(actor))[0]


async def _make(services: Services, gateway_db: Database, space: DemoWorkspace, say: Say) -> Agent:
    owner, design = space.members[0], space.agents[0]
    founded = await services.workspaces.found(
        NewWorkspace(
            slug=space.slug,
            name=space.name,
            owner_email=owner.email,
            owner_name=owner.name,
            owner_password=PASSWORD,
            agent_slug=design.slug,
            agent_name=design.name,
        )
    )
    actor = founded.owner
    await asyncio.gather(*(_member(services, actor, m.email, m.name, m.role) for m in space.members[1:]))
    agent = await _publish(services, actor, founded.agent, design)
    with suppress(ConflictError):
        await services.sources.add(actor, "folder", str(article_folder(space.slug)), name="Help centre")
    for dialogue in history(space.slug):
        await _tell(services, Visitors(gateway_db), agent, actor, dialogue)
    say(f"{space.name}: {len(space.members)} people, agent v2 published, {len(history(space.slug))} past conversations")
    return agent


async def _member(services: Services, actor: Actor, email: str, name: str, role: object) -> None:
    with suppress(ConflictError):
        await services.members.add(actor, email, name, role, PASSWORD)  # type: ignore[arg-type]


async def _publish(services: Services, actor: Actor, agent: Agent, design: DemoAgent) -> Agent:
    draft = await services.agents.draft(actor, agent.id)
    settings = {
        **draft.settings,
        "system_prompt": design.system_prompt,
        "guardrails": list(design.guardrails),
        "persona": {"role": "support assistant", "tone": design.tone},
        "theme": {"business_name": design.business_name, "welcome_text": design.greeting},
    }
    await services.agents.edit(actor, agent.id, settings, revision=draft.agent.draft_revision)
    await services.versions.publish(
        actor, agent.id, note="tone, prompt and guardrails", expected=draft.agent.published_version_id
    )
    return (await services.agents.draft(actor, agent.id)).agent


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
