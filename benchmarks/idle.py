"""What the console costs while nothing happens, live updates on: processor seconds, bytes, memory.

Floor: a bare Textual app, in turn. The newest conversation is a day old: an age in seconds would be drawn each second.
The memory of each part is that of a Python which has imported so much and no more.
"""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.common import report
from benchmarks.desk import desk
from benchmarks.outside import BARE, CONSOLE, ROWS, Program, in_turns, scratch_home

SECONDS = 30
FIGURES = ("idle.cpu_s", "idle.bytes", "memory.peak_rss_mb", "memory.pss_mb")
PARTS = {
    "python": "pass",
    "and textual": "import textual.app, textual.widgets._static, textual.drivers.linux_driver",
    "and the console's screens": "import console.tui.starting, console.tui.screens.inbox",
    "and the driver": "import psycopg",
    "and the toolkit": "import sqlalchemy.ext.asyncio",
    "and the services": "import console.processes; console.processes._load_database(); console.processes._load_inbox()",
}


def memory_of_parts(env: dict[str, str]) -> dict[str, float]:
    """Resident megabytes after each import, all those before it included."""
    found, lines = {}, []
    for name, line in PARTS.items():
        lines.append(line)
        code = "\n".join([*lines, "print(open('/proc/self/statm').read().split()[1])"])
        done = subprocess.run([sys.executable, "-c", code], env=os.environ | env, capture_output=True, check=True)
        found[name] = round(int(done.stdout) * os.sysconf("SC_PAGESIZE") / 2**20, 1)
    return found


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    with desk(1000, days=1) as seated, scratch_home() as home:
        programs = {"bare": Program(BARE, "READY"), "console": Program(CONSOLE, ROWS, seated.env)}
        found = in_turns(programs, home, rounds, idle=SECONDS, lull=3.0)
        parts = memory_of_parts(home)
    report(
        seconds=SECONDS,
        **{name: {key: figures[key] for key in FIGURES} for name, figures in found.items()},
        megabytes=parts,
        promised={"cpu seconds in 10": 0.05, "peak_rss": 3.0},
        load=os.getloadavg()[0],
    )


if __name__ == "__main__":
    main()
