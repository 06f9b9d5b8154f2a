"""`console demo` as a process: what it prints, what it starts, what it stops, what it keeps."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest

from console.db.embedded.server import EmbeddedServer
from console.demo.beside import OPERATOR, beside
from console.errors import RefusedError
from tests.cli.terminal import COMMAND, run, scratch_env
from tests.db.embedded_support import postmaster_pid

TOLD = ("people", " conversations", " s  ")
LONG = 300.0
"""Seconds: what fills in the past has the lowest priority, and the machine may be busy."""
QUESTION = "How many days do I have to return an item?"


class Demo:
    """A demo that said it is ready."""

    def __init__(self, home: Path, data: Path, *words: str) -> None:
        self.home, self.data, self.began = home, data, datetime.now(UTC)
        command = [*COMMAND, "demo", "--headless", "--data", str(data), *words]
        self.process = subprocess.Popen(
            command, env=scratch_env(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate()[1])
        self.ready: dict[str, Any] = json.loads(line)

    def login(self) -> dict[str, str]:
        """How a member of the first workspace signs in, on the printed database."""
        who = next(one for one in self.ready["logins"] if one["role"] == "member")
        return {
            "DATABASE_URL": self.ready["database_url"],
            "CONSOLE_EMAIL": who["email"],
            "CONSOLE_PASSWORD": who["password"],
            "CONSOLE_WORKSPACE": who["workspace"],
        }

    def conversations(self) -> dict[str, dict[str, Any]]:
        """What `console conv list` shows, by id."""
        done = run(self.home, "conv", "list", "--limit", "1000", "--json", env=self.login())
        assert done.returncode == 0, done.stderr
        return {row["id"]: row for row in map(json.loads, done.stdout.splitlines())}

    def past(self) -> set[str]:
        """Conversations that ended days before this demo began."""
        days_ago = (self.began - timedelta(days=2)).isoformat()
        return {id for id, row in self.conversations().items() if row["last_message_at"] < days_ago}

    def came(self) -> set[str]:
        """Conversations of visitors who wrote since this demo began."""
        began = self.began.isoformat()
        return {id for id, row in self.conversations().items() if row["last_message_at"] >= began}

    def ask(self, question: str) -> str:
        """Be a visitor of the first workspace until somebody answers; returns the conversation's id."""
        key = self.ready["workspaces"][0]["agents"][0]["public_key"]
        with httpx.Client(base_url=self.ready["gateway_url"], timeout=60, trust_env=False) as client:
            assert client.get("/healthz").json() == {"ok": True}
            started = client.post(f"/v1/agents/{key}/conversations", json={"name": "Tess"}).json()
            client.headers["Authorization"] = f"Bearer {started['visitor_token']}"
            path = f"/v1/conversations/{started['conversation_id']}/messages"
            sent = client.post(path, json={"content": question}, headers={"Idempotency-Key": uuid4().hex})
            assert sent.is_success, sent.text
            until(lambda: any(m["role"] == "assistant" for m in client.get(path).json()["messages"]), LONG)
        return str(started["conversation_id"])

    def family(self) -> list[psutil.Process]:
        """Everything that it started: what names its data directory, and the database's processes."""
        postmaster = psutil.Process(postmaster_pid(self.data))
        return [*named(self.data), postmaster, *postmaster.children(recursive=True)]


def named(data: Path) -> list[psutil.Process]:
    """Live processes with the directory in their command line or environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values()]
            if lives(process) and any(str(data) in word for word in words):
                found.append(process)
    return found


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until it holds; fails when it does not in time."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.2)


@contextmanager
def demo(home: Path, data: Path, *words: str) -> Iterator[Demo]:
    """A running demo; killed at the end if it still runs."""
    found = Demo(home, data, *words)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.communicate()


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "demo data"
    yield folder
    for process in named(folder):
        with suppress(psutil.Error):
            process.terminate()
    until(lambda: not named(folder), LONG)
    until(lambda: destroyed(folder), LONG)


def destroyed(folder: Path) -> bool:
    """Whether nobody used it any more: one that ends has no name any more a moment before it lets go of its locks."""
    with suppress(RefusedError):
        EmbeddedServer(folder).destroy()
        return True
    return False


def ended(family: list[psutil.Process], data: Path) -> None:
    """Wait until nothing of it is left."""
    assert len(family) > 3
    until(lambda: not any(map(lives, family)) and not named(data), LONG)


@pytest.mark.timeout(1800)
def test_it_runs_stops_keeps_its_data_and_survives_a_kill(tmp_path: Path, data: Path) -> None:
    with demo(tmp_path, data) as first:
        assert set(first.ready) >= {"ready", "gateway_url", "database_url", "workspaces", "logins"}
        assert first.ready["ready"] is True
        assert [set(space) for space in first.ready["workspaces"]] == [{"slug", "agents"}] * 2
        assert all({"slug", "public_key"} <= set(a) for s in first.ready["workspaces"] for a in s["agents"])
        assert all(set(one) >= {"email", "password", "role", "workspace"} for one in first.ready["logins"])
        assert {one["role"] for one in first.ready["logins"]} == {"owner", "admin", "member", "viewer"}
        until(lambda: len(first.past()) > 20, LONG)  # visitors are remembered to have come before
        line = f"{beside(data)} && {' '.join(COMMAND)} whoami --json"
        who = subprocess.run(["bash", "-c", line], env=scratch_env(tmp_path), capture_output=True, text=True)
        assert (json.loads(who.stdout)["email"], who.returncode) == (OPERATOR, 0), who.stderr
        family = first.family()
        first.process.send_signal(signal.SIGTERM)
        out, err = first.process.communicate(timeout=LONG)
        assert (first.process.returncode, out) == (0, ""), err
        assert [word for word in TOLD if word not in err] == [], err
        ended(family, data)

    with demo(tmp_path, data) as second:
        at_first = set(second.conversations())
        until(lambda: len(second.past() - at_first) > 20, LONG)  # goes on where it was left off
        mine = second.ask(QUESTION)
        assert second.conversations()[mine]["visitor_name"] == "Tess"
        until(lambda: second.came() > {mine}, LONG)  # visitors come by themselves
        family = second.family()
        second.process.kill()
        second.process.communicate()
        ended(family, data)

    with demo(tmp_path, data) as third:
        assert at_first | {mine, third.ask(QUESTION)} <= set(third.conversations())
        # right after its end, while the worker is still leaving
        third.process.send_signal(signal.SIGTERM)
        assert third.process.wait(LONG) == 0

    with demo(tmp_path, data, "--fresh") as fresh:
        assert mine not in fresh.conversations()


def test_who_begins_beside_a_demo_is_told_the_way_to_it(tmp_path: Path, data: Path) -> None:
    words, env = ("conv", "list"), {"CONSOLE_DATA_DIR": str(data)}
    told = run(tmp_path, *words, env=env)
    assert (told.returncode, told.stderr.splitlines()[1:]) == (4, ["  try: console init"])
    (data / "demo").mkdir()
    told = run(tmp_path, *words, env=env)
    (hint,) = told.stderr.splitlines()[1:]
    assert (told.returncode, hint.startswith("  try: console init, or ")) == (4, True)
    assert hint.endswith(beside(data / "demo"))
