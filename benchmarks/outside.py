"""Programs timed from outside, in a pseudo-terminal, by the tool that TUIBENCH names (a path to tuibench.py)."""

from __future__ import annotations

import importlib.util
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROWS = "where is my parcel"
BARE = [sys.executable, str(Path(__file__).with_name("bare_app.py"))]
CONSOLE = [sys.executable, "-m", "console"]


def tool() -> Any:
    """The timing tool as a module."""
    path = os.environ.get("TUIBENCH")
    if not path:
        sys.exit("TUIBENCH must name tuibench.py")
    spec = importlib.util.spec_from_file_location("tuibench", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["tuibench"] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class Program:
    """A program, the text that says it is ready, and what it needs in its environment."""

    argv: list[str]
    ready: str
    env: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def scratch_home() -> Iterator[dict[str, str]]:
    """An environment with an empty home and compiled bytecode: the first start of each program fills it."""
    with tempfile.TemporaryDirectory(prefix="console-bench-") as home:
        yield {
            "HOME": home, "CONSOLE_DATA_DIR": f"{home}/data", "XDG_CONFIG_HOME": f"{home}/config",
            "PYTHONPYCACHEPREFIX": f"{home}/bytecode", "PYTHONDONTWRITEBYTECODE": "",
        }  # fmt: skip


@contextmanager
def shown(program: Program, env: Mapping[str, str], size: tuple[int, int] = (120, 40)) -> Iterator[Any]:
    """The program in a terminal, ready and at rest."""
    term = tool().Term(program.argv, *size, {**env, **program.env})
    try:
        begun = term.settle(term.t0, 0.5, 30.0, re.compile(program.ready))
        assert begun.hit, term.text()
        term.drain(1.5)
        yield term
    finally:
        term.quit(["ctrl+q"])


def in_turns(programs: Mapping[str, Program], env: Mapping[str, str], rounds: int, **wanted: object) -> dict[str, Any]:
    """Each program once a round, after one start that does not count; medians, and ratios to the first of them."""
    measure, results = tool().measure, {name: [] for name in programs}  # type: ignore[var-annotated]
    for number in range(rounds + 1):
        for name, program in programs.items():
            spec = {"argv": program.argv, "wait_for": program.ready, "env": {**env, **program.env}, "quit": "ctrl+q"}
            figures = measure(spec | (wanted if number else {}))
            assert figures["ok"], figures
            if number:
                results[name].append(tool().flat(figures))
    base = next(iter(programs))
    return {
        name: {key: {"median": _median([one.get(key) for one in rounds_of]),
                     "ratio": _median([_ratio(one.get(key), floor.get(key))
                                       for one, floor in zip(rounds_of, results[base], strict=True)])}
               for key in rounds_of[0]}
        for name, rounds_of in results.items()
    }  # fmt: skip


def _ratio(value: float | None, floor: float | None) -> float | None:
    return value / floor if value is not None and floor else None


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 3) if known else None
