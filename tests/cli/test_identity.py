"""A beginning for a real user, from the command line: init, sign-in, people, workspaces, agents."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from console.db.embedded.server import EmbeddedServer, ServerUrls
from console.db.migrate import migrate
from console.ids import new_id
from tests.cli.terminal import COMMAND, Terminal, run, scratch_env

PASSWORD = "correct horse"
NEWCOMER = "battery staple"


class Site:
    """A fresh database with its first workspace, and a home for each person at it."""

    def __init__(self, urls: ServerUrls, folder: Path) -> None:
        self.urls = urls
        self.folder = folder

    def call(self, who: str, *words: str, stdin: str = "", **env: str) -> CompletedProcess[str]:
        home = self.folder / who
        home.mkdir(exist_ok=True)
        return run(home, *words, stdin=stdin, env={"DATABASE_URL": self.urls.app, **env})

    def json(self, who: str, *words: str, **more: str) -> Any:
        done = self.call(who, *words, "--json", **more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def refusal(self, code: int, who: str, *words: str, **more: str) -> str:
        """The first line of a refusal that has this exit code, no output and no traceback."""
        done = self.call(who, *words, **more)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert "Traceback" not in done.stderr
        return next(line for line in done.stderr.splitlines() if line.startswith("console: error: "))


@pytest.fixture(scope="module")
def site(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    name = f"identity_{new_id().hex[-12:]}"
    urls = server.create_database(name)
    migrate(urls.owner)
    site = Site(urls, tmp_path_factory.mktemp("homes"))
    words = ("init", "--name", "Acme Shop", "--email", "olivia@acme.test", "--owner", "Olivia Marsh", "--agent", "Help")
    made = site.json("olivia", *words, CONSOLE_PASSWORD=PASSWORD)
    assert (made["workspace"]["slug"], made["agent"]["slug"]) == ("acme-shop", "help")
    for who, role in (("vera", "viewer"), ("adam", "admin")):
        site.json("olivia", "user", "add", f"{who}@acme.test", "--role", role, CONSOLE_NEW_PASSWORD=NEWCOMER)
        site.json(who, "login", f"{who}@acme.test", CONSOLE_PASSWORD=NEWCOMER)
    yield site
    server.drop_database(name)


def test_whoever_began_is_signed_in_by_a_private_file(site: Site) -> None:
    me = site.json("olivia", "whoami")
    assert (me["email"], me["workspace"], me["role"]) == ("olivia@acme.test", "acme-shop", "owner")
    (token,) = (site.folder / "olivia").rglob("*.token")
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert stat.S_IMODE(token.parent.stat().st_mode) == 0o700


def test_whoever_begins_a_server_is_not_limited(site: Site) -> None:
    metrics = site.json("olivia", "quota", "check")["metrics"]
    assert [(each["metric"], each["hard"]) for each in metrics] == [("answers", None), ("tokens", None)]


def test_a_server_is_begun_once(site: Site) -> None:
    words = ("init", "--name", "Other", "--email", "other@x.test", "--owner", "Other")
    assert "set up already" in site.refusal(5, "other", *words, CONSOLE_PASSWORD=PASSWORD)


def test_where_nobody_is_set_up_the_way_is_init(server: EmbeddedServer, tmp_path: Path) -> None:
    name = f"identity_{new_id().hex[-12:]}"
    urls = server.create_database(name)
    try:
        migrate(urls.owner)
        for env in ({}, {"CONSOLE_SESSION_TOKEN": "of a server that was"}):
            done = run(tmp_path, "whoami", env={"DATABASE_URL": urls.app, **env})
            assert (done.returncode, done.stderr.splitlines()[1]) == (4, "  try: console init")
    finally:
        server.drop_database(name)


def test_where_somebody_is_the_way_is_login(site: Site) -> None:
    assert "try: console login" in site.call("nobody", "whoami").stderr


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (("",), ""),
        (("Acme", "olivia"), "'olivia' is no e-mail address"),
        (("Acme", "olivia@acme.test", "Olivia", "short"), "the password has fewer than 8 characters"),
    ],
)
def test_each_answer_is_looked_at_when_given(tmp_path: Path, answers: tuple[str, ...], told: str) -> None:
    terminal = Terminal([*COMMAND, "init"], scratch_env(tmp_path))
    for answer, question in zip(answers, ("workspace:", "e-mail:", "]:", "password:"), strict=False):
        terminal.wait_for(question)
        terminal.type(f"{answer}\n")
    if not told:
        terminal.wait_for("\r\nName of the workspace:")
        terminal.type("\x03")
        assert terminal.finish() == 130
        return
    assert terminal.finish() == 1
    assert told in terminal.text


@pytest.mark.parametrize("text", ["name = ", 'name = "Help', "[persona"])
def test_a_document_cut_short_is_told_plainly(site: Site, text: str) -> None:
    told = site.refusal(1, "adam", "agent", "edit", "help", "--file", "-", stdin=text)
    assert told.endswith("line 1: this is no TOML: the text ends too early")


def test_login_and_logout(site: Site) -> None:
    assert "nobody was signed in" in site.call("mia", "logout").stdout
    site.json("adam", "user", "add", "mia@acme.test", "--name", "Mia", CONSOLE_NEW_PASSWORD=NEWCOMER)
    signed = site.json("mia", "login", "mia@acme.test", CONSOLE_PASSWORD=NEWCOMER)
    assert (signed["workspace"], signed["role"], signed["workspaces"]) == ("acme-shop", "member", ["acme-shop"])
    assert "readable by you only" in signed["kept_in"]
    assert site.json("mia", "whoami")["role"] == "member"
    assert site.json("mia", "logout") == {"signed_out": True}
    assert "not signed in" in site.refusal(4, "mia", "whoami")


@pytest.mark.parametrize("email", ["vera@acme.test", "nobody@acme.test"])
@pytest.mark.parametrize("password", ["wrong", "x" * 100_000])
def test_a_wrong_password_is_one_line_and_exit_4(site: Site, email: str, password: str) -> None:
    told = site.refusal(4, "nobody", "login", email, CONSOLE_PASSWORD=password)
    assert told == "console: error: wrong e-mail, password or code"


def test_the_environment_signs_in_and_leaves_no_session(site: Site) -> None:
    env = {"CONSOLE_EMAIL": "vera@acme.test", "CONSOLE_PASSWORD": NEWCOMER}
    assert site.json("script", "whoami", **env)["email"] == "vera@acme.test"
    assert not list((site.folder / "script").rglob("*.token"))
    assert "not signed in" in site.refusal(4, "script", "whoami")
    assert "wrong e-mail, password or code" in site.refusal(
        4, "script", "whoami", **{**env, "CONSOLE_PASSWORD": "wrong"}
    )
    (token,) = (site.folder / "adam").rglob("*.token")
    given = token.read_text().strip()
    assert site.json("script", "whoami", CONSOLE_SESSION_TOKEN=given)["email"] == "adam@acme.test"
    assert "not signed in" in site.refusal(4, "script", "whoami", CONSOLE_SESSION_TOKEN=given[::-1])


def test_without_a_terminal_nothing_is_asked(site: Site) -> None:
    for words in (("login",), ("login", "vera@acme.test"), ("init",), ("user", "add", "new@acme.test")):
        assert "no terminal to ask on" in site.refusal(2, "olivia", *words)


def test_passwords_are_asked_for_on_a_terminal_and_not_shown(site: Site) -> None:
    home = site.folder / "vera at a terminal"
    home.mkdir()
    terminal = Terminal([*COMMAND, "login"], scratch_env(home, DATABASE_URL=site.urls.app))
    terminal.wait_for("E-mail:")
    terminal.type("vera@acme.test\n")
    terminal.wait_for("Password:")
    terminal.type(f"{NEWCOMER}\n")
    assert terminal.finish() == 0
    assert "signed in: vera" in terminal.text
    assert NEWCOMER not in terminal.text


def test_workspaces_are_made_switched_and_listed(site: Site) -> None:
    site.json("adam", "workspace", "create", "lab", "--name", "The Lab")
    assert "taken" in site.refusal(5, "olivia", "workspace", "create", "lab")
    assert "is no slug" in site.refusal(1, "olivia", "workspace", "create", "The Lab")
    assert site.json("adam", "workspace", "switch", "lab") == {"workspace": "lab", "role": "owner"}
    assert site.json("adam", "whoami")["workspace"] == "lab"
    assert site.json("adam", "whoami", "--workspace", "acme-shop")["role"] == "admin"
    listed = site.json("adam", "workspace", "list")["workspaces"]
    assert [(w["waiting"], w["failing_sources"], w["trouble"]) for w in listed] == [(0, 0, None)] * 2
    assert [(w["slug"], w["role"], w["active"]) for w in listed] == [
        ("acme-shop", "admin", False),
        ("lab", "owner", True),
    ]
    site.json("adam", "workspace", "switch", "acme-shop")
    # a workspace that is there and not mine reads as one that is nowhere
    there = site.refusal(5, "olivia", "whoami", "--workspace", "lab")
    assert there == site.refusal(5, "olivia", "whoami", "--workspace", "lob").replace("lob", "lab")


def test_members_are_listed_and_nobody_rises_above_the_giver(site: Site) -> None:
    people = {m["email"]: m["role"] for m in site.json("vera", "member", "list")["members"]}
    assert (
        people.items() >= {"olivia@acme.test": "owner", "adam@acme.test": "admin", "vera@acme.test": "viewer"}.items()
    )
    assert "EMAIL" not in site.call("vera", "member", "list").stdout
    words = ("user", "add", "new@acme.test", "--role", "owner")
    assert "can't make anybody owner" in site.refusal(4, "adam", *words, CONSOLE_NEW_PASSWORD=NEWCOMER)
    assert "needs the role admin" in site.refusal(4, "vera", *words, CONSOLE_NEW_PASSWORD=NEWCOMER)
    again = ("user", "add", "vera@acme.test")
    assert "member already" in site.refusal(5, "olivia", *again, CONSOLE_NEW_PASSWORD=NEWCOMER)
    assert "72" in site.refusal(1, "olivia", "user", "add", "new@acme.test", CONSOLE_NEW_PASSWORD="€" * 25)


def test_an_agent_is_made_edited_published_and_rolled_back(site: Site, tmp_path: Path) -> None:
    made = site.json("adam", "agent", "create", "desk", "--name", "Desk")
    assert (made["published_version"], made["draft_revision"]) == (None, 1)
    assert made["public_key"].startswith("pk_")
    assert "desk" in site.refusal(5, "adam", "agent", "create", "desk")
    first = site.json("adam", "agent", "publish", "desk", "--note", "first")
    assert (first["version"], first["previous"], first["live"]) == (1, None, True)
    assert "nothing to publish" in site.refusal(1, "adam", "agent", "publish", "desk")
    file = tmp_path / "desk.toml"
    file.write_text(site.call("adam", "agent", "show", "desk", "--toml").stdout.replace('tone = ""', 'tone = "warm"'))
    edited = site.json("adam", "agent", "edit", "desk", "--file", str(file))
    assert edited == {"agent": "desk", "draft_revision": 2, "changed": True}
    assert "changed by adam since" in site.refusal(5, "adam", "agent", "edit", "desk", "--file", str(file))
    shown = site.json("vera", "agent", "show", "desk")
    assert (shown["settings"]["persona"]["tone"], shown["changed_since_publish"]) == ("warm", True)
    assert site.json("adam", "agent", "publish", "desk", "--note", "warmer")["version"] == 2
    assert site.json("adam", "agent", "rollback", "desk", "--note", "too warm")["version"] == 1
    versions = site.json("vera", "agent", "versions", "desk")["versions"]
    assert [(v["version"], v["note"], v["author"], v["live"]) for v in versions] == [
        (2, "warmer", "adam", False), (1, "first", "adam", True),
    ]  # fmt: skip
    assert {"help", "desk"} <= {a["slug"] for a in site.json("vera", "agent", "list")["agents"]}


def editor(folder: Path, code: str) -> str:
    """An editor that runs Python on the text: `text` in, `text` out."""
    script = folder / "editor.py"
    script.write_text(
        f"import sys, pathlib\np = pathlib.Path(sys.argv[1])\ntext = p.read_text()\n{code}\np.write_text(text)\n"
    )
    return f"'{sys.executable}' '{script}'"


def test_the_draft_opens_in_the_editor(site: Site, tmp_path: Path) -> None:
    site.json("adam", "agent", "create", "pen", "--name", "Pen")
    same = site.json("adam", "agent", "edit", "pen", EDITOR=editor(tmp_path, ""))
    assert same == {"agent": "pen", "draft_revision": 1, "changed": False}
    change = 'text = text.replace(\'system_prompt = """\\n\', \'system_prompt = """\\nBe brief.\\n\')'
    assert site.json("adam", "agent", "edit", "pen", EDITOR=editor(tmp_path, change))["changed"]
    assert site.json("adam", "agent", "show", "pen")["settings"]["system_prompt"] == "Be brief.\n"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("text = text + 'nme = 3\\n'", "scheduling.nme is no setting"),
        ("text = text.replace('0.2 ', '7 ')", "model_config.temperature must be a number from 0 to 2, not 7"),
        ("text = text + '['", "this is no TOML"),
    ],
)
def test_words_that_can_not_be_saved_are_kept_and_found_again(site: Site, tmp_path: Path, code: str, told: str) -> None:
    slug = f"kept-{new_id().hex[-6:]}"
    site.json("adam", "agent", "create", slug)
    done = site.call("adam", "agent", "edit", slug, EDITOR=editor(tmp_path, code))
    assert done.returncode == 1
    assert told in done.stderr
    assert "line " in done.stderr
    (kept,) = (site.folder / "adam").rglob(f"agent-{slug}-*.toml")
    assert f"Your text is kept in {kept}" in done.stderr
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    mended = kept.read_text().replace("nme = 3", "").replace("= 7 ", "= 1 ").rstrip("[")
    kept.write_text(mended.replace(f'name = "{slug}"', 'name = "Mended"'))
    assert site.json("adam", "agent", "edit", slug, "--file", str(kept))["changed"]


