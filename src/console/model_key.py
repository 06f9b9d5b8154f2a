"""The model endpoint of this server, from its settings, and where the key to it comes from."""

from __future__ import annotations

from pathlib import Path

from console.config import Config
from console.domain.model import DEFAULT_CHAT, OPENAI_URL, Endpoint, ModelDefaults, check_base_url
from console.errors import InvalidInputError, RefusedError, UsageError

KEYRING_NAME = "openai"


def model_defaults(config: Config) -> ModelDefaults:
    """What the settings say of models; no endpoint where neither an address nor a key is set.

    The key is that of the environment (or the config file), else the keyring's, else the key file's. Raises
    `UsageError` for an address that is none, `RefusedError` for a key file that is missing or not private.
    """
    hosts = frozenset(host.strip().lower() for host in config.model_private_hosts.split(",") if host.strip())
    return ModelDefaults(
        endpoint=_endpoint(config),
        chat=config.model_chat or DEFAULT_CHAT,
        embedding=config.model_embedding or "",
        private_hosts=hosts,
        seconds=config.model_seconds,
    )


def _endpoint(config: Config) -> Endpoint | None:
    if not (config.openai_base_url or config.openai_api_key or config.openai_key_file or config.model_chat):
        return None
    try:
        base_url = check_base_url(config.openai_base_url or OPENAI_URL)
    except InvalidInputError as error:
        raise UsageError(f"OPENAI_BASE_URL: {error.message}", hint=error.hint) from None
    return Endpoint(base_url=base_url, key=_key(config))


def _key(config: Config) -> str | None:
    if config.openai_api_key:
        return config.openai_api_key.strip()
    from console.keychain import kept_secret

    return kept_secret(KEYRING_NAME) or (_from_file(config.openai_key_file) if config.openai_key_file else None)


def _from_file(name: str) -> str:
    from console.private import read_private

    path = Path(name).expanduser().absolute()
    # whoever names a file may name a symlink: secrets are often mounted as such
    text = read_private(path.resolve())
    if not text or not text.strip():
        raise RefusedError(f"there is no key in {path}", hint="mend OPENAI_API_KEY_FILE")
    return text.decode("utf-8", "replace").strip()
