"""Which endpoint, key and model are in force, who may change them, and where a key may never be seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.config import load_config
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.model import Endpoint, ModelDefaults, ModelSettings
from console.errors import InvalidInputError, NotAllowedError, NotFoundError, RefusedError, SealError, UsageError
from console.model_key import model_defaults
from console.seal import Seal
from console.services.credentials import Credentials
from console.services.models import Models, fixed
from tests.ai.endpoint import FakeEndpoint, reply
from tests.ai.house import KEY, QUESTION, defaults, models, open_house, with_models
from tests.world import make_world

OWN = "sk-own-of-the-workspace-7777"


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return Seal(tmp_path / "keys" / "sealing.key")


async def test_a_workspaces_own_endpoint_and_key_answer(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, seal: Seal, tmp_path: Path
) -> None:
    house = await open_house(db, gateway_db, endpoint, tmp_path)
    endpoint.says = lambda _body: reply("30 days.", 1)
    nowhere = ModelDefaults(
        endpoint=Endpoint(base_url="http://127.0.0.1:1/v1", key=KEY), private_hosts=frozenset({"127.0.0.1"})
    )
    own = with_models(house, models(db, nowhere, seal))
    await own.models.change(house.world.admin, ModelSettings(base_url=endpoint.base_url, default="our-model"))
    assert (await own.ask(QUESTION))[-1] == ("assistant", "30 days.")
    assert endpoint.calls[-1]["model"] == "our-model"
    assert endpoint.keys[-1] == "Bearer none", "the server's key never goes to an address that a tenant named"
    await Credentials(db, seal).set(house.world.admin, "openai", OWN)
    await own.ask(QUESTION)
    assert endpoint.keys[-1] == f"Bearer {OWN}"


async def test_a_tenant_can_not_point_the_server_inside(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, tmp_path: Path
) -> None:
    house = await open_house(db, gateway_db, endpoint, tmp_path)
    before = len(endpoint.calls)
    await house.models.change(house.world.admin, ModelSettings(base_url=endpoint.base_url))
    await house.ask(QUESTION)
    assert len(endpoint.calls) == before
    assert "private address" in (await house.last_run()).error


async def test_the_workspaces_key_comes_before_the_servers(db: Database, endpoint: FakeEndpoint, seal: Seal) -> None:
    world = await make_world(db)
    found = models(db, defaults(endpoint), seal)
    for key in (KEY, OWN):
        await found.reach(world.workspace_id)
        assert endpoint.keys[-1] == f"Bearer {key}"
        await Credentials(db, seal).set(world.admin, "openai", OWN)


async def test_a_key_is_set_shown_in_part_and_removed(db: Database, seal: Seal) -> None:
    world = await make_world(db)
    credentials = Credentials(db, seal)
    assert await credentials.all(world.admin) == ()
    first = await credentials.set(world.admin, "openai", KEY + "\n")
    assert (first.kind, first.last_characters) == ("openai", "cdef")
    again = await credentials.set(world.owner, "openai", OWN)
    assert [one.last_characters for one in await credentials.all(world.admin)] == ["7777"]
    assert again.age.total_seconds() == 0
    short = await credentials.set(world.admin, "openai", "short")
    assert short.last_characters == ""
    await credentials.remove(world.admin, "openai")
    with pytest.raises(NotFoundError):
        await credentials.remove(world.admin, "openai")
    async with db.read(world.workspace_id) as tx:
        acts = await tx.rows("SELECT action FROM audit_events WHERE workspace_id = :ws ORDER BY seq")
    assert [act.action for act in acts if "credential" in act.action][:3] == ["credential.set"] * 3


async def test_members_neither_see_nor_set_keys_and_models(db: Database, seal: Seal) -> None:
    world = await make_world(db)
    for call in (
        Credentials(db, seal).all(world.member),
        Credentials(db, seal).set(world.member, "openai", KEY),
        Credentials(db, seal).remove(world.member, "openai"),
        Models(db).change(world.member, ModelSettings(default="x")),
    ):
        with pytest.raises(NotAllowedError):
            await call


@pytest.mark.parametrize("secret", ["", "  ", "two words", "ä" * 20, "x" * 1001, "a\x00b"])
async def test_what_can_be_no_key(db: Database, seal: Seal, secret: str) -> None:
    world = await make_world(db)
    with pytest.raises(InvalidInputError):
        await Credentials(db, seal).set(world.admin, "openai", secret)
    with pytest.raises(InvalidInputError):
        await Credentials(db, seal).set(world.admin, "nothing", KEY)


async def test_a_moved_or_lost_key_is_told_and_hands_over(
    db: Database, gateway_db: Database, endpoint: FakeEndpoint, seal: Seal, tmp_path: Path, urls: ServerUrls
) -> None:
    import psycopg

    house = await open_house(db, gateway_db, endpoint, tmp_path)
    other = await make_world(db)
    await Credentials(db, seal).set(other.admin, "openai", KEY)
    await Credentials(db, seal).set(house.world.admin, "openai", OWN)
    with psycopg.connect(urls.superuser) as connection:
        connection.execute(
            "UPDATE workspace_credentials a SET sealed = b.sealed FROM workspace_credentials b"
            " WHERE a.workspace_id = %s AND b.workspace_id = %s",
            (house.world.workspace_id, other.workspace_id),
        )
    broken = with_models(house, models(db, defaults(endpoint), seal))
    with pytest.raises(SealError):
        await broken.models.in_force(house.world.workspace_id)
    calls = len(endpoint.calls)
    await broken.ask(QUESTION)
    assert len(endpoint.calls) == calls
    assert await broken.said_reason() == "tool_failure"
    assert "changed or moved" in (await broken.last_run()).error


async def test_a_planted_key_is_nowhere_in_the_database(db: Database, seal: Seal, urls: ServerUrls) -> None:
    import psycopg

    world = await make_world(db)
    await Credentials(db, seal).set(world.admin, "openai", KEY)
    await Models(db).change(world.admin, ModelSettings(default="m"))
    with psycopg.connect(urls.superuser) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert {("public.workspace_credentials",), ("jobs.procrastinate_jobs",)} <= set(tables)
        for (table,) in tables:
            found = connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall()
            assert all(KEY not in row and KEY.encode().hex() not in row for (row,) in found), table


async def test_allowed_models_hold_for_agents() -> None:
    settings = ModelSettings(default="a", allowed=("a", "b"))
    assert [settings.chosen(name, "c") for name in ("", "a", "b", "c")] == ["a", "a", "b", "a"]
    assert ModelSettings().chosen("x", "c") == "x"
    assert ModelSettings().chosen("", "c") == "c"
    assert ModelSettings(allowed=("b",)).chosen("", "c") == "b"


@pytest.mark.parametrize(
    "settings",
    [
        ModelSettings(base_url="ftp://x/v1"), ModelSettings(base_url="https://"), ModelSettings(base_url="nonsense"),
        ModelSettings(base_url="https://me:secret@host/v1"), ModelSettings(base_url="https://a\\@b/v1"),
        ModelSettings(base_url="https://host/v1?x=1"), ModelSettings(base_url="https://host:99999/v1"),
        ModelSettings(default="two words"), ModelSettings(default="c", allowed=("a", "b")),
        ModelSettings(embedding="x" * 201), ModelSettings(allowed=("",)),
    ],
)  # fmt: skip
async def test_settings_that_can_not_be(db: Database, settings: ModelSettings) -> None:
    world = await make_world(db)
    with pytest.raises(InvalidInputError):
        await Models(db).change(world.admin, settings)


async def test_settings_beside_it_stay(db: Database) -> None:
    world = await make_world(db)
    async with db.write(world.workspace_id) as tx:
        await tx.execute("UPDATE workspaces SET settings = '{\"other\": 1}' WHERE id = :ws")
    kept = await Models(db).change(world.admin, ModelSettings(base_url="https://host/v1/", allowed=("a", "a")))
    assert (kept.base_url, kept.allowed) == ("https://host/v1", ("a",))
    assert (await Models(db, None, fixed(ModelDefaults())).settings(world.viewer)).settings == kept
    async with db.read(world.workspace_id) as tx:
        stored = await tx.scalar("SELECT settings FROM workspaces WHERE id = :ws")
    assert stored["other"] == 1


def test_the_servers_key_comes_from_environment_or_file(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[model]\nchat = "our-model"\nembedding = "e"\n')
    keyed = tmp_path / "key"
    keyed.write_text(f"{KEY}\n")
    keyed.chmod(0o600)

    def given(**env: str) -> ModelDefaults:
        return model_defaults(load_config({"HOME": str(tmp_path), **env}, tmp_path / "c.toml"))

    both = given(OPENAI_API_KEY=OWN, OPENAI_API_KEY_FILE=str(keyed), OPENAI_BASE_URL="http://h:1/v1/")
    assert both.endpoint == Endpoint(base_url="http://h:1/v1", key=OWN)
    assert (both.chat, both.embedding) == ("our-model", "e")
    from_file = given(OPENAI_API_KEY_FILE=str(keyed)).endpoint
    assert from_file is not None
    assert from_file.key == KEY
    assert KEY not in repr(from_file) + repr(both)
    with pytest.raises(RefusedError):
        given(OPENAI_API_KEY_FILE=str(tmp_path / "none"))
    keyed.chmod(0o644)
    with pytest.raises(RefusedError):
        given(OPENAI_API_KEY_FILE=str(keyed))
    with pytest.raises(UsageError):
        given(OPENAI_BASE_URL="nonsense")
    (tmp_path / "c.toml").write_text("")
    assert given().endpoint is None
    assert json.dumps(given().chat) == '"gpt-4o-mini"'
