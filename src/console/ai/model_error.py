"""What can go wrong with a model endpoint, and whether it may pass."""

from __future__ import annotations

from enum import StrEnum

from console.errors import ConsoleError


class Trouble(StrEnum):
    """The kinds of failure."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BUSY = "busy"
    FAILING = "failing"
    OPEN = "resting"
    KEY = "key"
    UNKNOWN = "unknown_model"
    REJECTED = "rejected"
    GARBAGE = "garbage"
    FORBIDDEN = "forbidden_address"


PASSING = frozenset({Trouble.UNREACHABLE, Trouble.TIMEOUT, Trouble.BUSY, Trouble.FAILING, Trouble.OPEN})
"""What may be over in a while."""

_RETRIED = frozenset({Trouble.UNREACHABLE, Trouble.BUSY, Trouble.FAILING})


class ModelError(ConsoleError):
    """The model can't be used. The message holds neither the key nor what the endpoint said about it."""

    code = "model"

    def __init__(
        self, trouble: Trouble, message: str, *, hint: str | None = None, after: float | None = None, param: str = ""
    ) -> None:
        """`after` is how many seconds the endpoint asks to wait; `param` the parameter that it will not take."""
        super().__init__(message, hint=hint)
        self.trouble = trouble
        self.after = after
        self.param = param

    @property
    def passes(self) -> bool:
        """Whether the same may work later."""
        return self.trouble in PASSING

    @property
    def is_retried(self) -> bool:
        """Whether to try again at once: after a time-out the time is spent."""
        return self.trouble in _RETRIED

    @property
    def is_outage(self) -> bool:
        """Whether the endpoint itself is at fault, whatever is asked of it."""
        return self.passes or self.trouble is Trouble.GARBAGE
