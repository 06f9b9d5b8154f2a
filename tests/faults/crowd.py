"""Visitors who write all the time, repeat until they are acknowledged, and remember every acknowledgement."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

PAUSE, LONG = 0.25, 180.0


@dataclass(frozen=True, slots=True)
class Ack:
    """What the gateway said it has stored."""

    conversation_id: UUID
    key: str
    content: str
    seq: int


class Crowd:
    """`size` visitors of one agent."""

    def __init__(self, address: str, public_key: str, size: int, chance: random.Random) -> None:
        self._address, self._key, self._size, self._chance = address, public_key, size, chance
        self._moved = asyncio.Condition()
        self._over = False
        self.acks: list[Ack] = []
        self.tries = 0
        self.conversations: list[UUID] = []

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """They write while the block runs; at its end each has its last message acknowledged."""
        limits = httpx.Limits(max_connections=self._size)
        async with httpx.AsyncClient(base_url=self._address, trust_env=False, timeout=10, limits=limits) as client:
            tasks = [asyncio.create_task(self._visit(client, n)) for n in range(self._size)]
            try:
                yield
            finally:
                self._over = True
                async with asyncio.timeout(LONG):
                    await asyncio.gather(*tasks)

    async def acknowledged(self, more: int) -> None:
        """Wait until so many more messages are acknowledged."""
        target = len(self.acks) + more
        async with asyncio.timeout(LONG), self._moved:
            await self._moved.wait_for(lambda: len(self.acks) >= target)

    async def _visit(self, client: httpx.AsyncClient, number: int) -> None:
        started = await self._until_taken(client, f"/v1/agents/{self._key}/conversations", {}, {})
        id, bearer = UUID(started["conversation_id"]), {"Authorization": f"Bearer {started['visitor_token']}"}
        self.conversations.append(id)
        turn = 0
        while not self._over:
            turn += 1
            # A greeting is answered from no knowledge at all.
            content, key = f"hello {number}, {turn}", str(uuid4())
            headers = bearer | {"Idempotency-Key": key}
            sent = await self._until_taken(client, f"/v1/conversations/{id}/messages", {"content": content}, headers)
            async with self._moved:
                self.acks.append(Ack(id, key, content, sent["seq"]))
                self._moved.notify_all()
            await asyncio.sleep(self._chance.uniform(0, 2 * PAUSE))

    async def _until_taken(
        self, client: httpx.AsyncClient, path: str, body: dict[str, str], headers: dict[str, str]
    ) -> dict[str, Any]:
        while True:
            self.tries += 1
            try:
                reply = await client.post(path, json=body, headers=headers)
            except httpx.TransportError:
                reply = None
            if reply is not None and reply.is_success:
                found: dict[str, Any] = reply.json()
                return found
            assert reply is None or reply.status_code in {429, 503}, reply.text
            await asyncio.sleep(0.1)
