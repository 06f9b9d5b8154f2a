"""What the staff did to the agent in the demo's past: new versions, gaps seen to, a ceiling set; each once."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from console.clock import set_back
from console.demo.told import House
from console.domain.gap import GapStatus
from console.domain.quota import Limit, Metric, Period
from console.errors import ConflictError, RefusedError
from console.services import Services

LIMITED = "acme-retail"
"""The workspace that has used `SHARE` of its own ceiling; of tokens, which visitors without a model don't move."""
SHARE = 0.8

_AFTERNOON = timedelta(hours=15)
_GAP_ANSWER = (
    "We looked into this because several of you asked: it is not offered today. Write to us and we will tell you as"
    " soon as that changes."
)


@dataclass(frozen=True, slots=True)
class Change:
    """A version that was published on a day: its note, and what it added to the guardrails."""

    day: int
    note: str
    guardrail: str


CHANGES = (
    Change(8, "shorter answers", "Answer in three sentences at most."),
    Change(16, "no promises about dates", "Never promise a date that the passages don't give."),
    Change(24, "answers to gaps of the week", "Say which page the answer is from."),
)
_DRAFTED, _APPROVED, _DISMISSED = 2, 3, 2


async def reached(services: Services, house: House, day: int, date: datetime) -> None:
    """Do what was done at the end of that day, unless it is done."""
    with set_back(date + _AFTERNOON):
        for change in CHANGES:
            if change.day == day and not await _is_published(services, house, change):
                await _review(services, house)
                await _publish(services, house, change)


async def _is_published(services: Services, house: House, change: Change) -> bool:
    return any(version.note == change.note for version in await services.versions.list(house.admin, house.agent.id))


async def _publish(services: Services, house: House, change: Change) -> None:
    draft = await services.agents.draft(house.admin, house.agent.id)
    rules = [*draft.settings.get("guardrails", []), change.guardrail]
    try:
        edited = await services.agents.edit(
            house.admin, draft.agent.id, {**draft.settings, "guardrails": rules}, revision=draft.agent.draft_revision
        )
        await services.versions.publish(
            house.admin, draft.agent.id, note=change.note, expected=edited.agent.published_version_id
        )
    except ConflictError:
        return  # Somebody works on the agent now: theirs counts.


async def _review(services: Services, house: House) -> None:
    """The most asked gaps: some answered, some dismissed, some drafted; the rest waits for whoever tries the demo."""
    done = {status: len(await services.gaps.list(house.admin, status)) for status in GapStatus}
    waiting = list(await services.gaps.list(house.admin, GapStatus.OPEN))
    share = len(waiting) // 6 + 1
    for _ in range(min(share, max(0, _APPROVED - done[GapStatus.APPROVED]), len(waiting))):
        await _try(services.review.approve(house.admin, waiting.pop(0).id, answer=_GAP_ANSWER))
    for _ in range(min(share, max(0, _DISMISSED - done[GapStatus.DISMISSED]), len(waiting))):
        await _try(services.review.dismiss(house.admin, waiting.pop().id, reason="not ours to answer"))
    for _ in range(min(share, max(0, _DRAFTED - done[GapStatus.DRAFTED]), len(waiting))):
        await _try(services.review.draft(house.staff[-1], waiting.pop(len(waiting) // 2).id, _GAP_ANSWER))


async def _try(act: Awaitable[object]) -> None:
    try:
        await act
    except (ConflictError, RefusedError):
        return  # A visitor or an admin came between.


async def limit(services: Services, house: House) -> None:
    """Set the ceiling under which the workspace has used its share; once."""
    if house.slug != LIMITED:
        return
    for meter in await services.usage.meters(house.owner):
        quota = meter.quota
        if (quota.metric, quota.period) == (Metric.TOKENS, Period.MONTH) and meter.used:
            if quota.limit.hard == quota.plan.hard:
                hard = ceil(meter.used / SHARE)
                await services.ceilings.set(
                    house.owner, Metric.TOKENS, Period.MONTH, Limit(soft=ceil(hard * 0.75), hard=hard)
                )
            return
