"""`console gateway` and `console chat` as processes of their own."""

from __future__ import annotations

import asyncio
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
from console.db.engine import Database
from console.db.notify import Notifier
from console.domain.keys import public_key
from console.ids import ConversationId
from console.services.messages import Messages
from console.services.presence import Presence
from console.services.takeover import Takeover
from tests.cli.terminal import Terminal
from tests.world import World

CONSOLE = [sys.executable, "-m", "console"]


def _environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "CONSOLE_"))}
    return kept | {"HOME": str(home), "CONSOLE_DATA_DIR": str(home / "data")} | more


@contextmanager
def _gateway(home: Path, url: str, **more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [*CONSOLE, "gateway", "--port", "0", "--json"],
        env=_environment(home, DATABASE_GATEWAY_URL=url, **more),
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
        chat = _run(tmp_path, "chat", "--gateway", address, "--key", key, "--timeout", "4", "--json", given=said)
        assert chat.returncode == 1, chat.stderr
        assert chat.stderr.count("no answer within 4 s") == 2
        started, *messages = [json.loads(line) for line in chat.stdout.splitlines()]
        assert [(m["seq"], m["role"], m["content"]) for m in messages] == [
            (seq, "user", text) for seq, text in enumerate(said.splitlines(), 1)
        ]
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
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


def test_no_token_and_no_word_of_a_visitor_is_ever_logged(tmp_path: Path, urls: ServerUrls, world: World) -> None:
    key = public_key(world.workspace_id, world.agent_id.hex)
    with _gateway(tmp_path, urls.gateway, CONSOLE_LOG_LEVEL="debug") as (address, process):
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            begun = client.post(f"/v1/agents/{key}/conversations", json={"name": "Planted"}).json()
            assert not [value for value in begun.values() if "/" in value]
            token = begun["visitor_token"]
            base = f"/v1/conversations/{begun['conversation_id']}"
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
            given = {"token": token, "access_token": token, "authorization": f"Bearer {token}"}
            replies = [
                client.get(f"{base}/messages", params=given),
                client.get(f"{base}/events", params=given),
                client.get(f"{base}/messages", params={"after": token}, headers=headers),
                client.post(f"{base}/messages", json={"content": "planted words"}, headers=headers),
                client.post(f"{base}/messages", json={"content": "planted other words"}, headers=headers),
                client.get(f"/v1/conversations/{token}/messages", headers=headers),
                client.get(f"/v1/agents/{token}/conversations", headers={"Origin": token}),
                client.post(f"/v1/agents/{token}/conversations", headers={"X-Forwarded-For": token}),
            ]
            assert [reply.status_code for reply in replies] == [401, 401, 400, 201, 409, 404, 405, 404]
            assert not [reply for reply in replies if token in reply.text or token in str(reply.headers)]
            with psycopg.connect(urls.superuser, autocommit=True) as superuser:
                superuser.execute("ALTER TABLE messages RENAME TO hidden")
                broken = client.post(f"{base}/messages", json={"content": "planted words"}, headers=headers)
                superuser.execute("ALTER TABLE hidden RENAME TO messages")
            assert broken.status_code == 500
            with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as raw:
                raw.sendall(f"GET {base} {token}\r\n\r\n".encode())
                assert raw.recv(1000).startswith(b"HTTP/1.1 400")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    log = "".join(file.read_text() for file in tmp_path.rglob("*.log*")) + out + err
    assert broken.json()["error"]["message"].rpartition(" ")[2].rstrip(")") in log
    assert not [word for word in (token[3:], token[-43:], "lanted", key[3:], "/v1/") if word in log]


async def test_a_chat_tells_who_speaks_and_who_types(
    tmp_path: Path, db: Database, urls: ServerUrls, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.services.presence.TYPING_SECONDS", 600)
    key = public_key(world.workspace_id, world.agent_id.hex)
    with _gateway(tmp_path, urls.gateway) as (address, _):
        words = [*CONSOLE, "chat", "--gateway", address, "--key", key]
        terminal = Terminal(words, _environment(tmp_path, TERM="xterm"))

        async def shown(text: str) -> None:
            await asyncio.to_thread(terminal.see, text)

        async with Notifier(db, urls.app):
            await shown("ctrl+d ends.\r\n")
            terminal.type("is anybody there?\n")
            await shown("the assistant is typing\r\n")
            async with db.read(world.workspace_id) as tx:
                id = ConversationId(await tx.scalar("SELECT id FROM conversations WHERE workspace_id = :ws"))
            claim = await Takeover(db).claim(world.member, id)
            await shown("a person has joined\r\n")
            await Presence(db).here(world.member, id, typing=True)
            await shown("a person is typing\r\n")
            await Messages(db).send(world.member, id, "I am", token="t", epoch=claim.epoch)
            await shown("person: I am\r\n")
            terminal.type("good")
            async with asyncio.timeout(60):
                while not [seen for seen in await Presence(db).around(world.member, [id]) if seen.user_id is None]:
                    await asyncio.sleep(0.05)
            await Takeover(db).release(world.member, id, epoch=claim.epoch)
            await shown("waiting for a person\r\n")
        terminal.type("\x03")
        assert await asyncio.to_thread(terminal.finish) == 130


def test_a_chat_without_a_gateway_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    chat = _run(tmp_path, "chat", "--gateway", address, "--key", "pk_x", given="hello\n")
    assert (chat.returncode, chat.stdout) == (3, "")
    assert "no reply from the gateway" in chat.stderr


def test_a_chat_with_a_wrong_key_says_so(tmp_path: Path, urls: ServerUrls) -> None:
    with _gateway(tmp_path, urls.gateway) as (address, _):
        chat = _run(tmp_path, "chat", "--gateway", address, "--key", "pk_x", given="hello\n")
        assert httpx.get(f"{address}/readyz", trust_env=False, timeout=60).json() == {"ready": True}
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
