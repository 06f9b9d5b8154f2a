"""A workspace of mine in the list, and in full: its settings, its members."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from console.clock import ago
from console.domain.glance import Glance, WorkspaceDetails
from console.domain.workspace import Member
from console.ids import UserId
from console.tui.present.tone import joined, sides, toned

_LABEL = 14
_NAME = 18


def workspace_row(glance: Glance, here: bool, width: int, now: datetime) -> tuple[Content, Content]:
    """The two lines of a workspace; `here` is the one that the console is in."""
    mine = glance.membership
    name = joined(toned(mine.name, "strong"), toned("you are here" if here else "", "mine"))
    role = Content("") if glance.trouble else toned(mine.role.label, "quiet")
    second = joined(toned(mine.slug, "quiet"), role, _trouble_or_publish(glance, now))
    return sides(Content("  ") + name, _needs(glance), width), Content("  ") + second.truncate(
        max(0, width - 2), ellipsis=True
    )


def _needs(glance: Glance) -> Content:
    """What asks for somebody there."""
    waiting = toned(f"{glance.waiting:,}! waiting", "now") if glance.waiting else Content("")
    failing = glance.failing_sources
    sources = toned(f"{failing:,} source{'s' * (failing != 1)} failing", "now") if failing else Content("")
    percent = glance.quota_percent
    tone = "now" if percent is not None and percent >= 100 else "soon" if glance.quota_soft else "quiet"
    quota = Content("") if percent is None else toned(f"quota {percent}%", tone)
    calm = glance.waiting == 0 and not failing
    return joined(waiting, sources, toned("nothing waits" if calm else "", "quiet"), quota)


def _trouble_or_publish(glance: Glance, now: datetime) -> Content:
    if glance.trouble:
        return toned(f"not read: {glance.trouble}", "now")
    if glance.waiting is None:
        return toned("reading …", "faint")
    if (last := glance.last_publish) is None:
        return toned("nothing published", "faint")
    by = f" by {last.author_name}" if last.author_name else ""
    return toned(f"{last.agent_slug} v{last.number} published {ago(last.at, now)}{by}", "quiet")


def workspace_lines(
    glance: Glance, details: WorkspaceDetails | None, trouble: str, width: int, now: datetime
) -> Content:
    """A workspace in full; `trouble` says why its details can't be read."""
    mine = glance.membership
    head = [joined(toned(mine.name, "strong"), toned(mine.slug, "quiet"), toned(f"you: {mine.role.label}", "quiet"))]
    needs = _needs(glance)
    head += [needs] if needs else []
    if details is None:
        rest = toned(trouble, "now") if trouble else toned("reading the settings …", "quiet")
        return Content("\n").join([*head, Content(""), rest])
    return Content("\n").join([*head, Content(""), *_settings(details), Content(""), *_members(details, width, now)])


def _settings(details: WorkspaceDetails) -> list[Content]:
    place, window = details.workspace, details.window
    model = f"{details.chat} at {details.endpoint}" if details.endpoint else "none: answers are extracts of the pages"
    facts = [
        ("plan", place.plan),
        ("time zone", place.time_zone),
        ("model", model),
        *([("embeddings", str(details.embedding))] if details.embedding else []),
        ("billing", f"{window.start:%d %b %Y %H:%M} to {window.end:%d %b %Y %H:%M} UTC"),
        ("seats", f"{len(details.members)} of {details.max_seats}" if details.max_seats else f"{len(details.members)}"),
    ]
    return [*(_fact(label, Content(value)) for label, value in facts), *_credentials(details)]


def _credentials(details: WorkspaceDetails) -> list[Content]:
    if details.credentials is None:
        return [_fact("keys", toned("admins see them", "quiet"))]
    if not details.credentials:
        return [_fact("keys", toned("none", "quiet"))]
    return [
        _fact("key" if number else "keys", joined(Content(each.kind), toned(_end(each.last_characters), "quiet")))
        for number, each in enumerate(details.credentials)
    ]


def _end(last: str) -> str:
    return f"ends in {last}" if last else "set"


def _fact(label: str, value: Content) -> Content:
    return toned(f"{label:<{_LABEL}}", "quiet") + value


def _members(details: WorkspaceDetails, width: int, now: datetime) -> list[Content]:
    count = len(details.members)
    title = toned(f"{count:,} member{'s' * (count != 1)}, and since when", "quiet")
    return [title, *(_member(each, details.present, now).truncate(width, ellipsis=True) for each in details.members)]


def _member(member: Member, present: frozenset[UserId], now: datetime) -> Content:
    name = Content(member.name).truncate(_NAME, ellipsis=True, pad=True)
    role = toned(f"{member.role.label:<6}", "quiet")
    joined_at = toned(f"{ago(member.joined_at, now):>6}", "quiet")
    there = toned("here", "fine") if member.user_id in present else Content("    ")
    return Content("  ") + joined(name, role, joined_at, there, toned(member.email, "quiet"))
