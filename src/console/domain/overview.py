"""What is to be seen of a workspace at a glance, beside its inbox."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Overview:
    """Gaps that wait for an answer, sources that fail, and the worst quota in percent (None: nothing is limited).

    A source that fails in part is one too. `quota_soft` says whether a soft limit is passed.
    """

    open_gaps: int = 0
    failing_sources: int = 0
    quota_percent: int | None = None
    quota_soft: bool = False
