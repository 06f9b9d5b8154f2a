from __future__ import annotations

import json
import re
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from console.demo import build_articles
from console.demo.content import (
    DATA,
    WORKSPACES,
    article_folder,
    articles,
    folder,
    history,
    workspace,
)
from console.demo.visitors import MIX, arrivals, scripts
from console.domain.actor import Role
from console.errors import InvalidInputError, NotFoundError
from console.text import sanitise

SLUGS = [space.slug for space in WORKSPACES]
ABCD = Path(__file__).parents[3] / "shared" / "data" / "abcd"

each_workspace = pytest.mark.parametrize("slug", SLUGS)


def raw_scripts(slug: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder(slug) / "visitors.json").read_text("utf-8"))
    return rows


def folded(text: str) -> str:
    return " ".join(text.split()).lower()


def test_the_folders_are_those_of_the_workspaces() -> None:
    assert sorted(path.name for path in DATA.iterdir()) == sorted(SLUGS)


def test_the_data_is_small() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 1_000_000


@each_workspace
def test_articles_are_text_without_control_characters(slug: str) -> None:
    found = list(articles(slug))
    assert len(found) >= 50
    for article in found:
        text = article.content.decode("utf-8")
        assert len(text.split()) > 30, article.name
        assert sanitise(text) == text, article.name
        assert (article_folder(slug) / article.name).is_file()


def test_retail_articles_are_titled_and_hold_no_template_marks() -> None:
    titles = []
    for article in articles("acme-retail"):
        text = article.content.decode("utf-8")
        assert text.startswith("# "), article.name
        assert not re.search(r"\[\[|\]\]|\{\{|\}\}|===| > |<or>|Oracle", text), article.name
        titles.append(text.splitlines()[0])
    assert len(set(titles)) == len(titles)


@each_workspace
def test_licence_and_notice_lie_beside_the_data(slug: str) -> None:
    licence = (folder(slug) / "LICENSE").read_text("utf-8")
    notice = (folder(slug) / "NOTICE").read_text("utf-8")
    holder = re.search(r"Copyright \(c\) .+", licence)
    assert licence.startswith("MIT License")
    assert holder is not None
    assert holder[0] in notice
    assert "https://github.com/" in notice


@each_workspace
def test_every_role_is_held_and_one_agent_answers(slug: str) -> None:
    space = workspace(slug)
    assert {member.role for member in space.members} == set(Role)
    assert [agent.slug for agent in space.agents] == ["assistant"]
    assert all(re.fullmatch(r"[a-z]+@[a-z]+\.test", member.email) for member in space.members)
    assert len({member.email for member in space.members}) == len(space.members)


def test_one_person_works_in_both_workspaces() -> None:
    first, second = ({member.email for member in space.members} for space in WORKSPACES)
    assert first & second == {"sam@ops.test"}


def test_an_unknown_workspace_is_not_found() -> None:
    for ask in (workspace, article_folder, history, scripts):
        with pytest.raises(NotFoundError, match="nowhere"):
            ask("nowhere")


def test_history_has_both_sides_of_the_sample_dialogues() -> None:
    talks = history("acme-retail")
    assert [talk.customer for talk in talks] == ["Crystal Minh", "Alessandro Phoenix", "Joyce Wu"]
    for talk in talks:
        speakers = Counter(speaker for speaker, _ in talk.turns)
        assert {"visitor", "human"} <= set(speakers) <= {"visitor", "human", "ai", "note"}
        assert all(text.strip() and sanitise(text) == text for _, text in talk.turns)
    assert history("helpdesk-docs") == ()


@pytest.mark.parametrize(("slug", "least"), [("acme-retail", 60), ("helpdesk-docs", 40)])
def test_scripts_are_many_and_well_formed(slug: str, least: int) -> None:
    found = scripts(slug)
    assert len(found) >= least
    assert {script.kind for script in found} == {kind for kind, _ in MIX}
    named = [script.name for script in found if script.name]
    assert len(set(named)) == len(named)
    assert len({script.messages for script in found}) == len(found)
    for script in found:
        assert 1 <= len(script.messages) <= 4
        assert script.page.startswith(f"{workspace(slug).domain}/")
        assert script.email is None or re.fullmatch(r"[a-z.]+@mail\.test", script.email)
        assert all(script.messages)
        for text in (script.name, *script.messages):
            assert text.strip() == text
            assert sanitise(text) == text


@each_workspace
def test_some_visitors_write_more_than_once_and_some_are_nameless(slug: str) -> None:
    found = scripts(slug)
    assert sum(len(script.messages) > 1 for script in found) > len(found) / 3
    assert any(not script.name for script in found)
    assert any(script.email for script in found)
    assert any(script.email is None for script in found)


@each_workspace
def test_an_answerable_script_names_the_article_that_answers(slug: str) -> None:
    texts = {article.name: folded(article.content.decode("utf-8")) for article in articles(slug)}
    for row in raw_scripts(slug):
        assert ("article" in row) == (row["kind"] == "answerable")
        if "article" in row:
            assert row["keywords"]
            for word in row["keywords"]:
                assert folded(word) in texts[row["article"]], (row["article"], word)


@each_workspace
def test_an_unanswerable_script_asks_for_what_no_article_mentions(slug: str) -> None:
    everything = folded(" ".join(article.content.decode("utf-8") for article in articles(slug)))
    for row in raw_scripts(slug):
        if row["kind"] == "unanswerable":
            assert row["absent"] in folded(" ".join(row["messages"]))
            assert row["absent"] not in everything


def test_arrivals_repeat_for_a_seed_and_differ_between_seeds() -> None:
    once, again, other = (list(islice(arrivals(seed), 500)) for seed in (7, 7, 8))
    assert once == again
    assert once != other


def test_arrivals_keep_the_mix_in_every_twenty() -> None:
    stream = arrivals(3)
    for _ in range(25):
        twenty = list(islice(stream, 20))
        assert Counter(arrival.script.kind for arrival in twenty) == dict(MIX)
        assert Counter(arrival.workspace for arrival in twenty) == {"acme-retail": 12, "helpdesk-docs": 8}


def test_arrivals_bring_every_script_to_its_own_workspace() -> None:
    seen = list(islice(arrivals(1), 1500))
    for slug in SLUGS:
        assert {arrival.script for arrival in seen if arrival.workspace == slug} == set(scripts(slug))


def test_a_template_may_not_say_what_the_guidelines_do_not() -> None:
    subflow = {"actions": [{"button": "N/A", "text": "Wait 7 days", "subtext": []}]}
    assert build_articles.render("Please [[wait 7 days|wait a week]].", [subflow]) == "Please wait a week.\n"
    with pytest.raises(InvalidInputError, match="30 days"):
        build_articles.render("You have [[30 days]].", [subflow])


@pytest.mark.skipif(not ABCD.is_dir(), reason="the ABCD data set is not beside this checkout")
def test_the_shipped_articles_are_what_the_converter_makes(tmp_path: Path) -> None:
    (tmp_path / "templates.md").write_bytes((DATA / "acme-retail" / "templates.md").read_bytes())
    assert build_articles.build(ABCD, tmp_path) == len(list(articles("acme-retail")))
    made = {path.name: path.read_bytes() for path in (tmp_path / "articles").iterdir()}
    assert made == {article.name: article.content for article in articles("acme-retail")}
    assert (tmp_path / "dialogues.json").read_bytes() == (DATA / "acme-retail" / "dialogues.json").read_bytes()
