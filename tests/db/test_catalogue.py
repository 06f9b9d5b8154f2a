"""The wall as text: policies, grants, indexes, CHECKs and functions, compared with `catalogue.txt` beside this file.

After a change that is meant: CONSOLE_WRITE_CATALOGUE=1 pytest tests/db/test_catalogue.py, then read the diff.
"""

# ruff: noqa: E501 - statements read best one a line
from __future__ import annotations

import difflib
import os
from pathlib import Path

import psycopg
import pytest

from console.db.embedded.server import ServerUrls

SNAPSHOT = Path(__file__).with_name("catalogue.txt")

_ROLE_OF = "coalesce((SELECT rolname FROM pg_roles WHERE oid = g.grantee), 'PUBLIC')"
_OURS = "relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
SECTIONS = {
    "tables: owner, row security": f"""
        SELECT relname || ': ' || pg_get_userbyid(relowner) || CASE WHEN relrowsecurity THEN ', enabled' ELSE '' END
            || CASE WHEN relforcerowsecurity THEN ', forced' ELSE '' END
        FROM pg_class WHERE {_OURS}""",
    "policies": """
        SELECT format('%s.%s: %s %s to %s%s%s', tablename, policyname, lower(permissive), cmd,
            array_to_string(ARRAY(SELECT unnest(roles) ORDER BY 1), ', '),
            E'\\n      using ' || qual, E'\\n      check ' || with_check)
        FROM pg_policies WHERE schemaname = 'public'""",
    "grants on tables": f"""
        SELECT format('%s: %s has %s', relname, {_ROLE_OF}, string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type))
        FROM pg_class c, aclexplode(c.relacl) AS g
        WHERE {_OURS} AND g.grantee <> c.relowner GROUP BY relname, g.grantee""",
    "grants on columns": f"""
        SELECT format('%s: %s has %s (%s)', relname, {_ROLE_OF}, g.privilege_type, string_agg(attname, ', ' ORDER BY attnum))
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) AS g
        WHERE {_OURS} GROUP BY relname, g.grantee, g.privilege_type""",
    "grants on schemas": f"""
        SELECT format('%s: %s has %s', nspname, {_ROLE_OF}, string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type))
        FROM pg_namespace n, aclexplode(n.nspacl) AS g
        WHERE nspname IN ('public', 'jobs') GROUP BY nspname, g.grantee""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "checks": """
        SELECT format('%s.%s: %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE contype = 'c' AND connamespace = 'public'::regnamespace""",
    "foreign keys": """
        SELECT format('%s.%s: %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
        WHERE contype = 'f' AND connamespace = 'public'::regnamespace""",
    "functions": f"""
        SELECT format('%s: %s%s, %s%s%s', p.oid::regprocedure, pg_get_userbyid(proowner),
            CASE WHEN prosecdef THEN ', definer' ELSE '' END,
            CASE provolatile WHEN 'v' THEN 'volatile' WHEN 's' THEN 'stable' ELSE 'immutable' END,
            ', ' || array_to_string(proconfig, ', '),
            E'\\n      executed by ' || CASE WHEN proacl IS NULL THEN 'PUBLIC' ELSE
                (SELECT string_agg({_ROLE_OF}, ', ' ORDER BY g.grantee::regrole::text) FROM aclexplode(proacl) AS g) END)
        FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')""",
}


def catalogue(url: str) -> str:
    lines = []
    with psycopg.connect(url) as connection:
        for title, query in SECTIONS.items():
            found = sorted(row[0] for row in connection.execute(query.encode()).fetchall())
            lines += [title, *(f"  {fact}" for fact in found), ""]
    return "\n".join(lines)


def test_the_catalogue_is_as_it_was_agreed(urls: ServerUrls) -> None:
    found = catalogue(urls.superuser)
    if os.environ.get("CONSOLE_WRITE_CATALOGUE") == "1":
        SNAPSHOT.write_text(found, "utf-8")
    agreed = SNAPSHOT.read_text("utf-8")
    if agreed != found:
        diff = difflib.unified_diff(agreed.splitlines(), found.splitlines(), "agreed", "found", lineterm="", n=0)
        pytest.fail("\n".join(diff), pytrace=False)
