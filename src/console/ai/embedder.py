"""Texts to vectors: the interface, and the offline model that travels with the program."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from console.errors import ConsoleError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
"""One row a text, L2 normalised: shape (texts, dimensions)."""

_FOLDER = Path(__file__).parent / "minilm"


class EmbeddingError(ConsoleError):
    """The embedding model failed."""

    code = "embedding"


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """What a stored vector must know about the model that made it; `max_tokens` is where texts are cut."""

    name: str
    dimensions: int
    max_tokens: int


class Embedder(Protocol):
    """Anything that turns texts into comparable vectors."""

    @property
    def model(self) -> EmbeddingModel:
        """The model behind the vectors."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed the texts in order, shape (texts, dimensions), L2 normalised; `EmbeddingError` on failure."""

    def count_tokens(self, text: str) -> int:
        """Count the tokens of the whole text, without the model's own marks."""


class MiniLm:
    """all-MiniLM-L6-v2 as int8 ONNX: 384 dimensions, cut at 256 tokens; loaded once, at first use."""

    model = EmbeddingModel("all-MiniLM-L6-v2-int8", 384, 256)

    def __init__(self, *, intra_op_num_threads: int = 0, folder: Path = _FOLDER) -> None:
        """`intra_op_num_threads` limits the cores of one call; 0 lets the runtime take all."""
        self._threads = intra_op_num_threads
        self._folder = folder
        self._lock = threading.Lock()
        self._session: InferenceSession | None = None
        self._tokenizer: Tokenizer | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed the texts in order, shape (texts, 384), L2 normalised; `EmbeddingError` on failure."""
        # One by one: int8 scales are taken over a whole batch, so that a text's vector would depend on
        # its neighbours (cosine down to .992), and at 200 tokens a batch is no faster.
        vectors = np.empty((len(texts), self.model.dimensions), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._embed_one(text)
        return vectors

    def count_tokens(self, text: str) -> int:
        """Count the tokens of the whole text, without the model's own marks."""
        encoding = self._loaded_tokenizer().encode(_clean(text), add_special_tokens=False)
        return len(encoding.ids) + sum(len(rest.ids) for rest in encoding.overflowing)

    def _embed_one(self, text: str) -> Vectors:
        ids = np.asarray([self._loaded_tokenizer().encode(_clean(text)).ids], np.int64)
        session = self._loaded_session()
        try:
            (output,) = session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        except Exception as error:  # onnxruntime raises a family of its own
            raise EmbeddingError(f"{self.model.name} failed: {str(error)[:200]}") from error
        return checked(np.asarray(output), self.model, 1)

    def _loaded_session(self) -> InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = _open_session(self._folder / "model.int8.onnx", self._threads)
            return self._session

    def _loaded_tokenizer(self) -> Tokenizer:
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = _open_tokenizer(self._folder / "tokenizer.json", self.model.max_tokens)
            return self._tokenizer


def checked(output: NDArray[Any], model: EmbeddingModel, count: int) -> Vectors:
    """Give a model's output as unit vectors; `EmbeddingError` on a wrong shape or a value not finite."""
    if output.shape != (count, model.dimensions):
        want = (count, model.dimensions)
        raise EmbeddingError(f"{model.name} gave vectors of shape {output.shape} where {want} was due")
    norms = np.linalg.norm(output, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not norms.all():
        raise EmbeddingError(f"{model.name} gave a vector that is zero or not finite")
    return np.asarray(output / norms, np.float32)


def _clean(text: str) -> str:
    """Replace lone surrogates, which the tokenizer can't encode."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _open_session(path: Path, threads: int) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise EmbeddingError(
            f"the embedding model can't be loaded from {path.name}: {str(error)[:200]}",
            hint="install the package again: its model file is missing or damaged",
        ) from error


def _open_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    # Its thread pool warns on stderr after a fork, and saves nothing beside the model's own time.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise EmbeddingError(
            f"the tokenizer can't be loaded from {path.name}: {str(error)[:200]}",
            hint="install the package again: its tokenizer file is missing or damaged",
        ) from error
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer
