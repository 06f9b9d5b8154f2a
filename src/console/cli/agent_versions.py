"""`console agent publish`, `rollback` and `versions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser

if TYPE_CHECKING:
    from console.domain.agent import Agent, AgentVersion


def register(noun: Parser) -> None:
    """Add the verbs."""
    publish = noun.verb(
        "publish",
        "let visitors meet the draft, as the next version",
        _publish,
        examples=[("console agent publish help --note 'return policy of May'", "")],
    )
    rollback = noun.verb(
        "rollback",
        "let visitors meet an earlier version again",
        _rollback,
        examples=[("console agent rollback help", "the one before"), ("console agent rollback help --to 3", "")],
    )
    versions = noun.verb("versions", "the published versions, newest first", _versions)
    for verb in (publish, rollback, versions):
        verb.takes_agent()
    for verb in (publish, rollback):
        verb.add_argument("--note", metavar="TEXT", default="", help="why, for the audit log")
    rollback.add_argument("--to", type=int, metavar="NUMBER", help="this version (else the one before the live one)")


async def _publish(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        agent = (await services.agents.draft(actor, call.args.agent)).agent
        version = await services.versions.publish(
            actor, agent.id, note=call.args.note, expected=agent.published_version_id
        )
    _said(call, agent, version)


async def _rollback(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        agent = (await services.agents.draft(actor, call.args.agent)).agent
        version = await services.versions.rollback(
            actor, agent.id, to=call.args.to, note=call.args.note, expected=agent.published_version_id
        )
    _said(call, agent, version)


async def _versions(call: Call) -> None:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        agent = (await services.agents.draft(actor, call.args.agent)).agent
        versions = await services.versions.list(actor, agent.id)
    if call.out.json:
        call.out.data({"agent": agent.slug, "versions": [_shown(version) for version in versions]})
        return
    rows = [
        ("*" if v.live else "", v.number, f"{v.created_at:%Y-%m-%d %H:%M}", v.author_name, v.note) for v in versions
    ]
    call.out.table(("", "version", "published (UTC)", "by", "note"), rows)


def _said(call: Call, agent: Agent, version: AgentVersion) -> None:
    if call.out.json:
        call.out.data({"agent": agent.slug, "previous": agent.published_number, **_shown(version)})
        return
    call.out.text(f"visitors meet version {version.number} of {agent.slug} now")


def _shown(version: AgentVersion) -> dict[str, object]:
    return {
        "version": version.number,
        "version_id": version.id,
        "note": version.note,
        "author": version.author_name,
        "created_at": version.created_at,
        "live": version.live,
    }
