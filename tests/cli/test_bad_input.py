"""Bad input: one clear line, at most one mend, nothing on stdout, the right exit code, nothing half done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import load, migrate
from console.ids import new_id
from tests.cli.office import PASSWORD, Office, open_office, refusal
from tests.cli.terminal import run


@pytest.fixture(scope="module")
def office(urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return open_office(urls, tmp_path_factory.mktemp("office"))


@pytest.fixture
def other(server: EmbeddedServer) -> Iterator[ServerUrls]:
    """An empty database."""
    name = f"bad_{new_id().hex[-12:]}"
    yield server.create_database(name)
    server.drop_database(name)


def test_a_wrong_password(office: Office) -> None:
    email = office.json("mia", "whoami")["email"]
    env = {"CONSOLE_EMAIL": email, "CONSOLE_PASSWORD": f"{PASSWORD}!"}
    assert "wrong e-mail, password or code" in office.refused(4, "nobody", "conv", "list", **env)


def test_no_such_conversation(office: Office) -> None:
    told = office.refused(5, "mia", "conv", "show", "0197f3c2-0000-7000-8000-000000000000")
    assert "there is no conversation 0197f3c2" in told


@pytest.mark.parametrize("id", ["nonsense", "", "\x1b[2J"])
def test_what_is_no_id_at_all(office: Office, id: str) -> None:
    told = office.refused(2, "mia", "conv", "show", id)
    assert "is no conversation id" in told
    assert "\x1b" not in told


def test_held_by_another(office: Office) -> None:
    id = office.talk("hello")
    office.out("mia", "conv", "claim", id)
    assert "Mia has held it since" in office.refused(5, "max", "conv", "claim", id)


@pytest.mark.parametrize(("stdin", "says"), [(b"", "empty message"), (b"x" * 1_000_000, "more than 80,000 bytes")])
def test_a_message_that_is_none(office: Office, stdin: bytes, says: str) -> None:
    id = office.talk("hello")
    office.out("mia", "conv", "claim", id)
    assert says in office.refused(1, "mia", "conv", "send", id, "-", stdin=stdin)
    assert len(office.json("mia", "conv", "show", id)["messages"]) == 1


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x00", b""])
def test_a_file_that_is_no_text(office: Office, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.md"
    file.write_bytes(content)
    told = office.refused(1, "olivia", "source", "add", "file", str(file), "--wait")
    assert "notes.md is no text file" in told or "notes.md holds no text" in told
    assert "no file" in office.refused(5, "olivia", "source", "add", "file", str(tmp_path / "nowhere.md"))


def test_a_server_that_is_not_there(office: Office) -> None:
    dead = "postgresql://nobody:secret-word@127.0.0.1:1/none"
    told = office.refused(3, "mia", "conv", "list", DATABASE_URL=dead)
    assert "can't be reached" in told
    assert "secret-word" not in told


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("theme = [", "no valid TOML"),
        ("theme = 3", "theme"),
        ("thme = 'dark'", "unknown key thme"),
        ("\x00", ""),
        ("\xff", ""),
    ],
)
def test_a_broken_config_file(office: Office, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "console.toml"
    file.write_bytes(text.encode("latin-1"))
    told = office.refused(2, "mia", "conv", "list", CONSOLE_CONFIG=str(file))
    assert str(file) in told
    assert says in told


def test_an_older_schema(office: Office, other: ServerUrls) -> None:
    migrate(other.owner, load()[:5])
    assert "console db migrate" in office.refused(1, "mia", "conv", "list", DATABASE_URL=other.app)
    done = run(office.home, "db", "migrate", env={"DATABASE_URL": other.app, "DATABASE_OWNER_URL": other.owner})
    assert done.returncode == 0, done.stderr
    assert "not signed in" in office.refused(4, "mia", "conv", "list", DATABASE_URL=other.app)


def test_a_newer_schema(office: Office, other: ServerUrls) -> None:
    migrate(other.owner)
    with psycopg.connect(other.owner) as connection:
        connection.execute("INSERT INTO schema_migrations (name, checksum) VALUES ('0999_later.sql', 'x')")
    told = office.refused(1, "mia", "conv", "list", DATABASE_URL=other.app)
    assert "the database's schema is newer" in told
    assert "install the newer version" in told
    env = {"DATABASE_URL": other.app, "DATABASE_OWNER_URL": other.owner}
    assert "install the newer version" in refusal(1, run(office.home, "db", "migrate", env=env))


def test_a_login_that_would_not_hold_the_wall(office: Office) -> None:
    told = office.refused(1, "mia", "conv", "list", DATABASE_URL=office.urls.superuser)
    assert "one workspace could see another's rows" in told
