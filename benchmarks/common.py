"""What the benchmarks share: a scratch server, and ratios of interleaved timings."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import migrate

Timed = Callable[[], Awaitable[object]]


@contextmanager
def scratch_server() -> Iterator[ServerUrls]:
    """A migrated embedded server in a temporary directory."""
    with tempfile.TemporaryDirectory(prefix="console-bench-") as folder, EmbeddedServer(Path(folder)) as urls:
        migrate(urls.owner)
        yield urls


async def interleaved(rounds: int, **timed: Timed) -> dict[str, float]:
    """Median milliseconds of each, run turn by turn so that the machine's moods hit all alike."""
    samples: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(rounds):
        for name, act in timed.items():
            started = time.perf_counter()
            await act()
            samples[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(values) for name, values in samples.items()}


def report(**figures: object) -> None:
    """Print the result as one JSON object."""
    print(json.dumps(figures, indent=2))
