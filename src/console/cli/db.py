"""`console db`: the schema, and the proof that no workspace sees another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from console.cli import db_plan
from console.cli.call import Call
from console.cli.parser import Parser
from console.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from console.db.embedded.server import ServerUrls
    from console.db.verify import TableReport


def register(noun: Parser) -> None:
    """Add the verbs of `console db`."""
    noun.verb("migrate", "bring the schema up to date, as its owner", _migrate, examples=[("console db migrate", "")])
    noun.verb("status", "versions, and the migrations to come", _status, examples=[("console db status --json", "")])
    noun.verb(
        "verify",
        "prove that no workspace sees another's rows, table by table",
        _verify,
        examples=[("console db verify", "exit code 1 when a check fails")],
    )
    plan = noun.verb(
        "plan", "list the plans, or put a workspace on one, as the server's owner", db_plan.plan,
        examples=[("console db plan", "all plans"), ("console db plan acme business", "put acme on business")],
    )  # fmt: skip
    plan.add_argument("slug", metavar="SLUG", nargs="?", help="a workspace")
    plan.add_argument("plan", metavar="PLAN", nargs="?", help="the plan to put it on")


def _migrate(call: Call) -> None:
    from console.db.migrate import migrate

    with owner_url(call, "only the owner can migrate", "console db migrate") as url:
        applied = migrate(url)
    if call.out.json:
        call.out.data({"applied": applied})
        return
    for name in applied:
        call.out.text(name)
    call.out.say(f"{len(applied)} applied" if applied else "the schema is up to date")


def _status(call: Call) -> None:
    from console.db.check import server_facts

    with _app_url(call) as url:
        facts = server_facts(url)
    if call.out.json:
        call.out.data(facts)
        return
    call.out.text(f"server    PostgreSQL {facts.server_version}")
    call.out.text(f"pgvector  {facts.pgvector_version or 'not there'}")
    call.out.text(f"schema    {facts.schema_version or 'none yet'}")
    call.out.text(f"pending   {', '.join(facts.pending) or 'nothing'}")


def _verify(call: Call) -> int:
    from console.db.verify import verify

    with _app_url(call) as url:
        proof = verify(url)
    if call.out.json:
        call.out.data({"ok": proof.ok, "tables": list(map(_plain, proof.tables)), "database": _plain(proof.database)})
    else:
        reports = (proof.database, *proof.tables)
        call.out.table(("table", "checks", "result"), [_line(report) for report in reports])
        call.out.say("every workspace sees only itself" if proof.ok else "the wall between workspaces has holes")
    return ExitCode.OK if proof.ok else ExitCode.REFUSED


def _plain(report: TableReport) -> dict[str, object]:
    return {"table": report.table, "checks": report.checks, "ok": report.ok, "problems": report.problems}


def _line(report: TableReport) -> tuple[str, int, str]:
    name = report.table if report.table != "database" else "(database)"
    return name, len(report.checks), "ok" if report.ok else "; ".join(report.problems)


@contextmanager
def _app_url(call: Call) -> Iterator[str]:
    if call.config.database_url:
        yield call.config.database_direct_url or call.config.database_url
        return
    with _embedded(call) as urls:
        yield urls.app


@contextmanager
def owner_url(call: Call, why: str, command: str) -> Iterator[str]:
    """The address of the database as its owner's login; `UsageError`, which says why, where that is not known."""
    if call.config.database_owner_url:
        yield call.config.database_owner_url
        return
    if call.config.database_url:
        raise UsageError(
            f"{why}, and DATABASE_OWNER_URL is not set",
            hint=f"DATABASE_OWNER_URL=postgresql://owner@host/name {command}",
        )
    with _embedded(call) as urls:
        yield urls.owner


@contextmanager
def _embedded(call: Call) -> Iterator[ServerUrls]:
    from console.db.embedded.server import EmbeddedServer

    with EmbeddedServer(call.config.data_dir) as urls:
        yield urls
