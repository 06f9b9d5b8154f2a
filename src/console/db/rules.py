"""The tenant wall as rules over catalogue facts: each returns what is wrong, in words, and nothing when all is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from console.db.catalogue import APP, DEFINERS, GATEWAY, OWNER, Policy, Table

GLOBAL_TABLES: Final = frozenset(
    {
        "users", "sessions", "recovery_codes", "login_attempts", "auth_secrets", "embedding_models",
        "model_prices", "plans", "plan_limits", "schema_migrations",
    }
)  # fmt: skip
"""The tables that belong to no workspace."""

UNIQUE_EXCEPTIONS: Final = frozenset({"workspaces_slug"})
"""The unique indexes of tenant tables that do not begin with the tenant."""

IMMUTABLE: Final = frozenset({"agent_versions", "agent_version_answers", "usage_events", "audit_events", "audit_texts"})
"""The tables to which the app adds and in which it changes nothing."""

ACTING: Final = frozenset({APP, GATEWAY, OWNER})
_TENANT = "({key} = (NULLIF(current_setting('app.workspace_id'::text, true), ''::text))::uuid)"
_FORBIDDEN = frozenset({"TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"})
_NO_ACTION, _CASCADE = "a", "c"

Rule = Callable[[Table], Iterator[str]]


def _row_security(table: Table) -> Iterator[str]:
    if not table.secured:
        yield "row security is not enabled"


def _forced(table: Table) -> Iterator[str]:
    if not table.forced:
        yield "row security is not forced on the owner"


def _tenant_policy(table: Table) -> Iterator[str]:
    form = _TENANT.format(key=table.key)
    wanted = Policy("tenant", permissive=False, command="ALL", roles=ACTING, using=form, check=form)
    if wanted not in table.policies:
        yield "the restrictive tenant policy is missing or not of the one form"


def _permissive_policies(table: Table) -> Iterator[str]:
    allowed = Policy("allowed", permissive=True, command="ALL", roles=ACTING, using="true", check="true")
    if allowed not in table.policies:
        yield "the permissive policy beside it is missing"
    for policy in table.policies:
        if policy.permissive and policy != allowed and not _for_a_definer(policy):
            yield f"policy {policy.name} opens the table further"


def _for_a_definer(policy: Policy) -> bool:
    return len(policy.roles) == 1 and policy.roles <= set(DEFINERS) and policy.command in {"SELECT", "DELETE", "UPDATE"}


def _primary_key(table: Table) -> Iterator[str]:
    if not any(index.primary and index.columns[0] == table.key for index in table.uniques):
        yield "the primary key is not led by the workspace"


def _unique_indexes(table: Table) -> Iterator[str]:
    for index in table.uniques:
        if index.columns[0] != table.key and index.name not in UNIQUE_EXCEPTIONS:
            yield f"{index.name} is unique across workspaces"


def _foreign_keys(table: Table) -> Iterator[str]:
    for key in table.foreign_keys:
        tenant = (table.key, "id" if key.target == "workspaces" else "workspace_id")
        if key.target not in GLOBAL_TABLES and tenant not in key.pairs:
            yield f"{key.name} does not carry the workspace on both sides"
        if key.on_delete not in {_NO_ACTION, _CASCADE}:
            yield f"{key.name} would set a column of the key to null"


def _grants(table: Table) -> Iterator[str]:
    for role, right in sorted(table.rights):
        if role == "PUBLIC" or (role != table.owner and right in _FORBIDDEN):
            yield f"{role} has {right}"


def _owner(table: Table) -> Iterator[str]:
    if table.owner != OWNER:
        yield f"the owner is {table.owner}"


def _no_triggers(table: Table) -> Iterator[str]:
    yield from (f"trigger {name}" for name in table.triggers)


def _immutable(table: Table) -> Iterator[str]:
    for role, right in sorted(table.rights):
        if role in {APP, GATEWAY} and right not in {"SELECT", "INSERT"}:
            yield f"{role} has {right}"


RULES: Final[dict[str, Rule]] = {
    "row_security": _row_security,
    "forced": _forced,
    "tenant_policy": _tenant_policy,
    "permissive_policies": _permissive_policies,
    "primary_key": _primary_key,
    "unique_indexes": _unique_indexes,
    "foreign_keys": _foreign_keys,
    "grants": _grants,
    "owner": _owner,
    "no_triggers": _no_triggers,
}


def complaints(table: Table) -> dict[str, list[str]]:
    """What is wrong with the table, by rule; an unknown table without a workspace breaks the rule `tenant_key`."""
    if not table.is_tenants:
        return {"tenant_key": ["it belongs to no workspace and is not listed as global"]}
    found = {name: list(rule(table)) for name, rule in RULES.items()}
    if table.name in IMMUTABLE:
        found["immutable"] = list(_immutable(table))
    return found
