"""Runs the real command: piped, or in a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ptyprocess import PtyProcessUnicode  # type: ignore[import-untyped]

COMMAND = [sys.executable, "-m", "console"]


def scratch_env(home: Path, **more: str) -> dict[str, str]:
    """An environment with an empty home and nothing of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ}
    return {**kept, "HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8", **more}


def run(
    home: Path, *words: str, stdin: str | bytes = "", env: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run `console` with those words, not on a terminal."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        [*COMMAND, *words], input=data, capture_output=True, env=scratch_env(home, **(env or {})), timeout=timeout
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


class Terminal:
    """A command in a real pseudo-terminal, what it showed so far, and its exit status."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self._child = PtyProcessUnicode.spawn(command, env=env)
        self.text = ""

    def wait_for(self, *endings: str) -> str:
        """Read until what is shown ends in one of these, blanks aside; fails when the command ends first."""
        while not self.text.rstrip().endswith(endings):
            self.text += self._child.read()
        return self.text

    def see(self, words: str) -> None:
        """Read until these words have been shown."""
        while words not in self.text:
            self.text += self._child.read()

    def type(self, keys: str) -> None:
        """Press keys."""
        self._child.write(keys)

    def finish(self) -> int:
        """Read to the end; returns the exit status."""
        with contextlib.suppress(EOFError):
            while True:
                self.text += self._child.read()
        self._child.wait()
        self._child.close()
        return int(self._child.exitstatus)
