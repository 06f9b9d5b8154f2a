"""Every error a person or a script may see: what happened, what to do next, and the exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """Exit codes of the command line, stable for scripts."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    CONNECTION = 3
    AUTH = 4
    NOT_FOUND = 5
    OVER_QUOTA = 6
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class ConsoleError(Exception):
    """Something was refused or failed."""

    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED
    code: ClassVar[str] = "refused"

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        """`message` says what and why in one line; `hint` says what to do next."""
        self.message = message or (type(self).__doc__ or "error").strip().splitlines()[0]
        self.hint = hint
        super().__init__(self.message)


class RefusedError(ConsoleError):
    """That is not possible in the present state."""


class UsageError(ConsoleError):
    """The command was called the wrong way."""

    exit_code = ExitCode.USAGE
    code = "usage"


class InvalidInputError(ConsoleError):
    """The input can't be used."""

    code = "invalid"


class MalformedError(InvalidInputError):
    """What was given has not the form that it needs."""

    exit_code = ExitCode.USAGE


class ConnectionFailedError(ConsoleError):
    """The server can't be reached."""

    exit_code = ExitCode.CONNECTION
    code = "connection"


class NotSignedInError(ConsoleError):
    """You are not signed in."""

    exit_code = ExitCode.AUTH
    code = "not_signed_in"


class CodeNeededError(NotSignedInError):
    """This account asks for a code too."""

    code = "code_needed"


class NobodyYetError(NotSignedInError):
    """Nobody has been set up here yet."""

    code = "nobody_yet"


class NotAllowedError(ConsoleError):
    """Your role does not allow that."""

    exit_code = ExitCode.AUTH
    code = "not_allowed"


class NotMemberError(NotAllowedError):
    """You are no member of this workspace."""


class NotFoundError(ConsoleError):
    """There is no such thing here."""

    exit_code = ExitCode.NOT_FOUND
    code = "not_found"


class ConflictError(ConsoleError):
    """Somebody else was first."""

    exit_code = ExitCode.NOT_FOUND
    code = "conflict"


class OverQuotaError(ConsoleError):
    """The limit of the plan is reached."""

    exit_code = ExitCode.OVER_QUOTA
    code = "over_quota"


class OutdatedError(RefusedError):
    """This program is older than the database."""

    code = "outdated"


class SealError(ConsoleError):
    """What is kept sealed can't be read."""

    code = "sealed"
