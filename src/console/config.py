"""The settings of this process: from the environment, else the config file, else the defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from console import paths
from console.config_file import ConfigFile, read_config_file
from console.errors import UsageError

_WORDS = {str: "text", int: "a whole number", bool: "true or false", float: "a number", list: "a list"}
_TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_MAX_PORT = 65535
_MAX_COUNT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything this process was told. Passwords, keys and URLs that carry them are left out of its repr."""

    paths: paths.Paths
    database_url: str | None = field(default=None, repr=False)
    database_direct_url: str | None = field(default=None, repr=False)
    database_owner_url: str | None = field(default=None, repr=False)
    database_gateway_url: str | None = field(default=None, repr=False)
    openai_base_url: str | None = field(default=None, repr=False)
    openai_api_key: str | None = field(default=None, repr=False)
    openai_key_file: str | None = None
    model_chat: str | None = None
    model_embedding: str | None = None
    model_seconds: int = 45
    model_private_hosts: str = ""
    fetch_private: str = ""
    source_folders: str = ""
    session_token: str | None = field(default=None, repr=False)
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    totp: str | None = field(default=None, repr=False)
    workspace: str | None = None
    key_file: str | None = None
    gateway_host: str = "127.0.0.1"
    gateway_port: int = 8484
    gateway_url: str | None = None
    gateway_messages: int = 60
    gateway_reads: int = 600
    gateway_typing: int = 60
    gateway_openings: int = 60
    gateway_requests: int = 6000
    gateway_starts: int = 600
    gateway_address_streams: int = 100
    gateway_address_connections: int = 200
    gateway_connections: int = 1000
    gateway_trusted_proxies: str = ""
    theme: str = "auto"
    ascii: bool = False
    notify: str = "bell"
    log_level: str = "info"

    @property
    def data_dir(self) -> Path:
        """The folder of the bundled database and the models."""
        return self.paths.data

    @property
    def gateway_address(self) -> str:
        """Where a visitor reaches the gateway, without a slash at the end."""
        return (self.gateway_url or f"http://{self.gateway_host}:{self.gateway_port}").rstrip("/")


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its field in `Config`, its variable, its key in the file (none: never kept in a file).

    A whole number is a port, unless `most` says how large a count it may be, from 1.
    """

    field: str
    env: str
    key: str | None = None
    kind: type = str
    choices: tuple[str, ...] = ()
    most: int | None = None


OPTIONS = (
    Option("database_url", "DATABASE_URL", "database.url"),
    Option("database_direct_url", "DATABASE_DIRECT_URL", "database.direct_url"),
    Option("database_owner_url", "DATABASE_OWNER_URL", "database.owner_url"),
    Option("database_gateway_url", "DATABASE_GATEWAY_URL", "database.gateway_url"),
    Option("openai_base_url", "OPENAI_BASE_URL", "openai.base_url"),
    Option("openai_api_key", "OPENAI_API_KEY", "openai.api_key"),
    Option("openai_key_file", "OPENAI_API_KEY_FILE", "openai.key_file"),
    Option("model_chat", "CONSOLE_MODEL_CHAT", "model.chat"),
    Option("model_embedding", "CONSOLE_MODEL_EMBEDDING", "model.embedding"),
    Option("model_seconds", "CONSOLE_MODEL_SECONDS", "model.seconds", int, most=600),
    Option("model_private_hosts", "CONSOLE_MODEL_PRIVATE_HOSTS", "model.private_hosts"),
    Option("fetch_private", "CONSOLE_FETCH_PRIVATE", "fetch.private"),
    Option("source_folders", "CONSOLE_SOURCE_FOLDERS", "source.folders"),
    Option("session_token", "CONSOLE_SESSION_TOKEN"),
    Option("email", "CONSOLE_EMAIL"),
    Option("password", "CONSOLE_PASSWORD"),
    Option("totp", "CONSOLE_TOTP"),
    Option("workspace", "CONSOLE_WORKSPACE", "workspace"),
    Option("data_dir", "CONSOLE_DATA_DIR", "data_dir"),
    Option("key_file", "CONSOLE_KEY_FILE", "key_file"),
    Option("gateway_host", "CONSOLE_GATEWAY_HOST", "gateway.host"),
    Option("gateway_port", "CONSOLE_GATEWAY_PORT", "gateway.port", int),
    Option("gateway_url", "CONSOLE_GATEWAY_URL", "gateway.url"),
    Option("gateway_messages", "CONSOLE_GATEWAY_MESSAGES", "gateway.messages", int, most=_MAX_COUNT),
    Option("gateway_reads", "CONSOLE_GATEWAY_READS", "gateway.reads", int, most=_MAX_COUNT),
    Option("gateway_typing", "CONSOLE_GATEWAY_TYPING", "gateway.typing", int, most=_MAX_COUNT),
    Option("gateway_openings", "CONSOLE_GATEWAY_OPENINGS", "gateway.openings", int, most=_MAX_COUNT),
    Option("gateway_requests", "CONSOLE_GATEWAY_REQUESTS", "gateway.requests", int, most=_MAX_COUNT),
    Option("gateway_starts", "CONSOLE_GATEWAY_STARTS", "gateway.starts", int, most=_MAX_COUNT),
    Option(
        "gateway_address_streams", "CONSOLE_GATEWAY_ADDRESS_STREAMS", "gateway.address_streams", int, most=_MAX_COUNT
    ),
    Option(
        "gateway_address_connections",
        "CONSOLE_GATEWAY_ADDRESS_CONNECTIONS",
        "gateway.address_connections",
        int,
        most=_MAX_COUNT,
    ),
    Option("gateway_connections", "CONSOLE_GATEWAY_CONNECTIONS", "gateway.connections", int, most=_MAX_COUNT),
    Option("gateway_trusted_proxies", "CONSOLE_GATEWAY_TRUSTED_PROXIES", "gateway.trusted_proxies"),
    Option("theme", "CONSOLE_THEME", "theme", str, ("auto", "dark", "light", "ansi")),
    Option("ascii", "CONSOLE_ASCII", "ascii", bool),
    Option("notify", "CONSOLE_NOTIFY", "notify", str, ("off", "bell", "desktop")),
    Option("log_level", "CONSOLE_LOG_LEVEL", "log_level", str, ("debug", "info", "warning", "error")),
)
_KEYS = {option.key: option for option in OPTIONS if option.key}


def load_config(env: Mapping[str, str] | None = None, path: Path | None = None) -> Config:
    """Gather the settings; `path` (else CONSOLE_CONFIG) names a config file that must then exist.

    `UsageError` names the file, line or variable that is wrong, and the mend. An empty variable counts as unset.
    """
    env = os.environ if env is None else env
    named = path or _path(env.get("CONSOLE_CONFIG"))
    file = read_config_file(named or paths.default_config_file(), required=named is not None)
    settings = {"ascii": _plain_locale(env)} | _from_file(file) | _from_environment(env)
    _check_reach(settings)
    return Config(paths=_paths(_path(settings.pop("data_dir", None)), file.path), **settings)


def _check_reach(settings: Mapping[str, Any]) -> None:
    """What may be fetched from is told wrong here, not by a worker that nobody looks at."""
    if settings.get("fetch_private") or settings.get("source_folders"):
        from console.addresses import Reach

        Reach.parse(settings.get("fetch_private", ""), settings.get("source_folders", ""))


def _paths(data: Path | None, config_file: Path) -> paths.Paths:
    if data:
        return paths.Paths(data, data / "state", config_file)
    return paths.Paths(paths.default_data_dir(), paths.default_state_dir(), config_file)


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser().absolute() if text else None


def _from_file(file: ConfigFile) -> dict[str, Any]:
    settings = {}
    for key, value in file.values.items():
        option = _KEYS.get(key) or _unknown(file, key)
        settings[option.field] = _checked(option, value, f"{file.where(key)}: {key}")
    return settings


def _unknown(file: ConfigFile, key: str) -> NoReturn:
    from difflib import get_close_matches

    close = get_close_matches(key, list(_KEYS), 1, 0.5)
    hint = f"did you mean {close[0]}?" if close else f"keys are {', '.join(_KEYS)}"
    raise UsageError(f"{file.where(key)}: unknown key {key}", hint=hint)


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    given = [option for option in OPTIONS if env.get(option.env)]
    return {option.field: _checked(option, _read(option, env[option.env]), option.env) for option in given}


def _read(option: Option, text: str) -> object:
    if option.kind is bool:
        return _TRUTH.get(text.strip().lower(), text)
    if option.kind is int and text.strip().isdecimal():
        return int(text)
    return text.lower() if option.choices else text


def _checked(option: Option, value: object, where: str) -> object:
    if type(value) is not option.kind:
        given = _WORDS.get(type(value), "something else")
        raise UsageError(f"{where} must be {_WORDS[option.kind]}, not {given}", hint="mend or remove it")
    if option.choices and value not in option.choices:
        raise UsageError(f"{where} must be one of {', '.join(option.choices)}", hint="mend or remove it")
    if option.kind is int:
        _check_range(option, int(str(value)), where)
    return value


def _check_range(option: Option, value: int, where: str) -> None:
    least, most, what = (0, _MAX_PORT, "a port, ") if option.most is None else (1, option.most, "")
    if not least <= value <= most:
        raise UsageError(f"{where} must be {what}{least} to {most}", hint="mend or remove it")


def _plain_locale(env: Mapping[str, str]) -> bool:
    """Whether the locale asks for ASCII; Python itself sets LC_CTYPE=C.UTF-8 over LANG=C (PEP 538)."""
    kind = env.get("LC_CTYPE", "")
    chosen = env.get("LC_ALL") or ("" if kind == "C.UTF-8" else kind) or env.get("LANG") or ""
    return chosen in {"C", "POSIX"}
