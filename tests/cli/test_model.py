"""The command line with a real model endpoint behind it: answers, costs, keys, and one clear line when it fails."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from tests.ai.endpoint import EMBEDDING_MODEL, FakeEndpoint, reply, serving, status
from tests.cli.office import Office, open_office
from tests.cli.terminal import COMMAND, scratch_env
from tests.databases import own_database

KEY = "sk-planted-0123456789abcdef"
QUESTION = "within how many days can unworn items be returned?"


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with serving() as there:
        there.says = lambda _body: reply("You have 30 days.", 1)
        yield there


@pytest.fixture(scope="module")
def urls(server: EmbeddedServer) -> Iterator[ServerUrls]:
    """A database of these tests' own: their worker asks the model for nobody else."""
    with own_database(server) as urls:
        yield urls


@pytest.fixture(scope="module")
def office(urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory) -> Office:
    home = tmp_path_factory.mktemp("home")
    pages = tmp_path_factory.mktemp("pages")
    (pages / "returns.md").write_text("# Returns\n\nUnworn items can be returned within 30 days of delivery.\n")
    office = open_office(urls, home)
    office.out("olivia", "source", "add", "folder", str(pages), "--wait")
    return office


def env(endpoint: FakeEndpoint) -> dict[str, str]:
    return {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": KEY, "CONSOLE_LOG_LEVEL": "debug"}


def unseen(office: Office, *texts: str) -> None:
    """The key is in none of these, nor in any file of the home."""
    for file in office.home.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file
    assert all(KEY not in text for text in texts)


def test_ask_tells_what_the_model_said_and_cost(office: Office, endpoint: FakeEndpoint) -> None:
    done = office.call("olivia", "ask", "--agent", "help", QUESTION, "--json", **env(endpoint))
    assert (done.returncode, done.stderr) == (0, "")
    asked = json.loads(done.stdout)
    assert (asked["answer"], asked["kind"], asked["model"]) == ("You have 30 days.", "model", "gpt-4o-mini")
    assert (asked["tokens_in"], asked["tokens_out"], asked["cost_usd"]) == (1000, 200, 0.00027)
    assert [citation["uri"] for citation in asked["citations"]] == ["returns.md"]
    done = office.call("olivia", "ask", "--agent", "help", QUESTION, **env(endpoint))
    assert "model gpt-4o-mini, " in done.stderr
    assert "1000 tokens in, 200 out, 0.000270 US dollars" in done.stderr
    assert endpoint.keys == [f"Bearer {KEY}"] * 2
    unseen(office, done.stdout, done.stderr)


def test_a_model_that_fails_is_one_clear_line(office: Office, endpoint: FakeEndpoint) -> None:
    endpoint.script = [status(401)]
    done = office.call("olivia", "ask", "--agent", "help", QUESTION, **env(endpoint))
    assert done.returncode == 1
    host = endpoint.base_url.split("/")[2]
    assert f"no answer came of it: the model at {host} refuses the key (401)" in done.stderr
    unseen(office, done.stdout, done.stderr)
    down = {**env(endpoint), "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}
    done = office.call("olivia", "ask", "--agent", "help", QUESTION, "--json", **down)
    asked = json.loads(done.stdout)
    assert (asked["kind"], asked["reason"]) == ("handoff", "tool_failure")
    assert asked["error"] == "the model at 127.0.0.1:1 can't be reached"
    done = office.call("olivia", "ask", "--agent", "help", QUESTION, **{**env(endpoint), "OPENAI_BASE_URL": "nonsense"})
    assert "OPENAI_BASE_URL: the endpoint's address is no plain http(s) address" in done.stderr


@pytest.mark.parametrize("words", [("ask",), ("ask", "--draft"), ("search",)])
def test_where_no_tokens_are_left_no_model_is_asked(
    office: Office, endpoint: FakeEndpoint, words: tuple[str, ...]
) -> None:
    there = env(endpoint) | {"CONSOLE_MODEL_EMBEDDING": EMBEDDING_MODEL}
    office.out("olivia", "quota", "set", "tokens", "--hard", "0")
    done = office.call("olivia", *words, "--agent", "help", QUESTION, **there)
    office.out("olivia", "quota", "set", "tokens", "--clear")
    assert (done.returncode, done.stdout, endpoint.calls) == (6, "", [])
    assert re.search(r"the limit of 0 tokens a month is reached; it begins anew at 2\d{3}-\d\d-\d\d", done.stderr)


def test_what_an_endpoint_embeds_is_in_cost_and_usage(office: Office, endpoint: FakeEndpoint) -> None:
    endpoint.embedding_tokens = 500_000
    there = env(endpoint) | {"CONSOLE_MODEL_EMBEDDING": EMBEDDING_MODEL}
    asked = json.loads(office.call("olivia", "ask", "--agent", "help", QUESTION, "--json", **there).stdout)
    assert asked["embedding_tokens"] == 500_000
    for verb in ("cost", "usage"):
        shown = office.out("olivia", verb, *(["--by", "model"] if verb == "usage" else []))
        (line,) = [line for line in shown.splitlines() if line.startswith(EMBEDDING_MODEL)]
        assert "500,000" in line
        assert "0.01" in line
    assert office.json("olivia", "usage", "--check")["ok"]


def test_a_key_is_kept_from_standard_input_or_a_variable(office: Office, endpoint: FakeEndpoint) -> None:
    words = ("workspace", "credential", "set", "openai")
    done = office.call("olivia", *words, stdin=f"{KEY}\n")
    assert (done.returncode, done.stdout) == (0, "kept a key for openai, …cdef\n")
    (kept,) = office.json("olivia", "workspace", "credential", "list")["credentials"]
    assert (kept["kind"], kept["last_characters"]) == ("openai", "cdef")
    done = office.call("olivia", *words, CONSOLE_CREDENTIAL="sk-another-one-0000")
    assert done.stdout == "kept a key for openai, …0000\n"
    assert re.search(r"\b\d min\b", office.out("olivia", "workspace", "credential", "list"))
    said = office.refused(2, "olivia", *words, KEY)
    assert "not taken from the command line" in said
    office.refused(1, "olivia", *words, stdin="two words")
    office.refused(4, "mia", *words, stdin=KEY)
    assert "give it on standard input" in office.refused(2, "olivia", *words)
    server = {"OPENAI_BASE_URL": endpoint.base_url}
    office.call("olivia", "ask", "--agent", "help", QUESTION, **server)
    assert endpoint.keys == ["Bearer sk-another-one-0000"]
    assert office.out("olivia", "workspace", "credential", "remove", "openai") == "forgot the key for openai\n"
    office.refused(5, "olivia", "workspace", "credential", "remove", "openai")
    unseen(office, said)


def test_the_workspaces_models_are_shown_and_set(office: Office, endpoint: FakeEndpoint) -> None:
    assert "extracts" in office.out("olivia", "workspace", "model", "show")
    done = office.call(
        "olivia", "workspace", "model", "set", "--default", "gpt-5", "--allow", "gpt-4o", **env(endpoint)
    )
    assert done.returncode == 0, done.stderr
    assert "chat       gpt-5\nallowed    gpt-5, gpt-4o\n" in done.stdout
    assert "the server’s, with a key" in done.stdout
    shown = office.call("vera", "workspace", "model", "show", "--json", **env(endpoint))
    assert json.loads(shown.stdout)["chat"] == "gpt-5"
    office.call("olivia", "ask", "--agent", "help", QUESTION, **env(endpoint))
    assert endpoint.calls[-1]["model"] == "gpt-5"
    office.refused(1, "olivia", "workspace", "model", "set", "--base-url", "https://me:secret@host/v1")
    office.refused(1, "olivia", "workspace", "model", "set", "--default", "gpt-6")
    office.refused(2, "olivia", "workspace", "model", "set")
    office.refused(4, "mia", "workspace", "model", "set", "--default", "x")
    reset = office.call("olivia", "workspace", "model", "set", "--default", "", "--allow", "", **env(endpoint))
    assert "chat       gpt-4o-mini\nallowed    any\n" in reset.stdout
    unseen(office, done.stdout, shown.stdout)


def test_doctor_reaches_the_model(office: Office, endpoint: FakeEndpoint) -> None:
    def found(**more: str) -> tuple[str, str, str]:
        done = office.call("olivia", "doctor", "--json", **{**env(endpoint), **more})
        unseen(office, done.stdout, done.stderr)
        (check,) = [one for one in json.loads(done.stdout)["checks"] if one["name"] == "model endpoint"]
        return check["level"], check["detail"], check["hint"] or ""

    host = endpoint.base_url.split("/")[2]
    assert found() == ("ok", f"gpt-4o-mini at {host}", "")
    level, detail, hint = found(CONSOLE_MODEL_CHAT="gpt-9")
    assert (level, detail.startswith(f"{host} does not list gpt-9; it has gpt-4o-mini")) == ("warn", True)
    assert "CONSOLE_MODEL_CHAT" in hint
    endpoint.script = [status(401)]
    assert found()[:2] == ("fail", f"the model at {host} refuses the key (401)")


def test_no_heavy_library_without_a_model(office: Office) -> None:
    import sys

    code = "import console.cli.ask, console.cli.workspace, console.services.models, sys; print('openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_worker_answers_visitors_by_the_model(office: Office, endpoint: FakeEndpoint) -> None:
    id = office.talk(QUESTION)
    settings = scratch_env(office.home, DATABASE_URL=office.urls.app, **env(endpoint))
    with subprocess.Popen([*COMMAND, "worker"], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as worker:
        try:
            deadline = time.monotonic() + 60
            while not (said := _answers(office, id)) and time.monotonic() < deadline:
                time.sleep(0.2)
        finally:
            worker.send_signal(signal.SIGTERM)
            out, err = worker.communicate(timeout=60)
    assert [(message["content"], message["citations"][0]["uri"]) for message in said] == [
        ("You have 30 days.", "returns.md")
    ]
    unseen(office, out.decode(), err.decode())


def _answers(office: Office, id: str) -> list[dict[str, Any]]:
    shown = office.json("olivia", "conv", "show", id)
    return [message for message in shown["messages"] if message["role"] == "assistant"]
