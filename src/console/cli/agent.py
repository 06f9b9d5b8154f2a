"""`console agent`: agents, their drafts and their published versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli import agent_diff, agent_edit, agent_origin, agent_versions
from console.cli.call import Call
from console.cli.parser import Parser

if TYPE_CHECKING:
    from console.domain.agent import Agent


def register(noun: Parser) -> None:
    """Add the verbs of `console agent`."""
    noun.verb("list", "the agents of the workspace", _list)
    show = noun.verb(
        "show",
        "an agent and its draft",
        _show,
        examples=[("console agent show help", ""), ("console agent show help --toml > help.toml", "for `edit --file`")],
    )
    show.takes_agent()
    show.add_argument("--toml", action="store_true", help="the draft's document alone")
    create = noun.verb(
        "create", "make an agent, not yet published", _create, examples=[("console agent create help --name Help", "")]
    )
    create.add_argument("slug", metavar="SLUG")
    create.add_argument("--name", metavar="NAME", help="what visitors see (else the slug)")
    create.add_argument("--file", metavar="FILE", help="take the draft from this TOML document (-: from stdin)")
    agent_edit.register(noun)
    agent_diff.register(noun)
    agent_versions.register(noun)
    agent_origin.register(noun)


def shown(agent: Agent) -> dict[str, object]:
    """An agent as JSON has it."""
    return {
        "id": agent.id,
        "slug": agent.slug,
        "name": agent.name,
        "status": agent.status,
        "draft_revision": agent.draft_revision,
        "published_version": agent.published_number,
        "published_version_id": agent.published_version_id,
        "published_at": agent.published_at,
        "changed_since_publish": agent.changed_since_publish,
        "public_key": agent.public_key,
    }


async def _list(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        agents = await services.agents.list(actor)
    if call.out.json:
        call.out.data({"agents": [shown(agent) for agent in agents]})
        return
    rows = [(a.slug, a.name, a.status, _live(a), a.public_key) for a in agents]
    call.out.table(("slug", "name", "status", "live", "public key"), rows)


async def _show(call: Call) -> None:
    from console.cli.session import acting
    from console.services.agent_toml import to_toml

    async with acting(call) as (services, actor):
        draft = await services.agents.draft(actor, call.args.agent)
    agent = draft.agent
    if call.out.json:
        call.out.data(shown(agent) | {"settings": draft.settings})
        return
    if not call.args.toml:
        call.out.text(f"{agent.name} ({agent.slug}), {agent.status}, {_live(agent)}\npublic key {agent.public_key}\n")
    call.out.text(to_toml(draft.settings, agent.slug, agent.draft_revision).rstrip("\n"))


async def _create(call: Call) -> None:
    from console.cli.session import acting
    from console.services.agent_toml import from_toml

    given = from_toml(agent_edit.read_document(call.args.file)).settings if call.args.file else {}
    name = call.args.name or given.get("name") or call.args.slug
    async with acting(call) as (services, actor):
        agent = await services.agents.create(actor, call.args.slug, name, given)
    if call.out.json:
        call.out.data(shown(agent))
        return
    call.out.text(f"made the agent {agent.slug}, public key {agent.public_key}")
    call.out.say(f"Next: console agent edit {agent.slug}  then  console agent publish {agent.slug}")


def _live(agent: Agent) -> str:
    if agent.published_number is None:
        return "not published"
    changed = ", draft differs" if agent.changed_since_publish else ""
    return f"version {agent.published_number} live{changed}"
