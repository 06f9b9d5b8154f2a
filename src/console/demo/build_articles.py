"""Make the retailer's help articles and history out of the ABCD data set (MIT, ASAPP Research).

Run `python -m console.demo.build_articles ABCD_FOLDER` after a change of the templates. In a template,
`[[words]]` must occur in the support guidelines of the subflows it names and `[[words|shown]]` is worded for
customers, so that no fact can creep in; `{{verify}}` and `{{tiers}}` are lists taken from those guidelines.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from console.demo.content import DATA
from console.errors import InvalidInputError, UsageError

_HEADER = re.compile(r"^=== (\S+) \| (.+)\n", re.MULTILINE)
_QUOTE = re.compile(r"\[\[([^]|]+)(?:\|([^]]+))?\]\]")
_TIER_WORDS = (
    ("Ask for the purchase date, return possible", "can return an item bought"),
    ("Ask if they have a receipt, get to return if user has receipt", "with the receipt"),
    ("Ask if in original packaging, get to return if in original packaging", "in the original packaging"),
    ("Gold members get unlimited returns", "can return items without limit: unlimited returns"),
)
_SPEAKERS = {"agent": "human", "customer": "visitor", "action": "note"}


def _plain(text: str) -> str:
    return " ".join(text.replace("\u2019", "'").split()).lower()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _steps(subflow: dict[str, Any], *buttons: str) -> list[str]:
    return next(list(a["subtext"]) for a in subflow["actions"] if a["button"] in buttons)


def verify_list(subflow: dict[str, Any]) -> str:
    """What the customer is asked for, a bullet each."""
    items = [item for item in _steps(subflow, "Validate Purchase", "Verify Identity") if "KB query" not in item]
    return "\n".join(f"- {item.split(' - ')[0]}" for item in items)


def tier_list(subflow: dict[str, Any]) -> str:
    """Who may return an item and how long, a bullet for each membership level."""
    lines = []
    for step in _steps(subflow, "Membership Privileges"):
        level, found, terms = step.partition(": > ")
        for words, shown in _TIER_WORDS:
            terms = terms.replace(words, shown)
        if found:
            lines.append(f"- {level} {terms.replace(' <or> ', ', or ')}.")
    return "\n".join(lines)


def render(body: str, subflows: list[dict[str, Any]]) -> str:
    """Fill a template; `InvalidInputError` when it quotes what none of the subflows says."""
    known = " ".join(_plain(text) for subflow in subflows for text in _strings(subflow))

    def quote(match: re.Match[str]) -> str:
        if _plain(match[1]) not in known:
            raise InvalidInputError(f"the guidelines don't say {match[1]!r}")
        return match[2] or match[1]

    makers: dict[str, Callable[[dict[str, Any]], str]] = {"{{verify}}": verify_list, "{{tiers}}": tier_list}
    for mark, make in makers.items():
        body = body.replace(mark, make(subflows[0])) if mark in body else body
    return _QUOTE.sub(quote, body).strip() + "\n"


def articles(templates: str, guidelines: dict[str, Any]) -> dict[str, str]:
    """Every article's Markdown by its name."""
    _, *parts = _HEADER.split(templates)
    made = {}
    for slug, sources, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        paths = [source.split(" / ") for source in sources.split(" ; ")]
        made[slug] = render(body, [guidelines[flow]["subflows"][name] for flow, name in paths])
    return made


def dialogues(sample: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sample dialogues in the shape of `content.Dialogue`."""
    return [
        {
            "customer": talk["scenario"]["personal"]["customer_name"].title(),
            "topic": f"{talk['scenario']['flow']}/{talk['scenario']['subflow']}".replace("_", " "),
            "turns": [[_SPEAKERS[speaker], text] for speaker, text in talk["original"]],
        }
        for talk in sample
    ]


def build(source: Path, target: Path) -> int:
    """Write articles and history under `target` from the data set in `source`; returns how many articles."""
    guidelines = json.loads((source / "guidelines.json").read_text("utf-8"))
    sample = json.loads((source / "abcd_sample.json").read_text("utf-8"))
    made = articles((target / "templates.md").read_text("utf-8"), guidelines)
    (target / "articles").mkdir(exist_ok=True)
    for slug, text in made.items():
        (target / "articles" / f"{slug}.md").write_text(text, "utf-8")
    history = json.dumps(dialogues(sample), ensure_ascii=False, indent=1)
    (target / "dialogues.json").write_text(history + "\n", "utf-8")
    return len(made)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise UsageError("name the folder of the ABCD data set")
    sys.stdout.write(f"{build(Path(sys.argv[1]), DATA / 'acme-retail')} articles\n")
