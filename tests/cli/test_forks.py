"""The commands of these tests are what a person runs, though no interpreter is started for each."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.cli import forks
from tests.cli.terminal import COMMAND, scratch_env

UNREACHABLE = {"DATABASE_URL": "postgresql://x:y@127.0.0.1:1/z", "CONSOLE_SESSION_TOKEN": "token"}


@pytest.mark.parametrize("words", [["--help"], ["paths"], ["nonsense"], ["conv", "list"], ["agent", "create"], []])
def test_as_by_an_interpreter(tmp_path: Path, words: list[str]) -> None:
    env = scratch_env(tmp_path, **UNREACHABLE)
    done = subprocess.run([*COMMAND, *words], input=b"", capture_output=True, env=env)
    assert forks.call(words, b"", env, 60) == (done.returncode, done.stdout, done.stderr)


def test_it_is_in_the_callers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.toml").write_text("nonsense")
    status, _, told = forks.call(["--config", "here.toml", "conv", "list"], b"", scratch_env(tmp_path), 60)
    assert (status, b"here.toml" in told) == (2, True)


def test_what_takes_too_long_is_killed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        # Nobody answers it: it is never done before its time is over.
        words = ["chat", "--key", "x", "--gateway", f"http://127.0.0.1:{mute.getsockname()[1]}"]
        with pytest.raises(TimeoutError):
            forks.call(words, b"hello\n", scratch_env(tmp_path), 0.01)
    (server,) = filter(_serves, psutil.Process().children())
    psutil.wait_procs(server.children(), timeout=60)
    assert server.children() == []
    assert forks.call(["paths"], b"", scratch_env(tmp_path), 60)[0] == os.EX_OK


def _serves(process: psutil.Process) -> bool:
    with suppress(psutil.Error):  # Children of other tests may be ending.
        return "tests.cli.forks" in process.cmdline()
    return False
