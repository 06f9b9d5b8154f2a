"""The argparse tree: nouns, their verbs, the options all share, and help with the examples first."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NoReturn

from console import __version__
from console.cli.call import Call
from console.cli.nouns import NOUNS
from console.cli.output import Output
from console.cli.top_help import USAGE, top_help
from console.errors import UsageError
from console.text import one_line

Handler = Callable[[Call], int | None] | Callable[[Call], Coroutine[Any, Any, int | None]]
Examples = Sequence[tuple[str, str]]


class Parser(argparse.ArgumentParser):
    """A parser that raises `UsageError` and puts its examples before its options."""

    def __init__(self, *, examples: Examples = (), **settings: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **settings)
        self.examples = examples
        self.dashed = False
        """Whether words that begin with one dash, as `-name` does, are arguments here."""
        self._verbs: argparse._SubParsersAction[Parser] | None = None

    def handled_by(self, handler: Handler, *, examples: Examples = ()) -> Parser:
        """Make this parser itself the verb; returns it, to add arguments."""
        self.set_defaults(handler=handler)
        self.examples = examples or self.examples
        return self

    def verb(self, name: str, summary: str, handler: Handler, *, examples: Examples = ()) -> Parser:
        """Add a verb under this noun; returns its parser, to add arguments."""
        added = self.branch(metavar="VERB", title="verbs").add_parser(
            name, help=summary, description=_sentence(summary), parents=[_common()], examples=examples
        )
        return added.handled_by(handler)

    def takes_id(self, what: str) -> None:
        """Take `what` by its id, or by the first digits of it."""
        self.add_argument("id", metavar="ID", help=f"{what}, or 8 or more digits that its id begins with")

    def takes_agent(self) -> None:
        """Take an agent."""
        self.add_argument("agent", metavar="AGENT", help="its slug or id")

    def group(self, name: str, summary: str) -> Parser:
        """Add a word under this noun that has verbs of its own; returns its parser, to add them."""
        added: Parser = self.branch(metavar="VERB", title="verbs").add_parser(
            name, help=summary, description=_sentence(summary), parents=[_common()]
        )
        added.set_defaults(handler=added.verbless)
        return added

    def verbless(self, _call: Call) -> NoReturn:
        """Say which verbs there are; `UsageError`."""
        raise UsageError(f"{self.prog} needs a verb: {', '.join(self.children())}", hint=f"{self.prog} --help")

    def children(self) -> dict[str, Parser]:
        """The parsers below this one, by word."""
        return dict(self._verbs.choices) if self._verbs else {}

    def words(self) -> list[str]:
        """What may be typed here besides a child: options and the choices of an argument."""
        options = [option for action in self._actions for option in action.option_strings if len(option) > 2]
        plain = [action for action in self._actions if not action.option_strings and action is not self._verbs]
        return [*(str(choice) for action in plain for choice in action.choices or ()), *options]

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found as a `UsageError`."""
        raise UsageError(one_line(message), hint=f"{self.prog} --help")

    def format_help(self) -> str:
        """Description, examples, usage, options."""
        width = max((len(command) for command, _ in self.examples), default=0)
        shown = [f"  {command:{width}}   {what}" for command, what in self.examples]
        head = [self.description or "", "", *(["examples:", *shown, ""] if shown else []), ""]
        described, self.description = self.description, None
        try:
            return "\n".join(head) + super().format_help()
        finally:
            self.description = described

    def branch(self, **settings: Any) -> argparse._SubParsersAction[Parser]:
        """The place where the words below this parser are added."""
        if self._verbs is None:
            self._verbs = self.add_subparsers(parser_class=Parser, **settings)
        return self._verbs

    def _print_message(self, message: str, file: Any = None) -> None:  # noqa: ARG002 - help is data
        Output().text(message.removesuffix("\n"))

    def _parse_optional(self, arg_string: str) -> Any:
        if self.dashed and arg_string[:1] == "-" and arg_string[:2] != "--" and arg_string != "-h":
            return None
        return super()._parse_optional(arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action is self._verbs and value not in self.children():
            raise _no_such(self.prog, str(value), list(self.children()))
        super()._check_value(action, value)


class _Top(Parser):
    """`console` itself."""

    def format_help(self) -> str:
        """The same text that is printed where nothing was parsed."""
        return top_help()


def build(only: str | None = None) -> Parser:
    """The whole tree, or with its verbs read for the noun `only` (`""`: for none)."""
    from importlib import import_module

    top = _Top(prog="console", parents=[_common()], usage=USAGE)
    top.add_argument("--theme", metavar="NAME", default=argparse.SUPPRESS, help="auto, dark, light or ansi")
    top.add_argument("--version", action="version", version=f"console {__version__}")
    nouns = top.branch(metavar="COMMAND", help=argparse.SUPPRESS, prog="console")
    for noun in NOUNS:
        parser = nouns.add_parser(noun.name, description=_sentence(noun.summary), parents=[_common()])
        if only is None or only == noun.name:
            import_module(f"console.cli.{noun.name}").register(parser)
    return top


def _common() -> Parser:
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--json", action="store_true", help="print JSON, for a program")
    shared.add_argument("--workspace", metavar="SLUG", help="act in this workspace")
    shared.add_argument("--config", metavar="FILE", help="read this config file")
    return shared


def _sentence(summary: str) -> str:
    return f"{summary[0].upper()}{summary[1:]}."


def _no_such(prog: str, word: str, known: list[str]) -> UsageError:
    from difflib import get_close_matches

    close = get_close_matches(word, known, 1)
    return UsageError(f"{prog} has no {one_line(word, 40)!r}", hint=f"{prog} {close[0]}" if close else f"{prog} --help")
