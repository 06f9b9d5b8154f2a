"""The gateway described in OpenAPI 3.1, by hand: small, exact, and fuzzed against the server itself."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console import __version__
from console.domain.feedback import Rating
from console.gateway.errors import reply
from console.gateway.requests import MAX_SEQ
from console.services.feedback import MOST_COMMENT
from console.services.leads import EMAIL
from console.services.leads import MOST as LEAD

Schema = dict[str, Any]

_ERRORS = {
    400: "a header, a parameter or the body's JSON can't be read",
    401: "the visitor's token is missing",
    403: "a web page whose origin the agent does not list",
    404: "no such agent, conversation or answer for you: unknown, another's, or expired",
    405: "not with this method",
    408: "the body did not arrive in time",
    409: "the key was used with other words",
    413: "the body is too large",
    415: "the body is not plain application/json",
    422: "the body holds what can't be stored",
    429: "too many; Retry-After says when to come again",
    500: "something broke inside; the message names the incident",
    503: "not just now; Retry-After says when to come again",
}
_VISITORS = (400, 401, 403, 404, 405, 429)
_RETRY = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "seconds"}}
_SEQ: Schema = {"type": "integer", "minimum": 1}
_STORABLE = r"^[^\u0000]*$"
_SAID = r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085][^\u0000]*$"
_AFTER: Schema = {"type": "string", "pattern": "^[0-9]{1,10}$"}


def description() -> Schema:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Visitors' gateway", "version": __version__},
        "security": [],
        "paths": {
            "/v1/agents/{public_key}/conversations": {"parameters": [_path("public_key")], "post": _start()},
            "/v1/conversations/{id}/messages": {"parameters": [_path("id")], "get": _read(), "post": _send()},
            "/v1/conversations/{id}/typing": {"parameters": [_path("id")], "post": _typing()},
            "/v1/conversations/{id}/events": {"parameters": [_path("id")], "get": _events()},
            "/v1/conversations/{id}/lead": {"parameters": [_path("id")], "post": _lead()},
            "/v1/conversations/{id}/feedback": {"parameters": [_path("id")], "post": _feedback()},
            "/v1/openapi.json": {"get": _plain("This document", 200, {"type": "object"})},
            "/healthz": {"get": _plain("Whether the process lives", 200, _object(ok={"const": True}))},
            "/readyz": {"get": _ready()},
        },
        "components": {
            "securitySchemes": {"visitor": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _error(), "Message": _message()},
        },
    }


def routes() -> list[Route]:
    """`/v1/openapi.json`."""

    async def shown(_request: Request) -> Response:
        return reply(200, description())

    return [Route("/v1/openapi.json", shown)]


def _start() -> Schema:
    text = {name: _nullable_text(most) for name, most in _PROFILE.items()}
    started = _object(conversation_id={"type": "string", "format": "uuid"}, visitor_token={"type": "string"})
    return {
        "summary": "Begin a conversation with a published agent",
        "requestBody": _body({"type": "object", "properties": text, "additionalProperties": False}, required=False),
        "responses": {"201": _answer("begun", started), **_refusals(400, 403, 404, 405, 408, 413, 415, 422, 429)},
    }


def _send() -> Schema:
    content = {"type": "string", "minLength": 1, "maxLength": 20_000, "pattern": _SAID}
    key = {"type": "string", "pattern": "^[!-~]{1,200}$"}
    sent = _object(seq=_SEQ)
    return {
        "summary": "Say something; the same key and words again give the same seq and add nothing",
        "security": [{"visitor": []}],
        "parameters": [_parameter("header", "Idempotency-Key", key, required=True)],
        "requestBody": _body(_object(content=content) | {"additionalProperties": False}, required=True),
        "responses": {
            "201": _answer("stored", sent),
            "200": _answer("stored before", sent),
            **_refusals(400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429),
        },
    }


def _read() -> Schema:
    messages = {"type": "array", "items": {"$ref": "#/components/schemas/Message"}, "maxItems": 200}
    return {
        "summary": "What was said after a seq: a page of it, so ask again with the last seq until none comes",
        "security": [{"visitor": []}],
        "parameters": [_parameter("query", "after", _AFTER)],
        "responses": {"200": _answer("a page", _object(messages=messages)), **_refusals(*_VISITORS)},
    }


def _typing() -> Schema:
    return {
        "summary": "Say that the visitor types; it holds for 6 seconds",
        "security": [{"visitor": []}],
        "responses": {"204": {"description": "said"}, **_refusals(*_VISITORS)},
    }


def _events() -> Schema:
    stream = {"schema": {"type": "string"}}
    return {
        "summary": "Server-sent events: `message` (id is its seq), `control` {control: ai|human, waiting}, "
        "`typing` {typing}",
        "security": [{"visitor": []}],
        "parameters": [_parameter("query", "after", _AFTER), _parameter("header", "Last-Event-ID", _AFTER)],
        "responses": {
            "200": {"description": "a stream without end", "content": {"text/event-stream": stream}},
            **_refusals(*_VISITORS),
        },
    }


def _lead() -> Schema:
    email = {"type": "string", "maxLength": LEAD["email"], "pattern": rf"^\s*{EMAIL}\s*$"}
    others = {name: _nullable_text(most) for name, most in LEAD.items() if name != "email"}
    body = _object(email=email) | {"additionalProperties": False}
    body["properties"] |= others
    return {
        "summary": "Leave an address to be reached at; who is known already only fills what was left empty",
        "security": [{"visitor": []}],
        "requestBody": _body(body, required=True),
        "responses": {"204": {"description": "kept"}, **_refusals(*_VISITORS, 408, 413, 415, 422)},
    }


def _feedback() -> Schema:
    seq, rating = _SEQ | {"maximum": MAX_SEQ}, {"enum": list(Rating)}
    body = _object(seq=seq, rating=rating) | {"additionalProperties": False}
    body["properties"]["comment"] = _nullable_text(MOST_COMMENT)
    return {
        "summary": "Say whether an answer helped; the last word counts",
        "security": [{"visitor": []}],
        "requestBody": _body(body, required=True),
        "responses": {
            "200": _answer("what counts now", _object(seq=_SEQ, rating=rating)),
            **_refusals(*_VISITORS, 408, 413, 415, 422),
        },
    }


def _ready() -> Schema:
    not_ready = _object(ready={"const": False}, reason={"type": "string"})
    found = _plain("Whether it can serve", 200, _object(ready={"const": True}))
    found["responses"]["503"] = _answer("the database does not answer", not_ready) | {"headers": _RETRY}
    return found


def _plain(summary: str, status: int, schema: Schema) -> Schema:
    return {"summary": summary, "responses": {str(status): _answer("so it is", schema), **_refusals(405)}}


def _refusals(*statuses: int) -> Schema:
    found = {}
    for status in (*statuses, 500, 503):
        found[str(status)] = _answer(_ERRORS[status], {"$ref": "#/components/schemas/Error"})
        if status in {429, 503}:
            found[str(status)]["headers"] = _RETRY
    return found


_PROFILE = {"name": 200, "email": 320, "page": 2000, "domain": 253, "visitor_id": 200}


def _error() -> Schema:
    text = {"type": "string"}
    inner = _object(code=text, message=text)
    inner["properties"]["hint"] = text
    return _object(error=inner | {"additionalProperties": False})


def _message() -> Schema:
    return _object(
        seq=_SEQ,
        role={"enum": ["user", "assistant", "human"]},
        content={"type": "string"},
        citations={"type": "array", "items": {"type": "object"}},
        created_at={"type": "string", "format": "date-time"},
    )


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _nullable_text(most: int) -> Schema:
    return {"type": ["string", "null"], "maxLength": most, "pattern": _STORABLE}


def _answer(what: str, schema: Schema) -> Schema:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _body(schema: Schema, *, required: bool) -> Schema:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _path(name: str) -> Schema:
    return _parameter("path", name, {"type": "string", "minLength": 1}, required=True)


def _parameter(where: str, name: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"in": where, "name": name, "required": required, "schema": schema}
