"""From `console demo --headless` to the first visitor with an answer, cold (empty data) and warm, and where it goes."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from benchmarks.common import report
from console.db.embedded.cluster import SERVER_LOCK
from console.db.embedded.locks import is_free

QUESTION = "How many days do I have to return an item?"
PATIENCE = 180.0
_LINE = re.compile(r"\s*([0-9.]+) s {2}(.*)")


def start(data: Path, *words: str) -> tuple[subprocess.Popen[str], list[tuple[float, str]], float, dict[str, Any]]:
    """A demo that is ready: its process, its lines with their seconds, and the seconds it took."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "demo", "--headless", "--data", str(data), *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines: list[tuple[float, str]] = []

    def listen() -> None:
        lines.extend((time.perf_counter() - began, line.rstrip()) for line in process.stderr or ())

    threading.Thread(target=listen, daemon=True).start()
    ready = json.loads(process.stdout.readline())
    return process, lines, began, ready


def first_answer(ready: dict[str, Any]) -> str:
    """Ask as a visitor of the first workspace; returns the first thing that is said."""
    key = ready["workspaces"][0]["agents"][0]["public_key"]
    with httpx.Client(base_url=ready["gateway_url"], timeout=20, trust_env=False) as client:
        begun = client.post(f"/v1/agents/{key}/conversations").raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {begun['visitor_token']}"
        path = f"/v1/conversations/{begun['conversation_id']}/messages"
        client.post(path, json={"content": QUESTION}, headers={"Idempotency-Key": uuid4().hex}).raise_for_status()
        give_up = time.perf_counter() + PATIENCE
        while time.perf_counter() < give_up:
            said = [one for one in client.get(path).json()["messages"] if one["role"] != "user"]
            if said:
                return str(said[0]["content"])
            time.sleep(0.05)
    raise SystemExit("no answer")


def once(data: Path, *words: str) -> dict[str, Any]:
    """One start, to its first answer."""
    process, lines, began, ready = start(data, *words)
    at_ready = time.perf_counter() - began
    said = first_answer(ready)
    answered = time.perf_counter() - began
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    known = [(float(found[1]), found[2]) for _, line in lines if (found := _LINE.fullmatch(line))]
    first_line = next((seen - float(found[1]) for seen, line in lines if (found := _LINE.fullmatch(line))), 0.0)
    phases, before = {"start of the process": first_line}, 0.0
    for at, what in known:
        phases[what.split(" in /")[0].split(" http")[0]] = at - before
        before = at
    phases["ready line"] = at_ready - first_line - before
    phases["first answer"] = answered - at_ready
    return {"ready_s": at_ready, "answered_s": answered, "phases_s": phases, "said": said[:80]}


def ended(data: Path) -> None:
    """Wait until the worker has left, and with it the database."""
    give_up = time.perf_counter() + PATIENCE
    while not is_free(data / SERVER_LOCK):
        if time.perf_counter() > give_up:
            raise SystemExit("the database does not end")
        time.sleep(0.05)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="console-bench-") as folder:
        data = Path(folder) / "demo"
        cold = once(data, "--fresh")
        ended(data)
        warm = once(data)
    report(cold=cold, warm=warm, promised={"ready_s": 15.0})


if __name__ == "__main__":
    main()
