"""How many tokens an answer may take, told before its model is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from console.domain.agent import Published
from console.domain.message import MessageRole
from console.domain.run import Turn
from console.errors import SealError, UsageError
from console.ids import WorkspaceId
from console.services.models import Models

if TYPE_CHECKING:
    from console.ai.embedder import Embedder

_CHARS_A_TOKEN = 3
"""Fewer than English has: other languages take more tokens."""
_PASSAGE_TOKENS = 320
_MARK = "0" * 24


def estimator(models: Models, packaged: Embedder) -> Callable[[WorkspaceId, Published, Sequence[Turn]], Awaitable[int]]:
    """Estimates by the prompt as it will be, its passages at their usual size, and the longest answer allowed.

    Where no chat model is in force, or its key can't be opened, an answer takes none.
    """

    async def estimate(workspace_id: WorkspaceId, published: Published, turns: Sequence[Turn]) -> int:
        try:
            chosen = await models.chosen(workspace_id, published, packaged)
        except (SealError, UsageError):
            return 0
        asked = 0 if chosen.embedder is packaged else sum(map(question_tokens, _asked(turns)))
        return asked + (_tokens(published, turns) if chosen.chat else 0)

    return estimate


def question_tokens(question: str) -> int:
    """How many tokens an endpoint may read to embed a question."""
    return len(question) // _CHARS_A_TOKEN + 1


def _asked(turns: Sequence[Turn]) -> list[str]:
    """What is searched for at most: the visitor's last two turns."""
    return [turn.content for turn in turns if turn.role is MessageRole.USER][-2:]


def _tokens(published: Published, turns: Sequence[Turn]) -> int:
    from console.knowledge.prompt import messages

    chars = sum(len(message["content"]) for message in messages(published, (), turns, _MARK))
    passages = int(published.snapshot.get("retrieval_config", {}).get("passages", 8))
    longest = int(published.snapshot.get("model_config", {}).get("max_tokens", 600))
    return chars // _CHARS_A_TOKEN + passages * _PASSAGE_TOKENS + longest
