"""What was looked up for each of several questions, as one answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from console.domain.run import Answer


def together(parts: Sequence[Answer]) -> Answer:
    """All that the parts say, each thing once, in their order; as sure as the least sure of them.

    Its trace is the last part's, with the passages and the time of all.
    """
    passages = _each_once(one for part in parts for one in part.trace["passages"])
    trace = {**parts[-1].trace, "passages": passages, "ms": sum(part.trace["ms"] for part in parts)}
    return replace(
        parts[-1],
        content=_joined(part.content for part in parts),
        citations=tuple(dict.fromkeys(one for part in parts for one in part.citations)),
        confidence=min(part.confidence for part in parts),
        trace=trace,
    )


def added(used: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What embedding one more question took of an endpoint, with what those before it took."""
    if used is None or before is None:
        return used or before
    sums = {name: used[name] + before[name] for name in ("tokens", "cost_usd")}
    return {**used, **sums, "texts": used.get("texts", 1) + before.get("texts", 1)}


def _joined(contents: Iterable[str]) -> str:
    """What stands under each of them, that it is quoted, stands once, at the end."""
    paragraphs = "\n\n".join(contents).split("\n\n")
    return "\n\n".join(reversed(dict.fromkeys(reversed(paragraphs))))


def _each_once(passages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in passages:
        quoted = one["quoted"] or found.get(one["chunk_id"], one)["quoted"]
        found[one["chunk_id"]] = {**one, "quoted": quoted}
    return list(found.values())
