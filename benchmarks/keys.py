"""A key in the inbox: time to the changed screen, bytes written, a held key; among 1,000 and 100,000 conversations.

Floor: a bare Textual app, in turn. The list alone fills a terminal of 90x40: beside it, at 120x40, a conversation
follows the cursor once that has rested for 120 ms, so `beside` it the keys come sooner than that.
"""

from __future__ import annotations

import os
import sys

from benchmarks.common import report
from benchmarks.desk import Desk, desk, fill
from benchmarks.outside import BARE, CONSOLE, ROWS, Program, in_turns, scratch_home

KEYS, HELD = "down*50 up*50", "down*60 up*60"
FIGURES = (
    "keys.first_ms.p50", "keys.first_ms.p95", "keys.settled_ms.p95", "keys.bytes.p50", "keys.bytes.p95",
    "keys.cpu_ms_per_key", "burst.lag_ms", "burst.cpu_ms_per_key",
)  # fmt: skip


def measure(seated: Desk, home: dict[str, str], rounds: int, size: str, quiet: float = 0.08) -> dict[str, object]:
    programs = {"bare": Program(BARE, "READY"), "console": Program(CONSOLE, ROWS, seated.env)}
    found = in_turns(programs, home, rounds, size=size, keys=KEYS, burst=HELD, lull=2.0, key_quiet=quiet)
    return {name: {key: figures[key] for key in FIGURES} for name, figures in found.items()}


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with desk(1000) as seated, scratch_home() as home:
        few, beside = measure(seated, home, rounds, "90x40"), measure(seated, home, rounds, "120x40", 0.03)
        fill(seated, 99_000, 1)
        many = measure(seated, home, rounds, "90x40")
    report(
        conversations_1000=few, conversations_100000=many, beside=beside,
        promised={"p50": 2.0, "p95": 3.0, "p95 bytes": 1536, "held key lags": "one frame", "growth": 1.1},
        load=os.getloadavg()[0],
    )  # fmt: skip


if __name__ == "__main__":
    main()
