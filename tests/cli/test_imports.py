from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from tests.cli.terminal import COMMAND, scratch_env

HEAVY = {
    "httpx", "keyring", "numpy", "onnxruntime", "openai", "platformdirs", "psycopg", "rich", "sqlalchemy",
    "starlette", "textual", "tokenizers",
}  # fmt: skip
PROBE = """
import contextlib, io, json, sys
from console.cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    main(sys.argv[1:])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded_by(home: Path, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], env=scratch_env(home), capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["chat", "--help"], ["nonsense"], ["completion", "bash"]])
def test_help_loads_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    assert not loaded_by(tmp_path, *words) & HEAVY


def test_a_verb_loads_no_screen_no_database_no_model(tmp_path: Path) -> None:
    assert not loaded_by(tmp_path, "paths") & {"textual", "sqlalchemy", "psycopg", "openai", "onnxruntime", "httpx"}


def test_help_is_quick(tmp_path: Path) -> None:
    """Best of ten, in processor time and against a bare interpreter's: neither the machine nor its load decides."""
    bare = min(_cpu_seconds([sys.executable, "-c", ""], tmp_path) for _ in range(10))
    assert min(_cpu_seconds([*COMMAND, "--help"], tmp_path) for _ in range(10)) < 8 * bare


def _cpu_seconds(command: list[str], home: Path) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, env=scratch_env(home), stdout=subprocess.DEVNULL, check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
