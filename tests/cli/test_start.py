from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import COMMAND, Terminal, scratch_env

ALT_SCREEN_OFF = "\x1b[?1049l"
CALL_SECONDS = 30.0


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes calls and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(CALL_SECONDS)
        yield server


def starting(home: Path, port: int) -> Terminal:
    url = f"postgresql://console:secret@127.0.0.1:{port}/console"
    return Terminal(COMMAND, scratch_env(home, DATABASE_URL=url, CONSOLE_SESSION_TOKEN="token"))


def test_a_server_that_is_not_there_is_one_line_after_the_frame(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # Nobody else takes the port meanwhile.
        terminal = starting(tmp_path, deaf.getsockname()[1])
        assert terminal.finish() == 3
    shown, told = terminal.text.rsplit(ALT_SCREEN_OFF, 1)
    assert "connecting" in shown
    why, hint = told.splitlines()[-2:]
    assert "console: error: the database can't be reached" in why
    assert hint.startswith("  try: ")
    assert "Traceback" not in told


def test_a_server_that_says_nothing_does_not_keep_the_operator(tmp_path: Path, silent: socket.socket) -> None:
    terminal = starting(tmp_path, silent.getsockname()[1])
    terminal.see("connecting")
    with silent.accept()[0]:  # The call is under way.
        terminal.type("q")
        assert terminal.finish() == 0
    assert "console:" not in terminal.text.rsplit(ALT_SCREEN_OFF, 1)[1]  # Nothing of a call that failed.
