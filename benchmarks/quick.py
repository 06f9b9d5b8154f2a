"""Short commands timed as a shell sees them, in turn with the floor that each is promised against."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence

Commands = Mapping[str, Sequence[str]]


def in_turn(commands: Commands, env: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each command in each round; the first round, which compiles and fills caches, does not count."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, check=True)
            if number:
                taken[name].append((time.perf_counter() - started) * 1000)
    return taken


def ratio(taken: Mapping[str, Sequence[float]], ours: str, floor: str) -> float:
    """Median of the rounds' own ratios: the machine's moods hit both alike."""
    return round(statistics.median(a / b for a, b in zip(taken[ours], taken[floor], strict=True)), 2)
