from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from console.editor import edit
from console.errors import InvalidInputError, RefusedError, UsageError
from tests.cli.terminal import Terminal, scratch_env


def in_terminal(home: Path, code: str, typed: str) -> str:
    """What a real terminal shows of `code`, whose prompt ends in a colon or a bracket, when `typed` is typed."""
    program = f"from console.cli.prompt import *; {code}"
    terminal = Terminal([sys.executable, "-c", program], scratch_env(home))
    terminal.wait_for(":", "]")
    terminal.type(typed)
    terminal.finish()
    return terminal.text


def test_ask(tmp_path: Path) -> None:
    assert "<acme>" in in_terminal(tmp_path, "print('<'+ask('Slug', instead='--slug')+'>')", " acme \n")


def test_enter_takes_the_default(tmp_path: Path) -> None:
    shown = in_terminal(tmp_path, "print('<'+ask('Slug', 'x1', instead='--slug')+'>')", "\n")
    assert "Slug [x1]:" in shown
    assert "<x1>" in shown


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    shown = in_terminal(tmp_path, "print(len(ask_secret('Password', instead='X')))", "hunter2\n")
    assert "hunter2" not in shown
    assert shown.rstrip().endswith("7")


@pytest.mark.parametrize(("typed", "result"), [("y\n", True), ("\n", False), ("what\nYES\n", True), ("n\n", False)])
def test_confirm(tmp_path: Path, typed: str, result: bool) -> None:
    assert f"<{result}>" in in_terminal(tmp_path, "print(f\"<{confirm('Sure?')}>\")", typed)


def test_ctrl_d_ends(tmp_path: Path) -> None:
    assert "RefusedError" in in_terminal(tmp_path, "ask('Slug', instead='--slug')", "\x04")


@pytest.mark.parametrize("call", ["ask('Slug', instead='x')", "ask_secret('Password', instead='x')"])
def test_one_ctrl_c_ends_a_prompt_inside_an_event_loop(tmp_path: Path, call: str) -> None:
    code = f"""
import asyncio, sys
from console.cli.prompt import *
async def main(): print({call})
try: asyncio.run(main())
except KeyboardInterrupt: sys.exit(130)
"""
    terminal = Terminal([sys.executable, "-c", code], scratch_env(tmp_path))
    terminal.wait_for(":")
    terminal.type("\x03")
    assert terminal.finish() == 130
    assert terminal.text.endswith("\n")
    assert "Traceback" not in terminal.text


def test_the_question_is_talk_not_data(tmp_path: Path) -> None:
    code = (
        f"{sys.executable} -c \"from console.cli.prompt import ask; print(ask('Slug', instead='x'))\" > {tmp_path}/out"
    )
    terminal = Terminal(["bash", "-c", code], scratch_env(tmp_path))
    terminal.wait_for("Slug:")
    terminal.type("acme\n")
    terminal.finish()
    assert (tmp_path / "out").read_text() == "acme\n"


def test_without_a_terminal_the_option_is_named(tmp_path: Path) -> None:
    for call in (
        "ask('Slug', instead='--slug or CONSOLE_X')",
        "ask_secret('P', instead='--slug or CONSOLE_X')",
        "confirm('S', instead='--slug or CONSOLE_X')",
    ):
        code = f"from console.cli.prompt import *; {call}"
        done = subprocess.run([sys.executable, "-c", code], input="y\n", capture_output=True, text=True)
        assert "UsageError: no terminal to ask on" in done.stderr
        assert done.stdout == ""


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    script = tmp_path / "my editor"
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"'{script}' --wait")
    return script


def write(script: Path, body: str) -> None:
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)


def test_edit_gives_back_what_was_saved(editor: Path, tmp_path: Path) -> None:
    write(editor, f'stat -c "%a %n" "$2" > "{tmp_path}/seen"; echo "b = 2" >> "$2"')
    assert edit("a = 1\n", ".toml") == "a = 1\nb = 2\n"
    mode, name = (tmp_path / "seen").read_text().split()
    assert mode == "600"
    assert name.endswith(".toml")
    assert not Path(name).exists()


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        ("exit 3", RefusedError, "status 3, nothing was changed"),
        ('rm "$2"', RefusedError, "removed the file"),
        ('printf "\\377" > "$2"', InvalidInputError, "not UTF-8"),
        ("kill -9 $$", RefusedError, "nothing was changed"),
    ],
)
def test_an_editor_that_fails_changes_nothing(editor: Path, body: str, error: type[Exception], says: str) -> None:
    write(editor, body)
    with pytest.raises(error, match=says):
        edit("x")


@pytest.mark.parametrize("command", ["", "/nonexistent/editor", "vi 'unclosed"])
def test_no_editor_is_told(editor: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("EDITOR", command)
    monkeypatch.setenv("PATH", str(editor.parent))
    with pytest.raises(UsageError) as caught:
        edit("x")
    assert caught.value.hint == "export EDITOR=nano"


def test_without_a_chosen_editor_a_usual_one_opens(editor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDITOR")
    monkeypatch.setenv("PATH", f"{editor.parent}:/usr/bin:/bin")
    write(editor.parent / "editor", 'echo "b = 2" >> "$1"')
    assert edit("a = 1\n") == "a = 1\nb = 2\n"