def test_an_edit_overtaken_while_the_editor_is_open_is_kept(site: Site, tmp_path: Path) -> None:
    site.json("adam", "agent", "create", "race")
    other = tmp_path / "other.toml"
    other.write_text('name = "Somebody else\'s"\n')
    meanwhile = (
        "import subprocess\n"
        f"subprocess.run({[*COMMAND, 'agent', 'edit', 'race', '--file', str(other)]!r}, check=True,"
        " stdout=subprocess.DEVNULL)\n"
        "text = text.replace('name = \"race\"', 'name = \"Mine\"')"
    )
    done = site.call("adam", "agent", "edit", "race", EDITOR=editor(tmp_path, meanwhile))
    assert done.returncode == 5, done.stderr
    assert "changed by adam since" in done.stderr
    (kept,) = (site.folder / "adam").rglob("agent-race-*.toml")
    assert 'name = "Mine"' in kept.read_text()
    assert site.json("adam", "agent", "show", "race")["name"] == "Somebody else's"


@pytest.mark.parametrize("verb", ["show", "edit", "publish", "rollback", "versions"])
def test_an_unknown_agent_is_exit_5(site: Site, verb: str) -> None:
    assert "no agent 'nobody'" in site.refusal(5, "adam", "agent", verb, "nobody", EDITOR="true")


