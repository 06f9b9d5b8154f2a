from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from console.knowledge.chunk import chunk, headed, sentences
from console.knowledge.extract import Block
from tests.effort import LINEAR, growth


def words(text: str) -> int:
    return len(text.split())


def prose(count: int) -> str:
    return " ".join(f"Sentence number {n} says something here." for n in range(count))


def test_sentences() -> None:
    text = 'Dr. Smith paid $3.50, e.g. for tea. "Was it good?" Yes! It was... Fine.\n1. First step\n2. Second step: go'
    assert sentences(text) == [
        "Dr. Smith paid $3.50, e.g. for tea.", '"Was it good?"', "Yes!", "It was...", "Fine.",
        "1. First step", "2. Second step: go",
    ]  # fmt: skip
    assert sentences("これは文です。次の文です。") == ["これは文です。", "次の文です。"]
    assert sentences("") == sentences(" \n ") == []


def test_chunks_hold_whole_sentences_within_the_size_and_overlap() -> None:
    found = chunk([Block(("A",), prose(100))], words, size=60, overlap=12)
    assert [piece.ordinal for piece in found] == list(range(len(found)))
    assert all(piece.token_count == words(piece.text) <= 60 for piece in found)
    assert all(piece.text.endswith("here.") and piece.text.startswith("Sentence") for piece in found)
    for before, after in pairwise(found):
        assert before.text.endswith(" ".join(after.text.split()[:12]))
    assert {s for piece in found for s in sentences(piece.text)} == set(sentences(prose(100)))


def test_a_chunk_never_crosses_headings_and_short_blocks_of_one_are_joined() -> None:
    found = chunk([Block(("A",), "One."), Block(("A",), "Two."), Block(("A", "B"), "Three.")], words)
    assert [(piece.heading_path, piece.text) for piece in found] == [(("A",), "One.\n\nTwo."), (("A", "B"), "Three.")]


def test_layout_inside_a_chunk_is_kept() -> None:
    code = "if x:\n    go()\n\n- one\n- two"
    assert chunk([Block((), code)], words)[0].text == code


def test_the_hash_follows_the_text_and_its_headings() -> None:
    def digest(path: tuple[str, ...], text: str) -> str:
        return chunk([Block(path, text)], words)[0].hash

    assert digest((), "a") == digest((), "a")
    assert len({digest((), "a"), digest((), "b"), digest(("H",), "a"), digest(("H", "I"), "a")}) == 4


@pytest.mark.parametrize("text", ["word " * 5000, "x" * 50_000, "a\n" * 5000, "這" * 5000, "One. " * 3000])
def test_no_chunk_is_larger_than_the_size_whatever_the_text(text: str) -> None:
    found = chunk([Block((), text)], words, size=50, overlap=10)
    assert found
    assert max(piece.token_count for piece in found) <= 50
    assert max(len(piece.text) for piece in found) <= 50 * 13


@pytest.mark.parametrize("text", [prose, lambda size: "a" + " " * 40 * size + "b"])
def test_a_long_text_takes_no_more_than_its_share(text: Callable[[int], str]) -> None:
    assert growth(lambda size: chunk([Block((), text(size))], words), 2_500) < LINEAR


def test_headed() -> None:
    assert headed(("Title", "Section"), "Text.") == "Title > Section\nText."
    assert headed((), "Text.") == "Text."
