"""`console gateway` and `console chat` as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from console.db.embedded.urls import ServerUrls
from console.domain.keys import public_key
from tests.world import World

CONSOLE = [sys.executable, "-m", "console"]


def _environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "CONSOLE_"))}
    return kept | {"HOME": str(home), "CONSOLE_DATA_DIR": str(home / "data")} | more


@contextmanager
def _gateway(home: Path, url: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [*CONSOLE, "gateway", "--port", "0", "--json"],
        env=_environment(home, DATABASE_GATEWAY_URL=url),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        yield json.loads(line)["gateway_url"], process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _run(home: Path, *words: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CONSOLE, *words],
        env=_environment(home, **environment),
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )


def _logged(home: Path) -> str:
    (file,) = home.rglob("console.log")
    return file.read_text()


async def test_a_piped_chat_is_stored_and_the_gateway_ends_at_sigterm(
    tmp_path: Path, urls: ServerUrls, world: World
) -> None:
    key = public_key(world.workspace_id, world.agent_id.hex)
    with _gateway(tmp_path, urls.gateway) as (address, process):
        said = "what is your return policy?\n\u001b]52;c;aGk=\u0007 and [/\n"
        chat = _run(tmp_path, "chat", "--gateway", address, "--key", key, "--timeout", "0.5", "--json", given=said)
        assert chat.returncode == 1, chat.stderr
        assert chat.stderr.count("no answer within 0.5 s") == 2
        started, *messages = [json.loads(line) for line in chat.stdout.splitlines()]
        assert [(m["seq"], m["role"], m["content"]) for m in messages] == [
            (seq, "user", text) for seq, text in enumerate(said.splitlines(), 1)
        ]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert err == f"the gateway listens on {address}\n"
    with psycopg.connect(urls.superuser) as superuser:
        rows = superuser.execute(
            "SELECT content FROM messages WHERE conversation_id = %s ORDER BY seq", [started["conversation_id"]]
        ).fetchall()
        jobs = superuser.execute(
            "SELECT count(*) FROM jobs.procrastinate_jobs WHERE lock = %s", [started["conversation_id"]]
        ).fetchone()
    assert [content for (content,) in rows] == said.splitlines()
    assert jobs == (1,)
    log = _logged(tmp_path)
    assert not [word for word in ("return policy", "vt_", key) if word in log]


def test_a_chat_without_a_gateway_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    chat = _run(tmp_path, "chat", "--gateway", address, "--key", "pk_x", given="hello\n")
    assert (chat.returncode, chat.stdout) == (3, "")
    assert "no reply from the gateway" in chat.stderr


def test_a_chat_with_a_wrong_key_says_so(tmp_path: Path, urls: ServerUrls) -> None:
    with _gateway(tmp_path, urls.gateway) as (address, _):
        chat = _run(tmp_path, "chat", "--gateway", address, "--key", "pk_x", given="hello\n")
        assert httpx.get(f"{address}/readyz", trust_env=False).json() == {"ready": True}
    assert (chat.returncode, chat.stdout) == (5, "")
    assert "there is no such agent" in chat.stderr


@pytest.mark.parametrize(
    ("environment", "words", "code", "line"),
    [
        ({"DATABASE_URL": "{app}"}, [], 2, "own login is not known"),
        ({"DATABASE_GATEWAY_URL": "{app}"}, [], 1, "may do all that the console may"),
        ({"DATABASE_GATEWAY_URL": "{superuser}"}, [], 1, "is a superuser"),
        ({"DATABASE_GATEWAY_URL": "postgresql://x:hidden@127.0.0.1:1/x"}, [], 3, "can't be reached"),
        ({"DATABASE_GATEWAY_URL": "{gateway}"}, ["--port", "70000"], 2, "70000 is no port"),
        ({"DATABASE_GATEWAY_URL": "{gateway}"}, ["--port", "x"], 2, "invalid int value"),
        ({"DATABASE_GATEWAY_URL": "{gateway}"}, ["--host", "no.such.host.invalid"], 1, "can't listen on"),
    ],
)
def test_a_gateway_that_can_not_serve_says_why(
    tmp_path: Path, urls: ServerUrls, environment: dict[str, str], words: list[str], code: int, line: str
) -> None:
    known = {"app": urls.app, "gateway": urls.gateway, "superuser": urls.superuser}
    filled = {name: value.format(**known) for name, value in environment.items()}
    refused = _run(tmp_path, "gateway", *words, **filled)
    assert (refused.returncode, refused.stdout) == (code, ""), refused.stderr
    assert line in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "hidden" not in refused.stderr
