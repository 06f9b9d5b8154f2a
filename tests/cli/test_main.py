from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from console.cli.nouns import NOUNS
from console.cli.parser import build
from tests.cli.terminal import COMMAND, Terminal, run, scratch_env

RAISING = """
import sys
from console import errors
from console.cli import parser
from console.cli.main import main

def handler(call):
    raise {error}

def register(noun):
    noun.handled_by(handler)

from console.cli import paths
paths.register = register
sys.exit(main(["paths"]))
"""


def raising(home: Path, error: str, **env: str) -> subprocess.CompletedProcess[str]:
    code = RAISING.format(error=error)
    return subprocess.run(
        [sys.executable, "-c", code], env=scratch_env(home, **env), capture_output=True, text=True, timeout=60
    )


def test_help_shows_examples_before_options(tmp_path: Path) -> None:
    text = run(tmp_path, "--help").stdout
    assert 0 < text.index("examples:") < text.index("usage:") < text.index("options:")
    for noun in ("chat", "paths", "completion"):
        assert f"  {noun} " in text


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        (["pats"], "console has no 'pats'", "console paths"),
        (["\x1b]0;x\x07"], "console has no", "console --help"),
        (["paths", "--nope"], "unrecognized arguments: --nope", "--help"),
        (["paths", "--js"], "unrecognized arguments: --js", "--help"),
        (["completion", "tcsh"], "invalid choice: 'tcsh'", "console completion --help"),
        (["chat"], "whom to talk to is not said", "console chat --agent SLUG"),
        (["paths", "--config", "/nonexistent.toml"], "no such config file", "console paths"),
    ],
)
def test_a_wrong_call_is_two_lines_and_exit_2(tmp_path: Path, words: list[str], says: str, hint: str) -> None:
    done = run(tmp_path, *words)
    first, second = done.stderr.splitlines()
    assert first.startswith("console: error: ")
    assert says in first
    assert second.startswith("  try: ")
    assert hint in second
    assert (done.returncode, done.stdout) == (2, "")
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("words", [["--json", "paths"], ["paths", "--json"]])
def test_shared_options_go_before_or_after_the_noun(tmp_path: Path, words: list[str]) -> None:
    done = run(tmp_path, *words, env={"CONSOLE_DATA_DIR": str(tmp_path / "d")})
    found = json.loads(done.stdout)
    assert found["data"] == str(tmp_path / "d")
    assert set(found) >= {"config", "data", "state", "log", "token"}
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("errors.RefusedError('why\\n\\x1b[31mred', hint='next')", 1),
        ("errors.ConnectionFailedError()", 3),
        ("errors.NotSignedInError()", 4),
        ("errors.ConflictError()", 5),
        ("errors.OverQuotaError()", 6),
        ("KeyboardInterrupt()", 130),
    ],
)
def test_each_error_has_its_exit_code(tmp_path: Path, error: str, code: int) -> None:
    done = raising(tmp_path, error)
    assert done.returncode == code
    assert "\x1b" not in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_the_unexpected_is_an_incident_not_a_traceback(tmp_path: Path) -> None:
    done = raising(tmp_path, "ValueError('bad: \\'the secret words\\'')")
    first, second = done.stderr.splitlines()
    log = tmp_path / ".local/state/operator-console/console.log"
    line = json.loads(log.read_text())
    assert line["incident"] in first
    assert str(log) in second
    assert "secret words" not in done.stderr + log.read_text()
    assert done.returncode == 1


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    assert "Traceback" in raising(tmp_path, "ValueError('x')", CONSOLE_DEBUG="1").stderr


def test_a_home_that_can_not_be_written_still_works(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    assert run(tmp_path / "home", "paths").returncode == 0


@pytest.mark.parametrize("env", [{}, {"TERM": "dumb"}])
def test_without_a_terminal_the_console_refuses(tmp_path: Path, env: dict[str, str]) -> None:
    done = run(tmp_path, env=env)
    assert done.returncode == 2
    assert "this is not a terminal" in done.stderr
    assert "console conv list" in done.stderr


def test_on_a_dumb_terminal_too(tmp_path: Path) -> None:
    terminal = Terminal(COMMAND, scratch_env(tmp_path, TERM="dumb"))
    assert terminal.finish() == 2
    assert "TERM is dumb" in terminal.text
    assert "console conv list" in terminal.text


@pytest.mark.parametrize("words", [["paths"], ["completion", "bash"], ["--help"], ["conv", "--help"]])
def test_a_reader_that_leaves_is_quiet(tmp_path: Path, words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, *words], env=scratch_env(tmp_path), stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    shell = f"{' '.join(COMMAND)} paths > /dev/full"
    done = subprocess.run(["bash", "-c", shell], env=scratch_env(tmp_path), capture_output=True, text=True)
    assert done.returncode == 1
    assert "can't be written: No space left" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_closed_streams_are_no_crash(tmp_path: Path) -> None:
    shell = f"{' '.join(COMMAND)} paths >&- 2>&-"
    assert subprocess.run(["bash", "-c", shell], env=scratch_env(tmp_path)).returncode == 0


def test_an_ascii_stream_gets_escapes(tmp_path: Path) -> None:
    done = run(tmp_path, "paths", env={"CONSOLE_DATA_DIR": str(tmp_path / "dä"), "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "d\\xe4" in done.stdout


def test_ctrl_c_is_130(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        words = [*COMMAND, "chat", "--key", "x", "--gateway", address]
        with subprocess.Popen(words, env=scratch_env(tmp_path), stderr=subprocess.PIPE) as child:
            connection, _ = mute.accept()
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=60)
            connection.close()
    assert (child.returncode, err) == (130, b"")


def test_bash_completion(tmp_path: Path) -> None:
    script = tmp_path / "c.bash"
    script.write_text(run(tmp_path, "completion", "bash").stdout)
    ask = 'source "$1"; shift; COMP_WORDS=(console $1 "$2"); COMP_CWORD=$((${#COMP_WORDS[@]}-1))'
    ask += '; _console; echo "${COMPREPLY[@]}"'

    def complete(before: str, word: str) -> str:
        done = subprocess.run(["bash", "-c", ask, "-", str(script), before, word], capture_output=True, text=True)
        assert not done.stderr
        return done.stdout.strip()

    assert complete("", "pa") == "paths"
    assert complete("completion", "").split()[:3] == ["bash", "zsh", "fish"]
    assert complete("chat", "--ag") == "--agent"
    assert complete("--json paths", "--js") == "--json"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_completions_know_every_command(tmp_path: Path, shell: str) -> None:
    text = run(tmp_path, "completion", shell).stdout
    assert all(f"/{noun}" in text for noun in ("chat", "paths", "completion"))


def test_the_help_names_each_option_and_noun_that_there_is(tmp_path: Path) -> None:
    text, tree = run(tmp_path, "--help").stdout, build(only="")
    assert text == tree.format_help() == run(tmp_path, "-h").stdout
    options = {word for word in text.partition("options:")[2].partition("Begin:")[0].split() if word.startswith("--")}
    assert options == set(tree.words())
    assert [line.split()[0] for line in text.splitlines() if line.startswith("  ")][-len(NOUNS) :] == [
        noun.name for area in dict.fromkeys(noun.area for noun in NOUNS) for noun in NOUNS if noun.area == area
    ]


@pytest.mark.parametrize("closed", ["--help", "paths"])
def test_help_for_a_reader_who_left_is_no_traceback(tmp_path: Path, closed: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, closed], env=scratch_env(tmp_path), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, "Traceback" in done.stderr, "can't be written" in done.stderr) == (1, False, True)
