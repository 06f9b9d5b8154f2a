"""An agent's draft as a TOML document for a person's editor, and back. Pure: nothing here reads or writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.domain.agent_settings import SETTINGS, Setting, SettingError, check_settings
from console.errors import InvalidInputError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Item, Table

REVISION = "revision"
_LONG = 60
_BMP = 0xFFFF
_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]")
_ENTRY = re.compile(r"""\s*(["']?)([\w-]+)\1\s*(?:\.[^=]*)?=""")


@dataclass(frozen=True, slots=True)
class Edited:
    """What a document says: whole settings, and the revision of the draft it was made from, if it names one."""

    settings: dict[str, Any]
    revision: int | None


def to_toml(settings: Mapping[str, Any], slug: str, revision: int) -> str:
    """The document: every setting with what it is for, long text over several lines."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment(f"The draft of the agent {slug}. What is left out takes its default."))
    document.add(tomlkit.comment("Visitors meet it after a publish, not before."))
    document.add(REVISION, _commented(tomlkit.item(revision), "which draft this was made from; leave it as it is"))
    for name, setting in SETTINGS.items():
        document.add(tomlkit.nl())
        if isinstance(setting, Setting):
            _add(document, name, setting, settings[name])
            continue
        table = tomlkit.table()
        for key, inner in setting.items():
            _add(table, key, inner, settings[name][key])
        document.add(name, table)
    # all strings are basic ones, in which an editor may be shown an escape for what it could not show
    return "".join(map(_visible, tomlkit.dumps(document)))


def from_toml(text: str) -> Edited:
    """Read a document; `InvalidInputError` names the line and the key of what is wrong."""
    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

    try:
        given = tomlkit.parse(text).unwrap()
    except ParseError as error:
        raise InvalidInputError(f"line {error.line}: this is no TOML: {_reason(error, text)}", hint=_REMEDY) from None
    except TOMLKitError as error:
        raise InvalidInputError(f"this is no TOML: {error}", hint=_REMEDY) from None
    revision = given.pop(REVISION, None)
    if revision is not None and type(revision) is not int:
        raise InvalidInputError(f"{_place(text, REVISION)}{REVISION} must be a whole number", hint=_REMEDY)
    try:
        return Edited(check_settings(given), revision)
    except SettingError as error:
        raise InvalidInputError(f"{_place(text, error.key)}{error.message}", hint=error.hint) from None


_REMEDY = 'text stands in quotes: name = "Help", and over several lines in three of them'


def _add(parent: TOMLDocument | Table, key: str, setting: Setting, value: Any) -> None:
    import tomlkit

    if isinstance(value, list) and value:
        parent.add(tomlkit.comment(setting.help))
        parent.add(key, tomlkit.item(value) if isinstance(value[0], dict) else _lines(value))
        return
    if isinstance(value, str) and ("\n" in value or len(value) > _LONG or key == "system_prompt"):
        parent.add(tomlkit.comment(setting.help))
        parent.add(key, _long(value))
        return
    parent.add(key, _commented(tomlkit.item(value), setting.help))


def _commented(item: Item, comment: str) -> Item:
    item.comment(comment)
    return item


def _long(text: str) -> Item:
    """Text that begins on a line of its own: TOML takes the first line break for its own."""
    import tomlkit
    from tomlkit.items import String, StringType, Trivia

    inside = tomlkit.string(text, multiline=True).as_string()[3:-3]
    return String(StringType.MLB, text, inside if inside.startswith("\n") else f"\n{inside}", Trivia())


def _visible(character: str) -> str:
    if character == "\n" or character.isprintable():
        return character
    return f"\\u{ord(character):04X}" if ord(character) <= _BMP else f"\\U{ord(character):08X}"


def printable(text: str) -> str:
    """A document as somebody left it, with TOML's escapes for what an editor could not show; tabs stay."""
    return "".join(each if each == "\t" else _visible(each) for each in text.replace("\r\n", "\n"))


def _lines(items: list[str]) -> Item:
    import tomlkit

    array = tomlkit.array()
    array.extend(items)
    return array.multiline(True)


def _reason(error: Exception, text: str) -> str:
    from tomlkit.exceptions import UnexpectedEofError

    # tomlkit names the end of the text as a character \\x00
    if isinstance(error, UnexpectedEofError) or (r"'\x00'" in str(error) and "\0" not in text):
        return "the text ends too early"
    return re.sub(r" at line \d+ col \d+$", "", str(error))


def _place(text: str, key: str) -> str:
    """`line 12: `, as far as the line of a key can be told."""
    wanted = key.split(".")
    section: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            section = [part.strip(" \"'") for part in header[1].split(".")]
            found = section
        elif entry := _ENTRY.match(line):
            found = [*section, entry[2]]
        else:
            continue
        if found == wanted[: len(found)] and (len(found) == len(wanted) or not header):
            return f"line {number}: "
    return ""
