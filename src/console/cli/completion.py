"""`console completion`: a script that completes commands and options, made from the argparse tree."""

from __future__ import annotations

from collections.abc import Iterator

from console.cli.call import Call
from console.cli.parser import Parser

SHELLS = ("bash", "zsh", "fish")
Words = dict[str, list[str]]


def register(noun: Parser) -> None:
    """Add the arguments of `console completion`."""
    noun.handled_by(
        _completion,
        examples=[
            ("source <(console completion bash)", "in ~/.bashrc"),
            ("source <(console completion zsh)", "in ~/.zshrc, after compinit"),
            ("console completion fish | source", "in config.fish"),
        ],
    ).add_argument("shell", choices=SHELLS)


def _completion(call: Call) -> None:
    from console.cli.parser import build

    script = script_for(call.args.shell, build())
    if call.out.json:
        call.out.data({"shell": call.args.shell, "script": script})
    else:
        call.out.text(script)


def script_for(shell: str, tree: Parser) -> str:
    """The completion script of the whole tree for `bash`, `zsh` or `fish`."""
    words = dict(_walk(tree, ""))
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](words)


def _walk(parser: Parser, path: str) -> Iterator[tuple[str, list[str]]]:
    children = parser.children()
    yield path, [*children, *parser.words()]
    for name, child in children.items():
        yield from _walk(child, f"{path}/{name}")


def _cases(words: Words, form: str) -> str:
    return "\n".join(form.format(path=path, words=" ".join(found)) for path, found in words.items())


def _paths(words: Words) -> str:
    return "|".join(path for path in words if path)


def _bash(words: Words) -> str:
    return f"""_console() {{
  local at="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at/${{COMP_WORDS[i]}}" in
      {_paths(words)}) at="$at/${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$at" in
{_cases(words, '    "{path}") words="{words}" ;;')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}")
}}
complete -o default -F _console console"""


def _zsh(words: Words) -> str:
    return f"""#compdef console
_console() {{
  local at="" word
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "$at/$word" in
      {_paths(words)}) at="$at/$word" ;;
    esac
  done
  case "$at" in
{_cases(words, '    "{path}") compadd -- {words} && return ;;')}
  esac
  _files
}}
compdef _console console"""


def _fish(words: Words) -> str:
    return f"""function __console_words
  set -l at ""
  for word in (commandline -opc)[2..]
    switch "$at/$word"
      case {_paths(words).replace("|", " ")}
        set at "$at/$word"
    end
  end
  switch "$at"
{_cases(words, "    case '{path}'{nl}      string split ' ' -- '{words}'".replace("{nl}", chr(10)))}
  end
end
complete -c console -a '(__console_words)'"""
