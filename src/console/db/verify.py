"""`console db verify`: the tenant wall proven from the catalogue, then tried, table by table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.db import catalogue, probe
from console.db.check import facts, require_schema, role_problem
from console.db.link import direct
from console.db.rules import GLOBAL_TABLES, complaints

if TYPE_CHECKING:
    from psycopg import Connection


@dataclass(frozen=True, slots=True)
class TableReport:
    """What was shown for one table, or for the database as a whole; `problems` says what failed, in words."""

    table: str
    checks: dict[str, bool]
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(self.checks.values())


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown for the database itself, and for each of its tables."""

    database: TableReport
    tables: tuple[TableReport, ...]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return self.database.ok and all(table.ok for table in self.tables)


_FUNCTIONS = """
SELECT p.oid::regprocedure::text, pg_get_userbyid(p.proowner) = ANY (%s),
    EXISTS (SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=%%'),
    p.proacl IS NOT NULL AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) AS granted WHERE granted.grantee = 0)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
_LEAKPROOF = """
SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.proleakproof AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
_VIEWS = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND (c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce(c.reloptions, '{}') && '{security_invoker=true,security_invoker=on}')
"""  # noqa: E501
_STRONG_ROLES = """
SELECT rolname FROM pg_roles
WHERE rolname LIKE 'console\\_%%' AND (rolsuper OR rolbypassrls)
   OR rolname = ANY (%s) AND rolcanlogin
   OR rolname <> current_user AND rolname = ANY (%s) AND pg_has_role(current_user, oid, 'MEMBER')
"""
_CREATORS = """
SELECT n.nspname || ' by ' || r.rolname FROM pg_namespace n, pg_roles r
WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema' AND r.rolname = ANY (%s)
  AND has_schema_privilege(r.oid, n.oid, 'CREATE')
"""


def verify(url: str) -> Proof:
    """Prove the wall as the app role of `url`: from the catalogue, then by trying each table; keeps nothing it writes.

    Raises `ConnectionFailedError` when the server can't be reached, `RefusedError` when its schema is another.
    """
    with direct(url) as connection, connection.transaction(force_rollback=True):
        require_schema(facts(connection))
        tables = [table for table in catalogue.tables(connection) if table.name not in GLOBAL_TABLES]
        found = {table.name: complaints(table) for table in tables}
        tried = probe.prepare(connection, tables)
        for table in tried.sampler.tables:
            found[table.name] |= tried.attempts(table)
        return Proof(_database(connection), tuple(_report(name, checks) for name, checks in found.items()))


def _report(name: str, checks: dict[str, list[str]]) -> TableReport:
    problems = tuple(f"{check}: {problem}" for check, found in checks.items() for problem in found)
    return TableReport(name, {check: not found for check, found in checks.items()}, problems)


def _database(connection: Connection[Any]) -> TableReport:
    def names(query: str, *params: Any) -> list[str]:
        return [row[0] for row in connection.execute(query.encode(), params).fetchall()]

    problem = role_problem(connection)
    definers, acting = list(catalogue.DEFINERS), [catalogue.APP, catalogue.GATEWAY]
    functions = connection.execute(_FUNCTIONS.encode(), (definers,)).fetchall()
    return _report(
        "database",
        {
            "role": [problem] if problem else [],
            "definer_owner": [name for name, owned, _, _ in functions if not owned],
            "definer_search_path": [name for name, _, fixed, _ in functions if not fixed],
            "definer_execute": [name for name, _, _, closed in functions if not closed],
            "no_leakproof": names(_LEAKPROOF),
            "views": names(_VIEWS),
            "strong_roles": names(_STRONG_ROLES, definers, definers),
            "schemas": names(_CREATORS, acting),
        },
    )
