"""What the assistant said in the demo's past: words of the article that answers, without asking a model again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from console.demo.content import article_folder
from console.demo.stories import Story
from console.domain.agent import Published
from console.domain.conversation import HandoffReason
from console.domain.message import Citation
from console.domain.run import Answer, AnswerKind, Turn
from console.ids import WorkspaceId
from console.knowledge.courtesy import REPLIES, courtesy
from console.knowledge.requests import normalise_question
from console.services.answering import SAID
from console.text import one_line, sanitise

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

MODEL, INPUT_USD, OUTPUT_USD = "gpt-4.1-mini", 0.40, 1.60
"""Which model the past's answers are counted as, and its price for a million tokens."""

_MOST_CHARS = 420
_SHORTEST = 40
_NO_PROSE = ("#", "---", "import ", "<", "```", "|", "!", "{")
_TITLE = re.compile(r"^(?:title:\s*[\"']?|# )(.+?)[\"']?\s*$", re.MULTILINE)
_MARKS = re.compile(r"[*_`]|\[([^\]]*)\]\([^)]*\)")


class Remembered:
    """An answerer that knows what it said to the message at `place` of a story."""

    def __init__(self, slug: str, story: Story, place: int, embedder: Embedder) -> None:
        self._slug, self._story, self._place, self._embedder = slug, story, place, embedder

    async def answer(
        self,
        workspace_id: WorkspaceId,  # noqa: ARG002 - an answerer is given it
        published: Published,
        turns: Sequence[Turn],
    ) -> Answer:
        """What was said then."""
        question, script = turns[-1].content, self._story.script
        trace: dict[str, Any] = {"question": question, "model": MODEL, "passages": []}
        if script.kind == "person":
            return _handed_off(HandoffReason.CUSTOMER_REQUEST, 0.0, published, trace)
        if polite := courtesy(question):
            return Answer(AnswerKind.CURATED, REPLIES[polite], (), 1.0, published.threshold, None, trace)
        trace["normalised"] = normalise_question(question)
        if script.article is None:
            trace["embedding"] = [float(value) for value in self._embedder.embed([question])[0]]
            sure = published.threshold * (0.2 + 0.6 * self._story.chance)
            return _handed_off(HandoffReason.MISSING_KNOWLEDGE, sure, published, trace)
        return self._quoted(published, script.article, trace)

    def _quoted(self, published: Published, article: str, trace: dict[str, Any]) -> Answer:
        title, text = _words(self._slug, article, self._story.script.keyword, self._place)
        uri, sure = article, published.threshold + (1 - published.threshold) * (0.35 + 0.6 * self._story.chance)
        trace["passages"] = [
            {"title": title, "uri": uri, "heading": "", "text": text, "dense_rank": 1, "text_rank": 1,
             "score": 0.033, "quoted": True}
        ]  # fmt: skip
        tokens_in, tokens_out = 700 + int(900 * self._story.chance), len(text) // 4
        trace |= {
            "tokens_in": tokens_in, "tokens_out": tokens_out, "model_ms": 400 + int(1600 * self._story.chance),
            "cost_usd": (tokens_in * INPUT_USD + tokens_out * OUTPUT_USD) / 1_000_000,
        }  # fmt: skip
        cited = (Citation(one_line(title), one_line(uri, 1000), sanitise(text), None),)
        return Answer(AnswerKind.MODEL, text, cited, min(sure, 0.98), published.threshold, None, trace)


def _handed_off(reason: HandoffReason, sure: float, published: Published, trace: dict[str, Any]) -> Answer:
    return Answer(AnswerKind.HANDOFF, SAID[reason], (), sure, published.threshold, reason, trace)


def _words(slug: str, article: str, keyword: str, place: int) -> tuple[str, str]:
    """The article's title, and its paragraph with the keyword, or one after it for a later question."""
    title, paragraphs = _read(slug, article)
    found = next((at for at, text in enumerate(paragraphs) if keyword.casefold() in text.casefold()), 0)
    return title, paragraphs[min(found + place, len(paragraphs) - 1)][:_MOST_CHARS]


@cache
def _read(slug: str, article: str) -> tuple[str, tuple[str, ...]]:
    raw = (article_folder(slug) / article).read_text("utf-8")
    named = _TITLE.search(raw)
    body = raw.split("---", 2)[-1] if raw.startswith("---") else raw
    blocks = [" ".join(block.split()) for block in re.split(r"\n\s*\n", body)]
    prose = [
        _MARKS.sub(r"\1", one).lstrip("- ") for one in blocks if len(one) >= _SHORTEST and not one.startswith(_NO_PROSE)
    ]
    return (named[1] if named else article), tuple(prose or [" ".join(body.split())])
