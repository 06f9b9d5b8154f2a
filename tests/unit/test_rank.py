from __future__ import annotations

import pytest

from console.knowledge.rank import DEPTH, fuse


def test_what_both_searches_like_comes_first() -> None:
    found = fuse([("a", 0.9), ("b", 0.8), ("c", 0.1)], [("b", 0.5), ("d", 0.2), ("c", 0.1)])
    assert [one.id for one in found] == ["b", "a", "d", "c"]
    best = found[0]
    assert (best.dense_rank, best.text_rank, best.dense_score, best.text_score) == (2, 1, 0.8, 0.5)
    assert (found[1].text_rank, found[1].text_score) == (None, None)


def test_scores_are_the_mean_of_z_scores_and_the_missing_get_a_little_less_than_the_worst() -> None:
    found = {one.id: one.score for one in fuse([("a", 3.0), ("b", 1.0)], [("a", 10.0), ("c", 0.0)])}
    assert found == pytest.approx({"a": 1.0, "b": (-1 - 1.5) / 2, "c": (-1 - 1.5) / 2})


def test_scale_and_offset_of_a_search_do_not_matter() -> None:
    dense, text = [("a", 0.9), ("b", 0.4), ("c", 0.3)], [("c", 7.0), ("b", 5.0), ("d", 1.0)]
    scaled = [(key, score * 100 + 5) for key, score in text]
    assert [one.id for one in fuse(dense, text)] == [one.id for one in fuse(dense, scaled)]


def test_empty_equal_and_repeated() -> None:
    assert fuse([], []) == []
    assert [one.id for one in fuse([("a", 0.5), ("b", 0.5)], [])] == ["a", "b"]
    assert [one.dense_rank for one in fuse([("a", 0.5), ("a", 0.4)], [])] == [1]


def test_only_the_top_fifty_of_each_count() -> None:
    assert len(fuse([(n, -float(n)) for n in range(200)], [])) == DEPTH == 50
