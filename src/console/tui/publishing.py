"""The way of a draft to visitors: what changes is shown, a note asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.content import Content

from console.domain.agent import AgentVersion
from console.errors import InvalidInputError
from console.tui.modals.form import Field, Form
from console.tui.present.diff import between, changes_text, diff_lines
from console.tui.present.tone import joined, toned

if TYPE_CHECKING:
    from console.ids import AgentId
    from console.tui.app import ConsoleApp


async def publish_draft(app: ConsoleApp, agent_id: AgentId) -> AgentVersion | None:
    """Show what a publish changes, ask for a note, publish; None when nothing was published."""
    diff = await app.services.versions.diff(app.actor, agent_id)
    name = diff.agent.name
    if not diff.changes and not diff.left.empty:
        app.say(f"nothing to publish: the draft of {name} is what {diff.left.label} has")
        return None

    async def act(given: Mapping[str, str]) -> AgentVersion:
        if not given["note"].strip():
            raise InvalidInputError("say in a few words what changes")
        expected = diff.agent.published_version_id
        return await app.services.versions.publish(app.actor, agent_id, note=given["note"], expected=expected)

    head = joined(toned(between(diff), "quiet"), toned(changes_text(diff.count), "mine"))
    shown = Content("\n").join([head, diff_lines(diff.changes)])
    note = Field("note", "What changed and why, for the audit log")
    form = Form(f"Publish {name}? Visitors meet it at once.", [note], act, verb="publishes", shown=shown)
    published = await app.push_screen_wait(form)
    if published is not None:
        app.say(f"visitors meet v{published.number} of {name} now")
    return published
