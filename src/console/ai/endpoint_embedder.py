"""Embeddings by an endpoint: nothing that it says is stored before it was looked at."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from console.ai.embedder import Embedder, EmbeddingError, EmbeddingModel, Vectors, checked
from console.ai.openai_client import OpenAiClient
from console.domain.model import ModelPrice

MAX_TOKENS = 8000


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors, and the tokens that an endpoint read for them; 0 where it does not tell, and for the packaged model."""

    vectors: Vectors
    tokens: int = 0


class EndpointEmbedder:
    """A model behind an endpoint, as the `Embedder` of a workspace; texts are counted by the packaged tokenizer."""

    def __init__(
        self, client: OpenAiClient, name: str, dimensions: int, counter: Embedder, price: ModelPrice | None = None
    ) -> None:
        """`dimensions` 0 tells that the database does not know the model: each use says so."""
        self.price = price
        self.model = EmbeddingModel(name, dimensions, MAX_TOKENS)
        self._client = client
        self._counter = counter

    async def vectors(self, texts: Sequence[str]) -> Embedded:
        """Embed the texts; `ModelError` when the endpoint fails, `EmbeddingError` for what is no vector."""
        if not self.model.dimensions:
            raise EmbeddingError(
                f"the database does not know the embedding model {self.model.name}",
                hint="choose one that it knows, or none for the packaged one",
            )
        rows, tokens = await self._client.embed(self.model.name, texts)
        return Embedded(self._checked(rows, len(texts)), tokens)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `vectors`, from a thread that has no event loop."""
        return asyncio.run(self.vectors(texts)).vectors

    def count_tokens(self, text: str) -> int:
        """Count the tokens of the whole text, as the packaged model does."""
        return self._counter.count_tokens(text)

    def _checked(self, rows: Sequence[object], count: int) -> Vectors:
        try:
            given = np.asarray(rows, np.float64)
        except (TypeError, ValueError, OverflowError):
            raise EmbeddingError(f"{self.model.name} gave something that is no vector") from None
        with np.errstate(over="ignore", invalid="ignore"):
            return checked(given, self.model, count)


async def embedded(embedder: Embedder, texts: Sequence[str], *, gives_way: bool = False) -> Embedded:
    """The texts' vectors, without holding up the event loop, nor the texts of others where it `gives_way`."""
    if isinstance(embedder, EndpointEmbedder):
        return await embedder.vectors(texts)
    threads = _giving_way() if gives_way else None
    return Embedded(await asyncio.get_running_loop().run_in_executor(threads, embedder.embed, texts))


@cache
def _giving_way() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "ingest", _give_way)


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere the whole process would
        os.nice(10)


def used_by(embedder: Embedder, tokens: int) -> dict[str, Any]:
    """What so many tokens are in a record of usage: model, tokens, US dollars (none where no price is known)."""
    price = embedder.price if isinstance(embedder, EndpointEmbedder) else None
    return {
        "model": embedder.model.name, "tokens": tokens, "cost_usd": float(price.cost(tokens, 0)) if price else 0.0,
    }  # fmt: skip
