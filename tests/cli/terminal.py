"""Runs the real command: piped, or in a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ptyprocess import PtyProcessUnicode  # type: ignore[import-untyped]

from tests.cli import forks

COMMAND = [sys.executable, "-m", "console"]
PATIENCE = 60.0
LONG = 180.0
_OF_THE_INTERPRETER = ("PYTHON", "LANG", "LC_", "CONSOLE_DEBUG")


def scratch_env(home: Path, **more: str) -> dict[str, str]:
    """An environment with an empty home and nothing of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    return {**kept, "HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8", **more}


def run(
    home: Path, *words: str, stdin: str | bytes = "", env: Mapping[str, str] | None = None, timeout: float = LONG
) -> subprocess.CompletedProcess[str]:
    """Run `console` with those words, not on a terminal."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    through = _interpreter if any(name.startswith(_OF_THE_INTERPRETER) for name in env or {}) else forks.call
    status, out, err = through(words, data, scratch_env(home, **(env or {})), timeout)
    return subprocess.CompletedProcess([*COMMAND, *words], status, out.decode(), err.decode())


def _interpreter(words: Sequence[str], data: bytes, env: Mapping[str, str], timeout: float) -> tuple[int, bytes, bytes]:
    done = subprocess.run([*COMMAND, *words], input=data, capture_output=True, env=env, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


class Terminal:
    """A command in a real pseudo-terminal, what it showed so far, and its exit status."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self._child = PtyProcessUnicode.spawn(command, env=env)
        self.text = ""

    def wait_for(self, *endings: str) -> str:
        """Read until what is shown ends in one of these, blanks aside; fails when the command ends first."""
        while not self.text.rstrip().endswith(endings):
            self._read()
        return self.text

    def see(self, words: str) -> None:
        """Read until these words have been shown."""
        while words not in self.text:
            self._read()

    def type(self, keys: str) -> None:
        """Press keys."""
        self._child.write(keys)

    def _read(self) -> None:
        assert select.select([self._child.fd], [], [], PATIENCE)[0], f"no more than this is shown:\n{self.text}"
        self.text += self._child.read()

    def finish(self) -> int:
        """Read to the end; returns the exit status."""
        with contextlib.suppress(EOFError):
            while True:
                self._read()
        self._child.wait()
        self._child.close()
        return int(self._child.exitstatus)
