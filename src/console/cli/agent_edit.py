"""`console agent edit`: the draft as a TOML document in the person's editor."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import ConsoleError, InvalidInputError
from console.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.domain.agent import AgentDraft

_MAX_BYTES = 2_000_000


def register(noun: Parser) -> None:
    """Add the verb."""
    edit = noun.verb(
        "edit",
        "change an agent's draft in your editor",
        _edit,
        examples=[
            ("console agent edit help", "opens $EDITOR, else the usual one"),
            ("console agent edit help --file help.toml", "takes the draft from a file (-: from stdin)"),
        ],
    )
    edit.takes_agent()
    edit.add_argument("--file", metavar="FILE", help="take the draft from this TOML document (-: from stdin)")


async def _edit(call: Call) -> None:
    from console.editor import edit
    from console.services.agent_toml import to_toml

    given = read_document(call.args.file) if call.args.file else None
    draft = await _read(call)
    agent = draft.agent
    if given is not None:
        return _said(call, draft, await _save(call, draft, given))
    # No connection is held while the person types.
    before = to_toml(draft.settings, agent.slug, agent.draft_revision)
    after = edit(before)
    if after == before:
        return _said(call, draft, draft)
    with _kept(call, agent.slug, after):
        return _said(call, draft, await _save(call, draft, after))


async def _read(call: Call) -> AgentDraft:
    from console.cli.session import acting

    async with acting(call) as (services, actor):
        return await services.agents.draft(actor, call.args.agent)


async def _save(call: Call, draft: AgentDraft, text: str) -> AgentDraft:
    from console.cli.session import acting
    from console.services.agent_toml import from_toml

    edited = from_toml(text)
    revision = draft.agent.draft_revision if edited.revision is None else edited.revision
    async with acting(call) as (services, actor):
        return await services.agents.edit(actor, draft.agent.id, edited.settings, revision=revision)


def _said(call: Call, before: AgentDraft, after: AgentDraft) -> None:
    changed = after.agent.draft_revision != before.agent.draft_revision
    if call.out.json:
        revision = after.agent.draft_revision
        call.out.data({"agent": after.agent.slug, "draft_revision": revision, "changed": changed})
        return
    slug = after.agent.slug
    call.out.text(f"the draft of {slug} is saved" if changed else f"nothing changed in the draft of {slug}")
    if changed:
        call.out.say(f"Visitors meet it after: console agent publish {slug}")


@contextmanager
def _kept(call: Call, slug: str, text: str) -> Iterator[None]:
    """Keep what was typed in a private file for as long as it is not saved, and say where when it can't be."""
    from console.clock import utc_now
    from console.private import delete_private, write_private

    path = call.config.paths.drafts / f"agent-{slug}-{utc_now():%Y%m%dT%H%M%S}.toml"
    write_private(path, text.encode())
    try:
        yield
    except BaseException as error:
        call.out.say(f"Your text is kept in {path}")
        if isinstance(error, ConsoleError):
            error.hint = f"mend it, then: console agent edit {slug} --file '{path}'"
        raise
    delete_private(path)


def read_document(name: str) -> str:
    """The text of a document given by its path, or `-` for stdin; `InvalidInputError` when it is none."""
    try:
        data = sys.stdin.buffer.read(_MAX_BYTES + 1) if name == "-" else _bytes(Path(name))
    except OSError as error:
        raise InvalidInputError(f"{one_line(name)} can't be read: {error.strerror}") from None
    if len(data) > _MAX_BYTES:
        raise InvalidInputError(f"{one_line(name)} has more than {_MAX_BYTES:,} bytes")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidInputError(f"{one_line(name)} is not UTF-8 text", hint="save it again as UTF-8") from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MAX_BYTES + 1)
