"""What `console quota check` costs a script. Floor: a Python that imports the driver and does nothing, in turn.

The server runs, somebody is signed in, and bytecode is compiled on both sides. Run: python -m benchmarks.quota_check
[ROUNDS]
"""

from __future__ import annotations

import statistics
import sys

from benchmarks.common import report
from benchmarks.desk import desk
from benchmarks.outside import CONSOLE, scratch_home
from benchmarks.quick import in_turn, ratio


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    commands = {
        "driver": [sys.executable, "-c", "import psycopg"],
        "check": [*CONSOLE, "quota", "check", "--fail-over", "90", "--json"],
        "usage": [*CONSOLE, "usage", "--json"],
    }  # fmt: skip
    with desk(1000) as seated, scratch_home() as home:
        taken = in_turn(commands, {**home, **seated.env}, rounds)
    report(
        ms={name: round(statistics.median(values), 1) for name, values in taken.items()},
        ratio=ratio(taken, "check", "driver"),
        promised=3.0,
    )


if __name__ == "__main__":
    main()