def test_a_viewer_changes_no_agent(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('name = "Mine now"')
    for words in (("publish", "help"), ("rollback", "help"), ("edit", "help", "--file", str(file)), ("create", "mine")):
        assert "needs the role admin" in site.refusal(4, "vera", "agent", *words)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 3_000_000])
def test_a_file_that_is_no_document_is_refused(site: Site, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    site.refusal(1, "adam", "agent", "edit", "help", "--file", str(file))
    site.refusal(1, "adam", "agent", "edit", "help", "--file", str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("url", "code", "told"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", 3, "can't be reached"),
        ("postgresql:///none?host=/nonexistent", 3, "can't be reached"),
        ("mysql://x", 3, ""),
        ("nonsense", 3, ""),
    ],
)
def test_a_server_that_is_not_there_is_exit_3(site: Site, url: str, code: int, told: str) -> None:
    for words in (("whoami",), ("agent", "list")):
        assert told in site.refusal(code, "vera", *words, DATABASE_URL=url, CONSOLE_SESSION_TOKEN="x")


def test_a_server_that_would_not_hold_the_wall_is_refused(site: Site) -> None:
    for url in (site.urls.superuser, site.urls.owner):
        told = site.refusal(1, "vera", "whoami", DATABASE_URL=url, CONSOLE_SESSION_TOKEN="x")
        assert "one workspace could see another's rows" in told


def test_documents_come_from_a_file_or_from_stdin(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    file.write_text('name = "From a file"\n[persona]\ntone = "dry"\n')
    assert site.json("adam", "agent", "create", "filed", "--file", str(file))["name"] == "From a file"
    assert site.json("adam", "agent", "edit", "filed", "--file", "-", stdin='name = "Piped"')["changed"]
    shown = site.json("adam", "agent", "show", "filed")
    assert (shown["name"], shown["settings"]["persona"]["tone"]) == ("Piped", "")
    assert "line 1: this is no TOML" in site.refusal(1, "adam", "agent", "create", "filed2", "--file", "-", stdin="= 3")


def test_what_a_terminal_could_obey_is_shown_as_text(site: Site) -> None:
    document = 'name = "a\\u202eb"\nsystem_prompt = "\\u001b]0;x\\u0007\\u009b31m"'
    site.json("adam", "agent", "create", "nasty", "--file", "-", stdin=document)
    for words in (("agent", "list"), ("agent", "show", "nasty"), ("agent", "show", "nasty", "--json")):
        shown = site.call("adam", *words).stdout
        assert not set(shown) & set("\x1b\x07\u202e\x9b")


PROBE = """
import contextlib, io, json, sys
from console.cli.main import main
with contextlib.redirect_stdout(io.StringIO()):
    code = main(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize("words", [["whoami"], ["agent", "list"], ["agent", "show", "help"], ["member", "list"]])
def test_a_verb_pays_for_no_screen_no_queue_and_no_model(site: Site, words: list[str]) -> None:
    env = scratch_env(site.folder / "vera", DATABASE_URL=site.urls.app)
    done = subprocess.run([sys.executable, "-c", PROBE, *words], env=env, capture_output=True, text=True, check=True)
    code, loaded = json.loads(done.stdout)
    assert code == 0
    assert not set(loaded) & {
        "textual",
        "openai",
        "onnxruntime",
        "numpy",
        "procrastinate",
        "httpx",
        "bcrypt",
        "keyring",
    }


def test_all_of_it_on_the_embedded_server_asked_at_a_terminal(tmp_path: Path) -> None:
    data = tmp_path / "data"
    env = {"CONSOLE_DATA_DIR": str(data)}
    try:
        terminal = Terminal([*COMMAND, "init"], scratch_env(tmp_path, **env))
        for question, answer in (
            ("Name of the workspace:", "Acme"), ("Your e-mail:", "olivia@acme.test"), ("Your name [olivia]:", ""),
            ("New password:", PASSWORD), ("The same again:", PASSWORD),
        ):  # fmt: skip
            terminal.wait_for(question)
            terminal.type(f"{answer}\n")
        assert terminal.finish() == 0, terminal.text
        assert PASSWORD not in terminal.text
        me = json.loads(run(tmp_path, "whoami", "--json", env=env).stdout)
        assert (me["name"], me["workspace"], me["role"]) == ("olivia", "acme", "owner")
        assert "version 1 live" in run(tmp_path, "agent", "list", env=env).stdout
        words = ("init", "--name", "Acme", "--email", "olivia@acme.test", "--owner", "Olivia")
        assert run(tmp_path, *words, env={**env, "CONSOLE_PASSWORD": PASSWORD}).returncode == 5
    finally:
        EmbeddedServer(data).destroy()
