from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from console.db.embedded.roles import ROLES_SQL
from console.db.embedded.server import EmbeddedServer, ServerUrls
from tests.db.embedded_support import ask, do

GROUPS = ("console_owner", "console_app", "console_gateway", "console_search", "console_auth", "console_eraser")


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUrls]:
    server = EmbeddedServer(tmp_path_factory.mktemp("roles"))
    yield server.start()
    server.destroy()


def test_no_role_of_ours_can_do_more_than_it_needs(urls: ServerUrls) -> None:
    found = ask(
        urls.superuser,
        """SELECT jsonb_object_agg(rolname, concat_ws(' ',
               CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN rolcreaterole THEN 'createrole' END,
               CASE WHEN rolsuper OR rolbypassrls OR rolcreatedb OR rolreplication THEN 'power' END))
           FROM pg_roles WHERE rolname LIKE 'console%'""",
    )
    assert found == dict.fromkeys(GROUPS, "") | {
        "console_migrator": "login createrole",
        "console_app_login": "login",
        "console_gateway_login": "login",
    }


def test_each_login_is_a_member_of_its_group_alone(urls: ServerUrls) -> None:
    statement = """SELECT jsonb_agg(g.rolname) FROM pg_roles g
                   WHERE g.rolname LIKE 'console%' AND g.rolname <> current_user
                     AND pg_has_role(current_user, g.oid, 'MEMBER')"""
    assert ask(urls.app, statement) == ["console_app"]
    assert ask(urls.gateway, statement) == ["console_gateway"]


def test_the_migrator_can_do_what_migrations_need(urls: ServerUrls) -> None:
    with psycopg.connect(urls.owner) as connection:
        for statement in (
            "CREATE EXTENSION IF NOT EXISTS vector",
            "CREATE SCHEMA product AUTHORIZATION console_owner",
            "GRANT USAGE, CREATE ON SCHEMA product TO console_search",
            "CREATE ROLE console_late NOLOGIN",
            "SET ROLE console_owner",
            "CREATE TABLE product.chunks (id int, v public.halfvec(3))",
            "CREATE FUNCTION product.search() RETURNS bigint LANGUAGE sql SECURITY DEFINER RETURN 7",
            "GRANT SELECT ON product.chunks TO console_search",
            "RESET ROLE",
            "ALTER FUNCTION product.search() OWNER TO console_search",
            *(f"SET LOCAL ROLE {group}" for group in GROUPS),
            "RESET ROLE",
        ):
            connection.execute(statement.encode())
        assert connection.execute("SELECT product.search()").fetchone() == (7,)
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.t (id int)",
        "CREATE TEMPORARY TABLE t (id int)",
        "CREATE SCHEMA s",
        "CREATE ROLE r",
        "CREATE DATABASE d",
        "SET ROLE console_owner",
        "SELECT pg_read_file('postgresql.conf')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
def test_app_and_gateway_are_refused(urls: ServerUrls, statement: str) -> None:
    for url in (urls.app, urls.gateway):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            do(url, statement)


def test_another_role_can_not_connect(urls: ServerUrls) -> None:
    do(urls.superuser, "CREATE ROLE stranger LOGIN PASSWORD 'x'")
    with psycopg.connect(urls.superuser) as connection:
        socket_dir = connection.info.host
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(host=socket_dir, port=5432, user="stranger", password="x", dbname="console")


def test_the_text_for_servers_of_your_own_may_run_again(urls: ServerUrls) -> None:
    do(urls.superuser, ROLES_SQL, ROLES_SQL)
    assert ask(urls.app, "SELECT 1") == 1
