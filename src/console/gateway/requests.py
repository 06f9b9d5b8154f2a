"""What comes in, checked before any service sees it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection
from typing import Any, NoReturn
from uuid import UUID

from starlette.requests import Request

from console.domain.feedback import Rating
from console.errors import NotFoundError
from console.gateway.errors import RequestError, too_large, too_slow
from console.ids import ConversationId
from console.services.leads import MOST as LEAD
from console.text import one_line

MAX_BODY_BYTES = 128 * 1024
BODY_SECONDS = 10.0
STREAM_RETRY_SECONDS = 5
# To hang up on a client that still sends would reset the connection and lose the answer.
_MAX_DISCARDED = 16 * 1024 * 1024
MAX_SEQ = 2**31 - 1
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_DIGITS = re.compile(r"[0-9]{1,10}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


async def json_object(request: Request, *, seconds: float = BODY_SECONDS, optional: bool = False) -> dict[str, Any]:
    """The body as a JSON object (RFC 8259), `{}` for an empty one where it is `optional`.

    Raises `RequestError`: 400 no JSON object, 408 slow, 413 large, 415 another content type.
    """
    body = await _read(request, seconds)
    if optional and not body:
        return {}
    _check_type(request)
    try:
        found = json.loads(body.decode(), parse_constant=_no_number)
    except RecursionError:
        raise _no_json("nested too deep") from None
    except ValueError as error:
        raise _no_json(error.msg if isinstance(error, json.JSONDecodeError) else "no JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise _no_json("not an object")
    return found


def texts(body: dict[str, Any], allowed: Collection[str]) -> dict[str, str]:
    """The body's fields, null ones left out; `RequestError` 422 for an unknown one or what is no storable text."""
    for name, value in body.items():
        if name not in allowed:
            raise _unusable(f"unknown field {one_line(name, 60)!r}", f"fields are {', '.join(allowed)}")
        if value is not None and not isinstance(value, str):
            raise _unusable(f"{name} must be text")
        if value and _UNSTORABLE.search(value):
            raise _unusable(f"{name} holds a NUL byte or half a character")
    return {name: value for name, value in body.items() if value is not None}


def content(body: dict[str, Any]) -> str:
    """The message of a body that holds nothing else; `RequestError` 422 otherwise."""
    fields = texts(body, ("content",))
    if "content" not in fields:
        raise _unusable("content is missing", 'send {"content": "..."}')
    return fields["content"]


def lead(body: dict[str, Any]) -> dict[str, str]:
    """The address that a visitor leaves; `RequestError` 422 for another body."""
    fields = texts(body, tuple(LEAD))
    if "email" not in fields:
        raise _unusable("email is missing", 'send {"email": "..."}')
    return fields


def opinion(body: dict[str, Any]) -> tuple[int, Rating, str]:
    """The seq of an answer, the visitor's thumb and comment; `RequestError` 422 for another body."""
    fields = texts({name: value for name, value in body.items() if name != "seq"}, ("seq", "rating", "comment"))
    for name in ("seq", "rating"):
        if body.get(name) is None:
            raise _unusable(f"{name} is missing", 'send {"seq": 2, "rating": "up"}')
    seq, rating = _whole(body["seq"]), fields["rating"]
    if not 1 <= seq <= MAX_SEQ:
        raise _unusable("seq must be a whole number, 1 or more", "the seq of an answer")
    if rating not in list(Rating):
        raise _unusable("rating must be up or down")
    return seq, Rating(rating), fields.get("comment", "")


def _whole(value: object) -> int:
    """A whole number as JSON Schema has it, 2.0 too; 0 for what is none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if type(value) is int else 0


def bearer(request: Request) -> str:
    """The visitor's token (RFC 6750, header only); `RequestError` 401 without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        headers = {"WWW-Authenticate": "Bearer"}
        hint = "send Authorization: Bearer VISITOR_TOKEN"
        raise RequestError(401, "no_token", "the visitor's token is missing", hint=hint, headers=headers)
    return token.strip()


def idempotency_key(request: Request) -> str:
    """The key that makes a retry harmless; `RequestError` 400 when missing, too long, or not printable ASCII."""
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        hint = "send a fresh UUID with each message, and the same one when you repeat it"
        raise RequestError(400, "idempotency_key", "Idempotency-Key must be 1 to 200 printable characters", hint=hint)
    return key


def conversation_id(request: Request) -> ConversationId:
    """The conversation of the path; `NotFoundError` for what can be none."""
    try:
        return ConversationId(UUID(request.path_params["id"]))
    except ValueError:
        raise NotFoundError from None


def after(request: Request) -> int:
    """The seq after which to read, 0 when not given; `RequestError` 400 when it is none."""
    text = request.query_params.get("after", "0")
    if not _DIGITS.fullmatch(text):
        raise RequestError(400, "after", "after must be a whole number, 0 or more", hint="the last seq you have")
    return min(int(text), MAX_SEQ)


def last_event_id(request: Request) -> int:
    """The seq after which a stream begins: `Last-Event-ID`, else `after`; `RequestError` 400 when it is none."""
    text = request.headers.get("last-event-id", "")
    if not text:
        return after(request)
    if not _DIGITS.fullmatch(text):
        raise RequestError(400, "last_event_id", "Last-Event-ID must be the seq of a message", hint="leave it out")
    return min(int(text), MAX_SEQ)


async def _read(request: Request, seconds: float) -> bytes:
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= MAX_BODY_BYTES:
                    body += chunk
                elif size > _MAX_DISCARDED:
                    break
    except TimeoutError:
        if size <= MAX_BODY_BYTES:
            raise too_slow(seconds) from None
    if size > MAX_BODY_BYTES:
        raise too_large(MAX_BODY_BYTES)
    return bytes(body)


def _check_type(request: Request) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "application/json" or "content-encoding" in request.headers:
        hint = "Content-Type: application/json, not compressed"
        raise RequestError(415, "media_type", "the body must be plain application/json", hint=hint)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _no_json(why: str) -> RequestError:
    return RequestError(400, "json", f"the body is no JSON object: {why}")


def _unusable(message: str, hint: str | None = None) -> RequestError:
    return RequestError(422, "invalid", message, hint=hint)
