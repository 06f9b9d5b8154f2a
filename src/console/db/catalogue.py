"""What the server's catalogue says about each table: the facts that the tenant wall rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

APP, GATEWAY, OWNER = "console_app", "console_gateway", "console_owner"
DEFINERS = ("console_search", "console_auth", "console_eraser")


@dataclass(frozen=True, slots=True)
class Policy:
    """A row security policy, its expressions as the server writes them."""

    name: str
    permissive: bool
    command: str
    roles: frozenset[str]
    using: str | None
    check: str | None


@dataclass(frozen=True, slots=True)
class Unique:
    """A unique index (the primary key too): its columns in order, an expression as an empty name."""

    name: str
    primary: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key: pairs of (column, referenced column), and what a deletion does (`pg_constraint.confdeltype`)."""

    name: str
    target: str
    pairs: tuple[tuple[str, str], ...]
    on_delete: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the schema `public`; `rights` holds (role, privilege), of a column too."""

    name: str
    owner: str
    columns: tuple[str, ...]
    secured: bool
    forced: bool
    triggers: tuple[str, ...]
    policies: tuple[Policy, ...]
    uniques: tuple[Unique, ...]
    foreign_keys: tuple[ForeignKey, ...]
    rights: frozenset[tuple[str, str]]

    @property
    def key(self) -> str:
        """The column that names the tenant."""
        return "id" if self.name == "workspaces" else "workspace_id"

    @property
    def is_tenants(self) -> bool:
        """Whether each row belongs to one workspace."""
        return self.name == "workspaces" or "workspace_id" in self.columns


_TABLES = """
SELECT c.relname, pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
    ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum),
    ARRAY(SELECT tgname::text FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal ORDER BY 1)
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f', 'm')
ORDER BY 1
"""  # noqa: E501
_POLICIES = """
SELECT tablename, policyname, permissive = 'PERMISSIVE', cmd, roles::text[], qual, with_check
FROM pg_policies WHERE schemaname = 'public' ORDER BY 1, 2
"""
_UNIQUES = """
SELECT i.indrelid::regclass::text, c.relname, i.indisprimary, ARRAY(
    SELECT coalesce(a.attname::text, '') FROM unnest(i.indkey[:i.indnkeyatts - 1]) WITH ORDINALITY AS k (num, n)
    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num AND k.num > 0 ORDER BY k.n)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace ORDER BY 1, 2
"""
_FOREIGN_KEYS = """
SELECT k.conrelid::regclass::text, k.conname, k.confrelid::regclass::text, k.confdeltype::text,
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS c (num, n)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.num ORDER BY c.n),
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS c (num, n)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.num ORDER BY c.n)
FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace ORDER BY 1, 2
"""
_RIGHTS = """
WITH acls AS (
    SELECT c.oid, c.relname, c.relacl AS acl FROM pg_class c
    UNION ALL
    SELECT c.oid, c.relname, a.attacl FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
)
SELECT DISTINCT acls.relname, coalesce(r.rolname, 'PUBLIC'), granted.privilege_type
FROM acls JOIN pg_class t ON t.oid = acls.oid AND t.relnamespace = 'public'::regnamespace,
    aclexplode(acls.acl) AS granted LEFT JOIN pg_roles r ON r.oid = granted.grantee
"""


def tables(connection: Connection[Any]) -> tuple[Table, ...]:
    """Every table of the schema `public`, by name."""
    policies = _grouped(connection, _POLICIES, lambda n, p, cmd, roles, u, w: Policy(n, p, cmd, frozenset(roles), u, w))
    uniques = _grouped(connection, _UNIQUES, lambda name, primary, cols: Unique(name, primary, tuple(cols)))
    keys = _grouped(
        connection,
        _FOREIGN_KEYS,
        lambda name, to, gone, a, b: ForeignKey(name, to, tuple(zip(a, b, strict=True)), gone),
    )
    rights = _grouped(connection, _RIGHTS, lambda role, right: (role, right))
    return tuple(
        Table(
            name, owner, tuple(columns), secured, forced, tuple(triggers),
            tuple(policies.get(name, ())), tuple(uniques.get(name, ())), tuple(keys.get(name, ())),
            frozenset(rights.get(name, ())),
        )
        for name, owner, secured, forced, columns, triggers in connection.execute(_TABLES).fetchall()
    )  # fmt: skip


def _grouped(connection: Connection[Any], query: str, make: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for table, *rest in connection.execute(query.encode()).fetchall():
        found.setdefault(table, []).append(make(*rest))
    return found
