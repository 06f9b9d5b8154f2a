"""Start the demo by the given `console`, be a visitor, and get an answer or a handoff."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from typing import Any

PATIENCE_SECONDS = 120


def call(url: str, body: object = None, **headers: str) -> dict[str, Any]:
    """One JSON request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} | headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        result: dict[str, Any] = json.load(answer)
        return result


def ask(ready: dict[str, Any]) -> None:
    """Ask as a visitor until the assistant has said something."""
    gateway, key = ready["gateway_url"], ready["workspaces"][0]["agents"][0]["public_key"]
    started = call(f"{gateway}/v1/agents/{key}/conversations", {"name": "Wheel"})
    messages = f"{gateway}/v1/conversations/{started['conversation_id']}/messages"
    bearer = {"Authorization": f"Bearer {started['visitor_token']}"}
    question = {"content": "How many days do I have to return an item?"}
    call(messages, question, **bearer, **{"Idempotency-Key": uuid.uuid4().hex})
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        said = [m for m in call(f"{messages}?after=0", **bearer)["messages"] if m["role"] == "assistant"]
        if said:
            print("answered:", said[0]["content"][:120])
            return
        time.sleep(0.5)
    raise SystemExit("nobody answered")


def main() -> None:
    """Run the demo, ask, stop it."""
    started = time.monotonic()
    demo = subprocess.Popen([sys.argv[1], "demo", "--headless"], stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        assert demo.stdout is not None  # noqa: S101
        ready = json.loads(demo.stdout.readline())
        print(f"ready in {time.monotonic() - started:.1f} s")
        ask(ready)
        print(f"answered after {time.monotonic() - started:.1f} s")
    finally:
        demo.send_signal(signal.SIGTERM)
        if demo.wait(60) != 0:
            raise SystemExit(f"the demo ended with {demo.returncode}")


if __name__ == "__main__":
    main()
