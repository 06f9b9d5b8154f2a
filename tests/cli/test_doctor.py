"""`console doctor`: each dependency by itself; and when all is well, a visitor is answered."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import load, migrate
from console.ids import new_id
from tests.cli.office import Office, open_office
from tests.cli.terminal import COMMAND, Terminal, run, scratch_env

SECRET = "secret-word"
NAMES = [
    "python", "configuration", "data folder", "state folder", "keyring", "database", "pgvector", "login", "schema",
    "session", "worker", "gateway", "model endpoint", "embedding model", "terminal",
]  # fmt: skip


@pytest.fixture
def site(server: EmbeddedServer) -> Iterator[ServerUrls]:
    """A database of the test's own: a worker of its own is the only one there."""
    name = f"doctor_{new_id().hex[-12:]}"
    yield server.create_database(name)
    server.drop_database(name)


def examine(home: Path, code: int, **env: str) -> dict[str, dict[str, Any]]:
    """The findings by name, after a look at their shape."""
    done = run(home, "doctor", "--json", env={"CONSOLE_GATEWAY_URL": "http://127.0.0.1:1", **env})
    assert (done.returncode, done.stderr) == (code, ""), done
    assert SECRET not in done.stdout
    found = json.loads(done.stdout)
    assert found["ok"] is (code == 0)
    assert found["ok"] is all(check["ok"] for check in found["checks"])
    assert all(set(check) >= {"name", "ok", "detail", "hint"} for check in found["checks"])
    assert all(check["hint"] for check in found["checks"] if not check["ok"])
    return {check["name"]: check for check in found["checks"]}


def failing(found: dict[str, dict[str, Any]]) -> list[str]:
    return [name for name, check in found.items() if not check["ok"]]


@contextmanager
def process(home: Path, *words: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """A long-running command, ended by SIGTERM with exit code 0."""
    with subprocess.Popen(
        [*COMMAND, *words], env=scratch_env(home, **env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
            running.send_signal(signal.SIGTERM)
            _, err = running.communicate(timeout=60)
            assert running.returncode == 0, err
        finally:
            running.kill()


def test_a_fresh_machine_is_well(tmp_path: Path) -> None:
    data = tmp_path / "data"
    try:
        found = examine(tmp_path, 0, CONSOLE_DATA_DIR=str(data))
        assert "nothing pending" in found["schema"]["detail"]
        assert found["session"]["hint"].startswith("console login")
        assert "pginstall" in found["database programs"]["detail"]
        data.chmod(0o755)
        found = examine(tmp_path, 0, CONSOLE_DATA_DIR=str(data))
        assert found["data folder"]["level"] == "warn"
    finally:
        EmbeddedServer(data).destroy()


def test_a_dead_database_stops_no_other_check(tmp_path: Path) -> None:
    dead = f"postgresql://nobody:{SECRET}@127.0.0.1:1/none"
    endpoint = {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "OPENAI_API_KEY": SECRET}
    found = examine(tmp_path, 1, DATABASE_URL=dead, CONSOLE_SESSION_TOKEN=SECRET, **endpoint)
    assert failing(found) == ["database", "model endpoint"]
    assert "can't be reached" in found["model endpoint"]["detail"]
    assert set(NAMES) - set(found) == {"pgvector", "login", "schema"}
    assert "not checked" in found["session"]["detail"]


def test_a_person_reads_one_line_for_each(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("theme = [")
    done = run(tmp_path, "doctor", env={"CONSOLE_CONFIG": str(tmp_path / "c.toml")})
    assert (done.returncode, done.stderr) == (1, "")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["ok", "FAIL", "ok", "warn"]
    assert f"{tmp_path}/c.toml is no valid TOML" in done.stdout
    assert "(try: " in done.stdout


def test_a_database_that_does_not_fit(tmp_path: Path, site: ServerUrls) -> None:
    assert failing(examine(tmp_path, 1, DATABASE_URL=site.app)) == ["schema"]
    migrate(site.owner, load()[:3])
    found = examine(tmp_path, 1, DATABASE_URL=site.app)
    assert failing(found) == ["schema"]
    assert found["schema"]["hint"] == "console db migrate"
    migrate(site.owner)
    assert failing(examine(tmp_path, 1, DATABASE_URL=site.superuser)) == ["login"]
    assert failing(examine(tmp_path, 1, DATABASE_URL=site.app)) == ["worker"]


def test_the_terminal_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("theme = [")
    for kind, says in (("dumb", "TERM is dumb"), ("xterm-256color", "256 colours, 80x24, utf-8")):
        terminal = Terminal(
            [*COMMAND, "doctor"], scratch_env(tmp_path, TERM=kind, CONSOLE_CONFIG=str(tmp_path / "c.toml"))
        )
        assert terminal.finish() == 1
        assert says in terminal.text


def test_all_is_well_and_a_visitor_is_answered(tmp_path: Path, site: ServerUrls) -> None:
    migrate(site.owner)
    office: Office = open_office(site, tmp_path)
    article = tmp_path / "returns.md"
    article.write_text("# Returns\n\nUnworn items can be returned within 30 days of delivery.\n")
    env = {"DATABASE_URL": site.app, "DATABASE_GATEWAY_URL": site.gateway}
    with (
        process(tmp_path, "gateway", "--port", "0", "--json", **env) as gateway,
        process(tmp_path, "worker", **env),
    ):
        assert gateway.stdout is not None
        url = json.loads(gateway.stdout.readline())["gateway_url"]
        office.out("olivia", "source", "add", "file", str(article), "--wait")
        words = ("chat", "--agent", "help", "--gateway", url, "--timeout", "170")
        said = office.out("olivia", *words, stdin="Within how many days can unworn items be returned?\n")
        assert said.startswith("assistant: ")
        found = examine(tmp_path, 0, **env, CONSOLE_GATEWAY_URL=url, CONSOLE_SESSION_TOKEN=office.tokens["vera"])
        assert {name for name, check in found.items() if check["level"] != "ok"} == {"terminal"}
        assert "viewer" in found["session"]["detail"]
    told = office.refused(3, "olivia", *words, stdin="hello")
    assert "start one: console gateway" in told
    assert "no agent 'nobody'" in office.refused(5, "olivia", "chat", "--agent", "nobody", "--gateway", url)
