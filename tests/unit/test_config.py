from __future__ import annotations

from pathlib import Path

import pytest

from console.config import Config, load_config
from console.errors import ExitCode, UsageError

SECRET = "hunter2-secret"


def load(tmp_path: Path, text: str = "", **env: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(text)
    return load_config({"CONSOLE_DATA_DIR": str(tmp_path / "data"), **env}, file)


def test_environment_beats_file_beats_default(tmp_path: Path) -> None:
    text = 'theme = "light"\nascii = true\n[gateway]\nport = 9000\nhost = "::1"\n'
    config = load(tmp_path, text, CONSOLE_GATEWAY_PORT="9001", CONSOLE_THEME="Dark", DATABASE_URL="")
    assert (config.gateway_port, config.gateway_host, config.theme) == (9001, "::1", "dark")
    assert config.ascii
    assert config.database_url is None


def test_state_lies_under_a_data_dir_of_ones_own(tmp_path: Path) -> None:
    assert load(tmp_path).paths.state == tmp_path / "data" / "state"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('theme = "dark"\n[gatewy]\nport = 1\n', "line 3: unknown key gatewy.port"),
        ('[database]\nurl = "x"\nurll = "x"\n', "line 3: unknown key database.urll"),
        ('[gateway]\nport = "80"\n', "line 2: gateway.port must be a whole number, not text"),
        ("ascii = 1\n", "line 1: ascii must be true or false, not a whole number"),
        ('\n\ntheme = "pink"\n', "line 3: theme must be one of auto, dark, light"),
        ("[gateway]\nport = 70000\n", "line 2: gateway.port must be a port"),
        ("theme = \n", "line 1"),
        (f"password = '{SECRET}'\n", "unknown key password"),
        (f"[openai]\napi_key = ['{SECRET}']\n", "line 2: openai.api_key must be text, not a list"),
    ],
)
def test_a_broken_file_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert says in caught.value.message
    assert str(tmp_path / "config.toml") in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_near_miss_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, "[gateway]\nprot = 1\n")
    assert caught.value.hint == "did you mean gateway.port?"


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="CONSOLE_GATEWAY_PORT must be a whole number"):
        load(tmp_path, CONSOLE_GATEWAY_PORT="http")


def test_a_file_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such config file"):
        load_config({"CONSOLE_CONFIG": str(tmp_path / "none.toml")})


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_bytes(b"theme = '\xff'")
    with pytest.raises(UsageError, match="not UTF-8"):
        load_config({}, tmp_path / "c.toml")


def test_secrets_stay_out_of_the_repr(tmp_path: Path) -> None:
    names = ("DATABASE_URL", "OPENAI_API_KEY", "CONSOLE_PASSWORD", "CONSOLE_SESSION_TOKEN", "CONSOLE_TOTP")
    config = load(tmp_path, **dict.fromkeys(names, SECRET))
    assert config.password == SECRET
    assert SECRET not in repr(config)


@pytest.mark.parametrize(
    ("env", "plain"),
    [
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"LC_ALL": "de_DE.UTF-8", "LANG": "C"}, False),
        ({"LANG": "C", "CONSOLE_ASCII": "no"}, False),
        ({}, False),
    ],
)
def test_a_c_locale_means_ascii(tmp_path: Path, env: dict[str, str], plain: bool) -> None:
    assert load(tmp_path, **env).ascii is plain
