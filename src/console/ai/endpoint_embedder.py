"""Embeddings by an endpoint: nothing that it says is stored before it was looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from console.ai.embedder import Embedder, EmbeddingError, EmbeddingModel, Vectors, checked
from console.ai.openai_client import OpenAiClient

MAX_TOKENS = 8000


class EndpointEmbedder:
    """A model behind an endpoint, as the `Embedder` of a workspace; texts are counted by the packaged tokenizer."""

    def __init__(self, client: OpenAiClient, name: str, dimensions: int, counter: Embedder) -> None:
        """`dimensions` 0 tells that the database does not know the model: each use says so."""
        self.model = EmbeddingModel(name, dimensions, MAX_TOKENS)
        self._client = client
        self._counter = counter

    async def vectors(self, texts: Sequence[str]) -> Vectors:
        """Embed the texts; `ModelError` when the endpoint fails, `EmbeddingError` for what is no vector."""
        if not self.model.dimensions:
            raise EmbeddingError(
                f"the database does not know the embedding model {self.model.name}",
                hint="choose one that it knows, or none for the packaged one",
            )
        return self._checked(await self._client.embed(self.model.name, texts), len(texts))

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `vectors`, from a thread that has no event loop."""
        return asyncio.run(self.vectors(texts))

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


async def embedded(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """The texts' vectors, without holding up the event loop."""
    if isinstance(embedder, EndpointEmbedder):
        return await embedder.vectors(texts)
    return await asyncio.to_thread(embedder.embed, texts)
