"""An agent in its list, and in full: what its draft changes, what was published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.content import Content

from console.clock import ago
from console.domain.agent import Agent, AgentVersion
from console.domain.agent_diff import AgentDiff, AgentOverview
from console.text import SafeText
from console.tui.present.diff import changes_text, diff_lines
from console.tui.present.tone import joined, sides, toned


@dataclass(frozen=True, slots=True)
class AgentDetail:
    """What else is known of an agent; `diff` is what a publish would change."""

    diff: AgentDiff
    versions: Sequence[AgentVersion]
    origins: Sequence[SafeText]


def agent_row(row: AgentOverview, width: int, now: datetime) -> tuple[Content, Content]:
    """The two lines of an agent."""
    agent = row.agent
    first = joined(toned(agent.name, "strong"), _status(agent))
    answers = toned(f"{row.answers:,} answers · 7 days", "quiet") if row.answers else Content("")
    left = Content("  ") + joined(toned(agent.slug, "quiet"), draft_words(row))
    return sides(Content("  ") + first, live_words(agent, now), width), sides(left, answers, width)


def live_words(agent: Agent, now: datetime) -> Content:
    """Which version visitors meet, and since when."""
    if agent.published_number is None or agent.published_at is None:
        return toned("not published", "soon")
    return joined(toned(f"live v{agent.published_number}", ""), toned(ago(agent.published_at, now), "quiet"), gap=" ")


def draft_words(row: AgentOverview) -> Content:
    """What the draft has that visitors do not meet."""
    if row.agent.published_number is None:
        return toned("draft", "mine")
    return toned(f"draft: {changes_text(row.changes)}", "mine") if row.changes else Content("")


def agent_lines(row: AgentOverview, detail: AgentDetail | None, now: datetime) -> Content:
    """An agent in full."""
    agent = row.agent
    head = [
        joined(toned(agent.name, "strong"), toned(agent.slug, "quiet"), _status(agent)),
        joined(live_words(agent, now), toned(f"public key {agent.public_key}", "quiet")),
        Content(""),
    ]
    if detail is None:
        return Content("\n").join([*head, toned("reading the draft …", "quiet")])
    return Content("\n").join([*head, *_draft(detail.diff), Content(""), *_versions(detail.versions, now), Content(""),
                               *_origins(detail.origins)])  # fmt: skip


def version_line(version: AgentVersion, now: datetime) -> Content:
    """One version: number, age, who, note."""
    mark = toned("live", "fine") if version.live else Content("    ")
    number = toned(f"v{version.number:<3}", "strong")
    age = toned(f"{ago(version.created_at, now):>6}", "quiet")
    note = Content(" ".join(version.note.split()))
    return joined(mark, number, age, toned(version.author_name, "quiet"), note)


def _status(agent: Agent) -> Content:
    return Content("") if agent.status == "active" else toned(agent.status, "soon")


def _draft(diff: AgentDiff) -> list[Content]:
    if not diff.changes:
        return [toned(f"draft: the same as {diff.left.label}", "quiet")]
    against = "not published yet" if diff.left.empty else f"against {diff.left.label}"
    return [
        joined(toned(f"draft: {changes_text(diff.count)}", "mine"), toned(against, "quiet")),
        diff_lines(diff.changes),
    ]


def _versions(versions: Sequence[AgentVersion], now: datetime) -> list[Content]:
    if not versions:
        return [toned("no version yet: P publishes the draft", "quiet")]
    return [toned("versions", "quiet"), *(version_line(version, now) for version in versions)]


def _origins(origins: Sequence[SafeText]) -> list[Content]:
    if not origins:
        return [toned("no web page may talk with it yet: o adds one", "quiet")]
    return [toned("web pages that may talk with it", "quiet"), *(Content(f"  {origin}") for origin in origins)]
