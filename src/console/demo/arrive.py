"""Simulated visitors: they come to the real gateway, ask, read the answers, and leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from console.demo.content import workspace
from console.demo.visitors import Arrival, arrivals
from console.ids import new_id

AT_ONCE = 6
FIRST, LATER = 3.0, 12.0
"""Seconds between arrivals: the first ten come quickly, so that a newcomer sees work at once."""
HURRIED = 10
ANSWER_SECONDS = 25.0
READING_SECONDS = 4.0
POLL_SECONDS = 1.0


async def keep_arriving(gateway_url: str, public_keys: Mapping[str, str], *, seed: int) -> None:
    """Let visitors arrive until cancelled; `public_keys` maps a workspace's slug to its agent's key."""
    places = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=gateway_url, timeout=10) as client, asyncio.TaskGroup() as visits:
        for number, arrival in enumerate(arrivals(seed)):
            await places.acquire()
            visits.create_task(_visit(client, public_keys[arrival.workspace], arrival, places))
            await asyncio.sleep(FIRST if number < HURRIED else LATER)


async def _visit(client: httpx.AsyncClient, key: str, arrival: Arrival, places: asyncio.Semaphore) -> None:
    # A visitor who meets a gateway that is down simply goes away.
    try:
        with contextlib.suppress(httpx.HTTPError):
            visitor = await _start(client, key, arrival)
            for message in arrival.script.messages:
                seq = await visitor.say(message)
                if not await visitor.answered(seq):
                    return
                await asyncio.sleep(READING_SECONDS)
    finally:
        places.release()


async def _start(client: httpx.AsyncClient, key: str, arrival: Arrival) -> _Visitor:
    script = arrival.script
    domain = workspace(arrival.workspace).domain
    profile = {"name": script.name, "page": script.page.removeprefix(domain), "domain": domain}
    if script.email:
        profile["email"] = script.email
    answer = await client.post(f"/v1/agents/{key}/conversations", json=profile)
    answer.raise_for_status()
    started = answer.json()
    return _Visitor(client, f"/v1/conversations/{started['conversation_id']}/messages", started["visitor_token"])


@dataclass(frozen=True, slots=True)
class _Visitor:
    client: httpx.AsyncClient
    path: str
    token: str

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def say(self, content: str) -> int:
        headers = self._headers | {"Idempotency-Key": new_id().hex}
        answer = await self.client.post(self.path, json={"content": content}, headers=headers)
        answer.raise_for_status()
        seq: int = answer.json()["seq"]
        return seq

    async def answered(self, seq: int) -> bool:
        """Wait for an answer to the message; False when none came in time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + ANSWER_SECONDS
        while loop.time() < until:
            answer = await self.client.get(self.path, params={"after": seq}, headers=self._headers)
            answer.raise_for_status()
            messages: list[dict[str, Any]] = answer.json()["messages"]
            if any(message["role"] != "user" for message in messages):
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False
