"""A real gateway of the agreed protocol on loopback, and `console chat` as a visitor of it."""

from __future__ import annotations

import asyncio
import json
import shlex
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.cli.terminal import COMMAND, Terminal, run, scratch_env

EVIL = "yes\x1b]52;c;x\x07\u202e\nline two"


@dataclass
class Gateway:
    """Answers every message with its words in capitals, and remembers what it was sent."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    seqs: dict[str, int] = field(default_factory=dict)
    fail_next: int = 0
    mute: bool = False
    closed: bool = False
    cut: int = 0
    busy: int = 0
    streams: int = 0
    typed: int = 0
    kept: list[dict[str, Any]] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def start(self, request: Request) -> Response:
        if request.path_params["key"] != "pk":
            return JSONResponse({"error": "no such agent"}, 404)
        return JSONResponse({"conversation_id": "c1", "visitor_token": "vt"})

    async def send(self, request: Request) -> Response:
        if self.busy:
            self.busy -= 1
            return JSONResponse({"error": {"message": "too many messages"}}, 429, {"Retry-After": "1"})
        key, content = request.headers["Idempotency-Key"], (await request.json())["content"]
        self.keys.append(key)
        if key not in self.seqs:
            if len(content) > 100:
                return JSONResponse({"error": {"message": "too long"}}, 413)
            self.seqs[key] = self._add("user", content)
            if not self.mute:
                self._add("assistant", EVIL if content == "evil" else content.upper())
        if self.fail_next:  # stored, but the reply is lost
            self.fail_next -= 1
            return Response("down", 503)
        return JSONResponse({"seq": self.seqs[key]})

    async def read(self, request: Request) -> Response:
        if request.headers.get("Authorization") != "Bearer vt" or self.closed:
            return JSONResponse({"error": "not found"}, 404)
        after = int(request.query_params["after"])
        return JSONResponse({"messages": [message for message in self.messages if message["seq"] > after]})

    async def events(self, request: Request) -> Response:
        if request.headers.get("Authorization") != "Bearer vt" or self.closed:
            return JSONResponse({"error": "not found"}, 404)
        self.streams += 1
        return StreamingResponse(self._happening(int(request.headers["Last-Event-ID"])), media_type="text/event-stream")

    async def _happening(self, seq: int) -> AsyncIterator[str]:
        told, cut = len(self.told) if self.streams > 1 else 0, self.cut
        yield "retry: 2000\n\n"
        while True:
            fresh = self.messages[seq:]
            if self.closed or cut != self.cut:  # What was said after the cut is not among them.
                return
            for message in fresh:
                seq = message["seq"]
                yield f"id: {seq}\nevent: message\ndata: {json.dumps(message)}\n\n"
            for kind, said in self.told[told:]:
                told += 1
                yield f"event: {kind}\ndata: {json.dumps(said)}\n\n"
            yield ": still here\n\n"
            await asyncio.sleep(0.02)

    async def typing(self, request: Request) -> Response:
        self.typed += request.headers.get("Authorization") == "Bearer vt"
        return Response(status_code=204)

    async def keep(self, request: Request) -> Response:
        self.kept.append(await request.json())
        return JSONResponse({}) if "@" in self.kept[-1].get("email", "@") else JSONResponse({}, 422)

    def _add(self, role: str, content: str) -> int:
        cited = [{"uri": "https://acme.test/r", "title": "Returns"}] if role == "assistant" else []
        self.messages.append({"seq": len(self.messages) + 1, "role": role, "content": content, "citations": cited})
        return len(self.messages)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    found = Gateway()
    path = "/v1/conversations/{id}/messages"
    routes = [
        Route("/v1/agents/{key}/conversations", found.start, methods=["POST"]),
        Route(path, found.send, methods=["POST"]),
        Route(path, found.read),
        Route("/v1/conversations/{id}/events", found.events),
        Route("/v1/conversations/{id}/typing", found.typing, methods=["POST"]),
        Route("/v1/conversations/{id}/feedback", found.keep, methods=["POST"]),
        Route("/v1/conversations/{id}/lead", found.keep, methods=["POST"]),
    ]
    listener = socket.create_server(("127.0.0.1", 0))
    found.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off"))
    thread = Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    yield found
    server.should_exit = True
    thread.join(10)
    listener.close()


def chat(gateway: Gateway, home: Path, stdin: str, *words: str, key: str = "pk") -> tuple[int, str, str]:
    done = run(home, "chat", "--gateway", gateway.url, "--key", key, *words, stdin=stdin)
    return done.returncode, done.stdout, done.stderr


def test_piped_each_line_gets_its_answer(gateway: Gateway, tmp_path: Path) -> None:
    code, out, err = chat(gateway, tmp_path, "hello\n\nbye")
    assert out.splitlines() == [
        "assistant: HELLO",
        "  [1] Returns  https://acme.test/r",
        "assistant: BYE",
        "  [1] Returns  https://acme.test/r",
    ]
    assert (code, err) == (0, "")


def test_a_thumb_and_an_address(gateway: Gateway, tmp_path: Path) -> None:
    code, _, err = chat(gateway, tmp_path, "hello\n/up\n/down not true\n/lead vic@example.test\n/else")
    assert (code, err) == (0, "thank you\n" * 3)
    assert gateway.kept == [
        {"seq": 2, "rating": "up", "comment": ""},
        {"seq": 2, "rating": "down", "comment": "not true"},
        {"email": "vic@example.test"},
    ]
    assert [m["content"] for m in gateway.messages if m["role"] == "user"] == ["hello", "/else"]


@pytest.mark.parametrize(("line", "says"), [("/up", "no answer yet"), ("/lead vic", "422")])
def test_what_can_not_be_rated_or_kept(gateway: Gateway, tmp_path: Path, line: str, says: str) -> None:
    code, out, err = chat(gateway, tmp_path, line)
    assert (code, out) == (1, "")
    assert says in err


def test_json_is_lines_that_keep_the_fields(gateway: Gateway, tmp_path: Path) -> None:
    code, out, _ = chat(gateway, tmp_path, "hello", "--json")
    first, mine, answer = [json.loads(line) for line in out.splitlines()]
    assert first == {"conversation_id": "c1"}
    assert (mine["role"], answer["role"], answer["content"], code) == ("user", "assistant", "HELLO", 0)


def test_answers_are_made_safe(gateway: Gateway, tmp_path: Path) -> None:
    _, out, _ = chat(gateway, tmp_path, "evil")
    assert not set("\x1b\x07\u202e") & set(out)
    assert "\n  line two" in out


def test_a_lost_reply_is_tried_again_with_the_same_key(gateway: Gateway, tmp_path: Path) -> None:
    gateway.fail_next = 2
    code, out, _ = chat(gateway, tmp_path, "hello\nagain")
    assert code == 0
    assert [key == gateway.keys[0] for key in gateway.keys] == [True, True, True, False]
    assert [message["content"] for message in gateway.messages if message["role"] == "user"] == ["hello", "again"]
    assert out.count("HELLO") == 1


def test_no_answer_in_time_is_exit_1(gateway: Gateway, tmp_path: Path) -> None:
    gateway.mute = True
    code, out, err = chat(gateway, tmp_path, "hello", "--timeout", "0.5")
    assert (code, out) == (1, "")
    assert "no answer within 0.5 s" in err


@pytest.mark.parametrize(
    ("stdin", "key", "code", "says"),
    [("hi", "nobody", 5, "404: no such agent"), ("x" * 101, "pk", 1, "413: too long")],
)
def test_what_the_gateway_refuses_is_told(
    gateway: Gateway, tmp_path: Path, stdin: str, key: str, code: int, says: str
) -> None:
    found, out, err = chat(gateway, tmp_path, stdin, key=key)
    assert (found, out) == (code, "")
    assert says in err


def test_no_gateway_is_exit_3(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # Nobody else takes the port meanwhile.
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        done = run(tmp_path, "chat", "--gateway", address, "--key", "pk", stdin="hi")
    assert done.returncode == 3
    assert "no reply from the gateway" in done.stderr
    assert "console gateway" in done.stderr


def test_a_bad_address_is_told(tmp_path: Path) -> None:
    assert "is no gateway address" in run(tmp_path, "chat", "--gateway", "localhost:1", "--key", "pk").stderr


def talk(gateway: Gateway, home: Path) -> Terminal:
    terminal = Terminal([*COMMAND, "chat", "--gateway", gateway.url, "--key", "pk"], scratch_env(home))
    terminal.wait_for("ctrl+d ends.\r\n>")
    return terminal


def test_in_a_terminal_it_is_a_talk(gateway: Gateway, tmp_path: Path) -> None:
    terminal = talk(gateway, tmp_path)
    terminal.type("hello\n")
    terminal.wait_for("acme.test/r\r\n>")
    gateway._add("human", "a person here")
    terminal.wait_for("person: a person here\r\n>")
    terminal.type("x" * 101 + "\n")
    terminal.wait_for("not sent: the gateway answered 413: too long\r\n>")
    terminal.type("\x04")
    assert terminal.finish() == 0
    assert "assistant: HELLO" in terminal.text


def test_what_comes_in_leaves_what_is_being_typed(gateway: Gateway, tmp_path: Path) -> None:
    terminal = talk(gateway, tmp_path)
    terminal.type("half a")
    terminal.wait_for("> half a")
    gateway._add("human", "a person here")
    terminal.wait_for("\r\x1b[Kperson: a person here\r\n> half a")
    terminal.type(" word\n")
    terminal.wait_for("HALF A WORD\r\n  [1] Returns  https://acme.test/r\r\n>")
    terminal.type("\x03")
    assert terminal.finish() == 130


def test_who_speaks_and_who_types_is_told(gateway: Gateway, tmp_path: Path) -> None:
    terminal = talk(gateway, tmp_path)
    events: list[tuple[str, dict[str, Any], str]] = [
        ("control", {"control": "ai", "waiting": False}, ""),
        ("typing", {"typing": True}, "the assistant is typing"),
        ("control", {"control": "human", "waiting": True}, "waiting for a person"),
        ("control", {"control": "human", "waiting": False}, "a person has joined"),
        ("typing", {"typing": True}, "a person is typing"),
        ("typing", {"typing": False}, ""),
        ("control", {"control": "ai", "waiting": False}, "the assistant answers again"),
    ]
    for kind, said, line in events:
        gateway.told.append((kind, said))
        if line:
            terminal.wait_for(f"{line}\r\n>")
    terminal.type("\x04")
    assert terminal.finish() == 0


def test_typing_at_the_prompt_is_told_to_the_other_side(gateway: Gateway, tmp_path: Path) -> None:
    terminal = talk(gateway, tmp_path)
    terminal.type("half a")
    until = time.monotonic() + 30
    while not gateway.typed and time.monotonic() < until:
        time.sleep(0.02)
    assert gateway.typed
    terminal.type("\x03")
    terminal.finish()


def test_a_stream_that_is_cut_goes_on_where_it_was(gateway: Gateway, tmp_path: Path) -> None:
    terminal = talk(gateway, tmp_path)
    for number in range(3):
        gateway._add("human", f"number {number}")
        terminal.wait_for(f"person: number {number}\r\n>")
        gateway.cut += 1
    gateway._add("human", "the end")
    terminal.wait_for("person: the end\r\n>")
    terminal.type("\x04")
    assert terminal.finish() == 0
    assert [terminal.text.count(f"person: number {number}") for number in range(3)] == [1, 1, 1]
    assert gateway.streams > 3


@pytest.mark.parametrize("said", [["message", {"seq": "x"}], ["message", []], ["control", "ai"]])
def test_a_stream_of_something_else_is_told(gateway: Gateway, tmp_path: Path, said: list[Any]) -> None:
    terminal = talk(gateway, tmp_path)
    gateway.told.append((said[0], said[1]))
    terminal.wait_for("no more can be read: the gateway's stream is no stream of a talk\r\n>")
    terminal.type("\x04")
    assert terminal.finish() == 0


def test_a_rate_is_waited_for(gateway: Gateway, tmp_path: Path) -> None:
    gateway.busy = 2
    code, out, _ = chat(gateway, tmp_path, "hello")
    assert (code, out.splitlines()[0]) == (0, "assistant: HELLO")


def test_a_refusal_to_read_is_told(gateway: Gateway, tmp_path: Path) -> None:
    terminal = talk(gateway, tmp_path)
    gateway.closed = True
    terminal.wait_for("no more can be read: the gateway answered 404: not found\r\n>")
    terminal.type("\x04")
    assert terminal.finish() == 0


def test_ctrl_c_leaves_the_terminal_as_it_was(gateway: Gateway, tmp_path: Path) -> None:
    words = shlex.join([*COMMAND, "chat", "--gateway", gateway.url, "--key", "pk"])
    code = f"stty -g > {tmp_path}/before; trap : INT; {words}; stty -g > {tmp_path}/after"
    terminal = Terminal(["bash", "-c", code], scratch_env(tmp_path))
    terminal.wait_for("ctrl+d ends.\r\n>")
    terminal.type("\x03")
    terminal.finish()
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()
