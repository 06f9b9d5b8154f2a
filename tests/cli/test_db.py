"""`console db` from the outside: its words, its JSON, its exit codes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from tests.cli.terminal import run
from tests.safety.rows import TENANT_TABLES


@pytest.fixture
def fresh(server: EmbeddedServer) -> Iterator[ServerUrls]:
    """An empty database."""
    name = f"cli_{os.getpid()}"
    yield server.create_database(name)
    server.drop_database(name)


def _env(urls: ServerUrls) -> dict[str, str]:
    return {"DATABASE_URL": urls.app, "DATABASE_OWNER_URL": urls.owner}


def test_migrate_status_and_verify(tmp_path: Path, fresh: ServerUrls) -> None:
    before = json.loads(run(tmp_path, "db", "status", "--json", env=_env(fresh)).stdout)
    assert before["schema_version"] is None
    assert before["pending"]
    applied = json.loads(run(tmp_path, "db", "migrate", "--json", env=_env(fresh)).stdout)
    assert applied == {"applied": before["pending"]}
    again = run(tmp_path, "db", "migrate", env=_env(fresh))
    assert (again.returncode, again.stdout) == (0, "")
    after = json.loads(run(tmp_path, "db", "status", "--json", env=_env(fresh)).stdout)
    assert set(after) == {"server_version", "pgvector_version", "schema_version", "pending"}
    assert after["pending"] == []
    proof = run(tmp_path, "db", "verify", "--json", env=_env(fresh))
    shown = json.loads(proof.stdout)
    assert (proof.returncode, shown["ok"]) == (0, True)
    assert {table["table"] for table in shown["tables"]} == set(TENANT_TABLES)
    assert all(table["ok"] and all(table["checks"].values()) for table in shown["tables"])


def test_a_hole_is_a_line_and_exit_1(tmp_path: Path, fresh: ServerUrls) -> None:
    run(tmp_path, "db", "migrate", env=_env(fresh))
    with psycopg.connect(fresh.superuser, autocommit=True) as connection:
        connection.execute("DROP POLICY tenant ON messages")
    done = run(tmp_path, "db", "verify", env=_env(fresh))
    assert done.returncode == 1
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "tenant_policy" in lines["messages"]
    assert "reads_nothing" in lines["messages"]
    assert lines["drafts"].endswith("ok")


@pytest.mark.parametrize("verb", ["status", "verify", "migrate"])
def test_no_server_is_exit_3(tmp_path: Path, verb: str) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    done = run(tmp_path, "db", verb, env={"DATABASE_URL": nowhere, "DATABASE_OWNER_URL": nowhere})
    assert done.returncode == 3
    assert "can't be reached" in done.stderr


def test_verify_asks_for_the_schema_first(tmp_path: Path, fresh: ServerUrls) -> None:
    done = run(tmp_path, "db", "verify", env=_env(fresh))
    assert done.returncode == 1
    assert "console db migrate" in done.stderr


def test_only_the_owner_migrates(tmp_path: Path, fresh: ServerUrls) -> None:
    assert run(tmp_path, "db", "migrate", env={"DATABASE_URL": fresh.app}).returncode == 2
    done = run(tmp_path, "db", "migrate", env={"DATABASE_URL": fresh.app, "DATABASE_OWNER_URL": fresh.app})
    assert done.returncode == 1
    assert "may not migrate" in done.stderr
