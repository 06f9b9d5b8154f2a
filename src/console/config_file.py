"""The configuration file: TOML, read to a flat table of dotted keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from console.errors import UsageError

_SECTION = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_ENTRY = re.compile(r"\s*([\w.\"'-]+)\s*=")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a configuration file says, by dotted key (`gateway.port`)."""

    path: Path
    values: dict[str, object]
    text: str = ""

    def where(self, key: str) -> str:
        """The file, and the line of `key` as far as it can be told, for an error message."""
        line = _line_of(self.text, key)
        return f"{self.path} line {line}" if line else str(self.path)


def read_config_file(path: Path, *, required: bool) -> ConfigFile:
    """Read the file; `UsageError` when it is unreadable, is no TOML, or is missing although `required`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if not required:
            return ConfigFile(path, {})
        raise UsageError(f"{path}: no such config file", hint="console paths  shows which file is read") from None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}", hint="mend its permissions") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", hint="save it again as UTF-8") from None
    return ConfigFile(path, dict(_flat(_parsed(path, text))), text)


def _parsed(path: Path, text: str) -> dict[str, object]:
    import tomllib  # most have no such file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{path} is no valid TOML: {error}", hint='a line reads  theme = "dark"  with text in quotes'
        ) from None


def _flat(table: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _line_of(text: str, key: str) -> int | None:
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if opened := _SECTION.match(line):
            section = opened[1] + "."
        elif entry := _ENTRY.match(line):
            name = section + re.sub("[\"']", "", entry[1])
            if key == name or key.startswith(name + "."):
                return number
    return None
