"""What `console --help` costs. Floor: a Python that does nothing, started in turn.

Bytecode is compiled on both sides. Run: python -m benchmarks.help [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from benchmarks.common import report
from benchmarks.outside import CONSOLE, scratch_home
from benchmarks.quick import in_turn, ratio


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    installed = Path(sys.executable).with_name("console")
    command = [str(installed)] if installed.exists() else CONSOLE
    commands = {
        "bare": [sys.executable, "-c", "pass"], "help": [*command, "--help"],
        "re": [sys.executable, "-c", "import re"],
    }  # fmt: skip
    with scratch_home() as env:
        taken = in_turn(commands, env, rounds)
    report(
        ms={name: round(statistics.median(values), 1) for name, values in taken.items()},
        ratio=ratio(taken, "help", "bare"),
        promised=2.0,
    )


if __name__ == "__main__":
    main()
