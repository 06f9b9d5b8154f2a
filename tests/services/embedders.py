"""Embedders that are away, held up, or watched."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from console.ai.embedder import EmbeddingError, Vectors
from tests.services.knowledge_support import HashEmbedder

LOOKS = 11


class Down(HashEmbedder):
    """Is away."""

    def embed(self, _texts: Sequence[str]) -> Vectors:
        raise EmbeddingError("the model is away")


class Held(HashEmbedder):
    """Embeds when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.begun.set()
        assert self.go_on.wait(240)
        return super().embed(texts)


class Watched(HashEmbedder):
    """Embeds when somebody has looked `LOOKS` times more."""

    def __init__(self, looked: threading.Semaphore) -> None:
        super().__init__()
        self._looked = looked

    def embed(self, texts: Sequence[str]) -> Vectors:
        for _ in range(LOOKS):
            assert self._looked.acquire(timeout=240)
        return super().embed(texts)
