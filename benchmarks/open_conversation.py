"""Enter on a row to its newest message on screen: a conversation of 10,000 messages against one of 20, in turn."""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from typing import Any

from benchmarks.common import report
from benchmarks.desk import desk, fill
from benchmarks.outside import CONSOLE, ROWS, Program, scratch_home, shown

MANY, FEW = 10_000, 20


def opened(term: Any, messages: int) -> float:
    """Milliseconds from the key to the last message."""
    term.drain(0.5)
    started = time.perf_counter()
    term.key("enter")
    seen = term.settle(started, 0.1, 5.0, re.compile(rf"Message {messages}:"))
    assert seen.hit, term.text()
    term.drain(0.5)
    term.key("esc")
    term.drain(0.5)
    return float(seen.hit - started) * 1000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    times: dict[int, list[float]] = {MANY: [], FEW: []}
    with desk(200) as seated, scratch_home() as home:
        fill(seated, 1, FEW, waiting=1, days=1)
        fill(seated, 1, MANY, waiting=1, days=2)  # has waited longest: it is the first row
        with shown(Program(CONSOLE, ROWS, seated.env), home, (90, 40)) as term:
            for _ in range(rounds + 1):
                times[MANY].append(opened(term, MANY))
                term.key("down")
                times[FEW].append(opened(term, FEW))
                term.key("up")
    many, few = (statistics.median(values[1:]) for values in times.values())
    report(ms={"10000 messages": many, "20 messages": few}, ratio=many / few, promised=1.5, load=os.getloadavg()[0])


if __name__ == "__main__":
    main()
