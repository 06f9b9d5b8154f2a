"""Errors as the visitor's program sees them: `{"error": {"code", "message", "hint"?}}`, nothing of our inside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import log
from console.errors import ConflictError, ConnectionFailedError, ConsoleError, InvalidInputError, NotFoundError
from console.services.feedback import NoAnswerError

RETRY_SECONDS = "5"
_CLOSE = {"Connection": "close"}


class RequestError(Exception):
    """A request that can't be taken as it is: its status, code and message."""

    def __init__(
        self, status: int, code: str, message: str, *, hint: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.hint, self.headers = status, code, message, hint, headers


def reply(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response in ASCII, so that half a character in it can't break it."""
    return Response(json.dumps(body), status, headers, media_type="application/json")


def refusal(
    status: int, code: str, message: str, hint: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The one shape of an error."""
    error = {"code": code, "message": message} | ({"hint": hint} if hint else {})
    return reply(status, {"error": error}, headers)


def too_large(limit: int) -> RequestError:
    """413; the connection ends with it, or the rest of the body would have to be read."""
    return RequestError(413, "too_large", f"the body has more than {limit} bytes", hint="send less", headers=_CLOSE)


def too_slow(seconds: float) -> RequestError:
    """408 for a body that does not arrive in time."""
    return RequestError(408, "too_slow", f"the body did not arrive within {seconds:g} s", headers=_CLOSE)


def too_many(what: str, seconds: int) -> RequestError:
    """429 (RFC 6585): too many of something, and after how many seconds to come again."""
    message, hint = f"too many {what}", f"try again in {seconds} s"
    return RequestError(429, "too_many", message, hint=hint, headers={"Retry-After": str(seconds)})


def method_not_allowed(methods: Iterable[str]) -> RequestError:
    """405 with the methods that are."""
    return RequestError(405, "method_not_allowed", "not with this method", headers={"Allow": ", ".join(methods)})


def unexpected(error: Exception) -> Response:
    """500 with the name under which the log has the rest."""
    name = log.incident(error)
    return refusal(500, "internal", f"something broke inside (incident {name})", "try again later")


def unavailable(error: ConsoleError) -> Response:
    """503: the database does not answer, or not in time."""
    log.event("gateway.unavailable", level=30, reason=error.code)
    headers = {"Retry-After": RETRY_SECONDS}
    return refusal(503, "unavailable", "the service can't answer just now", f"try again in {RETRY_SECONDS} s", headers)


async def on_request_error(_request: Request, error: Exception) -> Response:
    """What `requests` refused."""
    assert isinstance(error, RequestError)  # noqa: S101 - registered for this class
    return refusal(error.status, error.code, error.message, error.hint, error.headers)


async def on_console_error(_request: Request, error: Exception) -> Response:
    """What a service refused."""
    match error:
        case NoAnswerError():
            return refusal(404, "no_answer", error.message, error.hint)
        case NotFoundError():
            # One body for all of them: whether a conversation exists is nobody's business but its visitor's.
            return refusal(404, "not_found", "there is no such agent or conversation for you")
        case InvalidInputError():
            return refusal(422, "invalid", error.message, error.hint)
        case ConflictError():
            return refusal(409, "conflict", error.message, error.hint)
        case ConnectionFailedError():
            return unavailable(error)
    return unexpected(error)


async def on_http_error(_request: Request, error: Exception) -> Response:
    """What the router refused: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    known = {404: ("not_found", "there is no such path"), 405: ("method_not_allowed", "not with this method")}
    code, message = known.get(error.status_code, ("refused", "the request can't be served"))
    return refusal(error.status_code, code, message, headers=error.headers)
