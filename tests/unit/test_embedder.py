from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from console.ai.embedder import Embedder, EmbeddingError, EmbeddingModel, MiniLm, checked


@pytest.fixture(scope="module")
def minilm() -> MiniLm:
    return MiniLm(intra_op_num_threads=1)


def test_like_meanings_are_near_and_others_far(minilm: MiniLm) -> None:
    vectors = minilm.embed(["How do I get my money back?", "What is your refund policy?", "A cat sleeps."])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert vectors[0] @ vectors[1] > 0.5 > 0.2 > vectors[0] @ vectors[2]


def test_vectors_are_units_in_order_and_do_not_depend_on_their_neighbours(minilm: MiniLm) -> None:
    texts = ["short", "a much longer text about shipping " * 20, "", "\ud800 lone surrogate", "日本語"]
    together = minilm.embed(texts)
    alone = np.vstack([minilm.embed([text]) for text in texts])
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together, alone, atol=1e-6)


def test_no_texts_give_no_vectors(minilm: MiniLm) -> None:
    assert minilm.embed([]).shape == (0, 384)


def test_text_is_cut_at_256_tokens_but_counted_whole(minilm: MiniLm) -> None:
    long = "word " * 254
    assert minilm.count_tokens(long + "more " * 500) == 754
    assert np.array_equal(minilm.embed([long]), minilm.embed([long + "zebra " * 50]))


def test_threads_share_one_model() -> None:
    fresh = MiniLm(intra_op_num_threads=1)
    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(lambda _: fresh.embed(["the same text"])[0], range(16)))
    assert all(np.array_equal(vector, vectors[0]) for vector in vectors)


def test_a_missing_or_damaged_model_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingError, match="tokenizer can't be loaded"):
        MiniLm(folder=tmp_path).embed(["x"])
    (tmp_path / "model.int8.onnx").write_bytes(b"no model")
    (tmp_path / "tokenizer.json").write_bytes((MiniLm()._folder / "tokenizer.json").read_bytes())
    with pytest.raises(EmbeddingError, match="model can't be loaded") as caught:
        MiniLm(folder=tmp_path).embed(["x"])
    assert caught.value.hint


@pytest.mark.parametrize(
    "output",
    [np.ones((1, 3)), np.ones((2, 4)), np.zeros((1, 4)), np.full((1, 4), np.nan), np.full((1, 4), np.inf)],
)
def test_a_bad_output_is_refused(output: np.ndarray) -> None:
    with pytest.raises(EmbeddingError):
        checked(output, EmbeddingModel("test", 4, 8), 1)


def test_the_interface_fits(minilm: MiniLm) -> None:
    embedder: Embedder = minilm
    assert embedder.model == EmbeddingModel("all-MiniLM-L6-v2-int8", 384, 256)


def test_importing_loads_no_runtime() -> None:
    code = "import console.ai.embedder, sys; print({'onnxruntime', 'tokenizers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
