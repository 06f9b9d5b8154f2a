"""What happened in the demo's past: who came on which day, asked what, and how it ended; the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random

from console.demo.visitors import MIX, VisitorScript, scripts
from console.domain.feedback import Rating

DAYS = 30
"""How long the past is."""
FEWEST, MOST = 15, 21
"""Visitors a day and workspace; fewer at weekends, a few more each week."""

_SATURDAY = 5
_UNRESOLVED_DAYS = 2


@dataclass(frozen=True, slots=True)
class Story:
    """One visitor: `key` is their visitor id, the same in every run.

    `waited` passes before a person takes what the AI handed over; `resolves` tells whether somebody closes it.
    """

    key: str
    at: datetime
    script: VisitorScript
    opinion: Rating | None
    leaves_address: bool
    waited: timedelta
    resolves: bool
    chance: float


def stories(slug: str, day: int, begins: datetime, *, seed: int) -> tuple[Story, ...]:
    """Everybody who came to a workspace on a day of its past, the first one first. `begins` is when that past does."""
    random = Random(f"{seed}/{slug}/{day}")  # noqa: S311
    date = begins + timedelta(days=day)
    quiet = date.weekday() >= _SATURDAY
    count = FEWEST if quiet else random.randint(FEWEST + 1, MOST) + day // 7
    found = [_story(slug, f"past-{seed}-{day}-{number}", date, day, random) for number in range(count)]
    return tuple(sorted(found, key=lambda story: story.at))


def _story(slug: str, key: str, date: datetime, day: int, random: Random) -> Story:
    kind = random.choices([kind for kind, _ in MIX], [count for _, count in MIX])[0]
    script = random.choice(_of_kind(slug)[kind])
    opinion = random.choices([None, Rating.UP, Rating.DOWN], [76, 15, 9])[0] if kind == "answerable" else None
    return Story(
        key=key,
        at=date + timedelta(minutes=random.triangular(0, 24 * 60 - 90, 13 * 60)),
        script=script,
        opinion=opinion,
        leaves_address=script.email is not None and random.random() < 0.08,
        waited=timedelta(minutes=random.triangular(1, 40, 4)),
        resolves=day < DAYS - _UNRESOLVED_DAYS or random.random() < 0.7,
        chance=random.random(),
    )


@cache
def _of_kind(slug: str) -> dict[str, list[VisitorScript]]:
    return {kind: [script for script in scripts(slug) if script.kind == kind] for kind, _ in MIX}
