"""The job queue's own schema, as its library ships it, in the schema `jobs`: installed whole, upgraded in steps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

PREFIX = "jobs_"
_STEP = re.compile(r"^(\d+)\.(\d+)\.(\d+)_\d+_(?:pre|post)_\w+\.sql$")

Version = tuple[int, ...]


def name() -> str:
    """The migration's name, with the library's version in it."""
    return PREFIX + version("procrastinate")


def install() -> str:
    """The SQL that makes the whole schema, and lets the app and the gateway use it."""
    return f"""
        SET LOCAL ROLE console_owner;
        CREATE SCHEMA jobs;
        SET LOCAL search_path = jobs;
        {(_folder() / "schema.sql").read_text("utf-8")}
        {_GRANTS}
    """


def upgrade(applied: str) -> str:
    """The SQL that brings the schema of an older migration (its name) up to the library's version."""
    since = _version(applied.removeprefix(PREFIX))
    steps = [path for path in sorted((_folder() / "migrations").iterdir()) if _newer(path.name, since)]
    done = "\n".join(path.read_text("utf-8") for path in steps)
    return f"SET LOCAL ROLE console_owner; SET LOCAL search_path = jobs;\n{done}\n{_GRANTS}"


def older(applied: Iterable[str]) -> str | None:
    """The newest applied migration of an older version of the library, or None."""
    now = _version(version("procrastinate"))
    found = [one for one in applied if one.startswith(PREFIX) and _version(one.removeprefix(PREFIX)) < now]
    return max(found, key=lambda one: _version(one.removeprefix(PREFIX)), default=None)


_GRANTS = """
        GRANT USAGE ON SCHEMA jobs TO console_app, console_gateway;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO console_app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO console_app, console_gateway;
        GRANT INSERT, SELECT (id) ON procrastinate_jobs TO console_gateway;
        GRANT INSERT ON procrastinate_events TO console_gateway;
"""


def _newer(file: str, since: Version) -> bool:
    step = _STEP.match(file)
    return step is not None and tuple(map(int, step.groups())) > since


def _version(text: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _folder() -> Path:
    """The library's SQL, found beside its code: to import it takes a third of a second, at every start."""
    from importlib.util import find_spec

    found = find_spec("procrastinate")
    assert found is not None  # noqa: S101 - a dependency
    return Path(*found.submodule_search_locations or ()) / "sql"
