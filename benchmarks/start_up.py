"""First frame, inbox rows on screen, and memory: the console, a bare Textual app, and harlequin on the same server.

Floor: the bare app, started in turn with the console. The server runs and the operator is signed in; bytecode is
compiled on both sides. HARLEQUIN names harlequin's command; without it, it is left out.
"""

from __future__ import annotations

import os
import sys

from benchmarks.common import report
from benchmarks.desk import desk
from benchmarks.outside import BARE, CONSOLE, ROWS, Program, in_turns, scratch_home

FIGURES = ("start.first_frame", "start.ready", "start.cpu_s", "memory.peak_rss_mb", "quit.ms")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with desk(1000) as seated, scratch_home() as home:
        programs = {"bare": Program(BARE, "READY"), "console": Program(CONSOLE, ROWS, seated.env)}
        if command := os.environ.get("HARLEQUIN"):
            programs["harlequin"] = Program([command, "-a", "postgres", seated.urls.app], "workspaces|console|public")
        found = in_turns(programs, home, rounds)
    report(
        **{name: {key: figures[key] for key in FIGURES if key in figures} for name, figures in found.items()},
        promised={"console first_frame": 1.3, "console ready": 3.0, "ready to harlequin's": 0.7, "peak_rss": 3.0},
        load=os.getloadavg()[0],
    )


if __name__ == "__main__":
    main()
