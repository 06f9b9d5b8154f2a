"""Usage, quotas and cost at the command line, as scripts rely on them."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from console.clock import utc_now
from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.ids import new_id
from tests.cli.office import Office, open_office, over

FIELDS = {"metric", "used", "soft", "hard", "percent", "window_start", "window_end", "resets_at"}


@pytest.fixture
def office(urls: ServerUrls, tmp_path: Path) -> Office:
    return open_office(urls, tmp_path)


def used(office: Office, answers: int, *, model: str = "gpt-4o", tokens: int = 0, cost: str = "0") -> None:
    """Answers of this moment, as events."""

    async def add(db: Database) -> None:
        async with db.write(office.workspace_id) as tx:
            for _ in range(answers):
                await tx.execute(
                    "INSERT INTO usage_events (workspace_id, id, idempotency_key, metric, agent_id, model, tokens_in,"
                    " tokens_out, cost_usd, duration_ms) SELECT :ws, :id, :key, 'answers', a.id, :model, :tokens, 0,"
                    " :cost, 40 FROM agents a WHERE a.workspace_id = :ws",
                    id=new_id(), key=new_id().hex, model=model, tokens=tokens, cost=cost,
                )  # fmt: skip

    asyncio.run(over(office.urls.app, add))


def test_quota_check_is_as_scripts_know_it(office: Office) -> None:
    used(office, 9)
    office.out("olivia", "quota", "set", "answers", "--soft", "8", "--hard", "10")
    found = office.json("vera", "quota", "check")
    assert (found["workspace"], found["worst_percent"]) == (office.slug, 90)
    answers, tokens = found["metrics"]
    assert set(answers) >= FIELDS
    assert (answers["metric"], answers["used"], answers["soft"], answers["hard"], answers["percent"]) == (
        "answers", 9, 8, 10, 90,
    )  # fmt: skip
    assert answers["resets_at"] == answers["window_end"] > answers["window_start"]
    assert (tokens["metric"], tokens["used"], tokens["hard"]) == ("tokens", 0, 2_000_000)
    words = office.out("vera", "quota", "check")
    assert "of 10" in words
    assert "90%" in words


def test_the_exit_code_says_whether_a_limit_is_passed(office: Office) -> None:
    used(office, 9)
    office.out("olivia", "quota", "set", "answers", "--hard", "10")
    for over_, code in ((95, 0), (90, 0), (89.9, 6), (0, 6)):
        done = office.call("vera", "quota", "check", "--fail-over", str(over_), "--json")
        assert (done.returncode, json.loads(done.stdout)["worst_percent"]) == (code, 90)
    for bad in ("-1", "much", "nan", "1e9"):
        office.refused(2, "vera", "quota", "check", "--fail-over", bad)


def test_what_is_unlimited_has_no_limit_and_no_percent(office: Office) -> None:
    owner = {"DATABASE_OWNER_URL": office.urls.owner}
    put = office.call("nobody", "db", "plan", office.slug, "unlimited", "--json", **owner)
    assert json.loads(put.stdout) == {"workspace": office.slug, "plan": "unlimited", "before": "free"}
    found = office.json("vera", "quota", "check", "--fail-over", "0")
    assert found["worst_percent"] is None
    assert [(one["hard"], one["percent"]) for one in found["metrics"]] == [(None, None), (None, None)]
    assert "no limit" in office.out("vera", "quota", "check")


def test_a_password_in_the_environment_signs_in_to_check(office: Office) -> None:
    email = office.json("olivia", "whoami")["email"]
    done = office.call("nobody", "quota", "check", "--json", CONSOLE_EMAIL=email, CONSOLE_PASSWORD="correct horse")
    assert (done.returncode, json.loads(done.stdout)["workspace"]) == (0, office.slug)


def test_nobody_and_strangers_are_refused_as_everywhere(office: Office, tmp_path: Path) -> None:
    assert "not signed in" in office.refused(4, "nobody", "quota", "check")
    assert "no workspace" in office.refused(5, "vera", "quota", "check", "--workspace", "nowhere")
    other = open_office(office.urls, tmp_path)
    theirs = office.refused(5, "vera", "quota", "check", "--workspace", other.slug)
    assert theirs.replace(other.slug, "x") == office.refused(5, "vera", "quota", "check", "--workspace", "x")
    owner = office.call("vera", "quota", "check", DATABASE_URL=office.urls.owner)
    assert (owner.returncode, "owner" in owner.stderr) == (1, True)
    gone = office.call("vera", "quota", "check", DATABASE_URL="postgresql://u@127.0.0.1:1/x")
    assert gone.returncode == 3


def test_only_owners_set_limits_and_never_above_the_plan(office: Office) -> None:
    assert "role owner" in office.refused(4, "mia", "quota", "set", "answers", "--hard", "5")
    assert "2,000 answers a month" in office.refused(1, "olivia", "quota", "set", "answers", "--hard", "2001")
    assert "1,600" in office.refused(1, "olivia", "quota", "set", "answers", "--soft", "1,601")
    assert office.json("olivia", "quota", "set", "tokens", "--hard", "50", "--window", "day")["hard"] == 50
    assert [one["period"] for one in office.json("vera", "quota", "check")["metrics"]] == ["month", "day", "month"]
    assert office.json("olivia", "quota", "set", "tokens", "--clear", "--window", "day")["period"] == "month"
    for bad in (
        ["answers"], ["answers", "--clear", "--hard", "1"], ["bananas", "--hard", "1"], ["answers", "--hard", "ten"],
        ["answers", "--hard", "1", "--window", "year"],
    ):  # fmt: skip
        office.refused(2, "olivia", "quota", "set", *bad)
    for bad in (["--hard", "-1"], ["--soft", "9", "--hard", "8"], ["--hard", "9" * 30]):
        office.refused(1, "olivia", "quota", "set", "answers", *bad)


def test_usage_by_agent_model_and_day(office: Office) -> None:
    today = utc_now().date()
    used(office, 3, tokens=1000, cost="0.0025")
    used(office, 1, model="house/unknown", tokens=10)
    found = office.json("vera", "usage")
    assert (found["total"]["answers"], found["total"]["tokens_in"], found["unpriced"]) == (4, 3010, ["house/unknown"])
    assert [(row["agent"], row["answers"]) for row in found["rows"]] == [("Help", 4)]
    models = _since(office, today)
    assert [(row["model"], row["answers"], row["priced"]) for row in models] == [
        ("gpt-4o", 3, True), ("house/unknown", 1, False),
    ]  # fmt: skip
    assert len(models) == 2
    assert sum(row["answers"] for row in office.json("vera", "usage", "--by", "day")["rows"]) == 4
    assert office.json("vera", "usage", "--back", "1")["total"]["answers"] == 0
    words = office.out("vera", "usage", "--by", "model")
    assert "[##########]" in words
    assert "unknown" in words
    for bad in (["--by", "moon"], ["--back", "-1"], ["--back", "121"], ["--back", "x"], ["--window", "year"]):
        office.refused(2, "vera", "usage", *bad)


def _since(office: Office, day: date) -> list[Any]:
    """The usage by model of that day and, if it ended meanwhile, of the next."""
    words = ("usage", "--by", "model", "--window", "day")
    found = office.json("vera", *words)["rows"]
    if utc_now().date() != day:
        found = office.json("vera", *words, "--back", "1")["rows"] + office.json("vera", *words)["rows"]
    return list(found)


def test_cost_says_which_prices_nobody_knows(office: Office) -> None:
    used(office, 3, tokens=1000, cost="0.0025")
    used(office, 1, model="house/\x1b[2Jevil", tokens=10)
    found = office.json("vera", "cost")
    assert found["cost_usd"] == 0.0075
    assert [one["cost_usd"] for one in found["models"]] == [0.0075, None]
    done = office.call("vera", "cost")
    assert "$0.0075+" in done.stdout
    assert "is not known" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_drift_is_shown_with_its_own_exit_code(office: Office) -> None:
    assert office.json("vera", "usage", "--check") == {"ok": True, "metrics": []}

    async def broken(db: Database) -> None:
        async with db.write(office.workspace_id) as tx:
            await tx.execute(
                "INSERT INTO usage_counters (workspace_id, metric, period, window_start, window_end, used)"
                " SELECT :ws, 'answers', 'month', billing_anchor, billing_anchor + interval '1 month', 7"
                " FROM workspaces WHERE id = :ws"
            )

    asyncio.run(over(office.urls.app, broken))
    done = office.call("vera", "usage", "--check", "--json")
    assert done.returncode == 1
    assert [(one["used"], one["events"], one["used_off"]) for one in json.loads(done.stdout)["metrics"]] == [(7, 0, 7)]
    assert "drift" in office.call("vera", "usage", "--check").stdout


def test_whoever_runs_the_server_lists_plans_and_puts_workspaces_on_them(office: Office) -> None:
    owner = {"DATABASE_OWNER_URL": office.urls.owner}
    listed = office.call("nobody", "db", "plan", "--json", **owner)
    plans = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [plan["plan"] for plan in plans] == ["free", "team", "business", "unlimited"]
    assert plans[0]["limits"][0] == {"metric": "answers", "period": "month", "soft": 1600, "hard": 2000}
    assert "10,000 answers a month" in office.call("nobody", "db", "plan", **owner).stdout
    shown = office.call("nobody", "db", "plan", office.slug, "--json", **owner)
    assert json.loads(shown.stdout)["plan"] == "free"
    office.call("nobody", "db", "plan", office.slug, "team", **owner)
    assert office.json("vera", "quota", "check")["metrics"][0]["hard"] == 10_000
    assert "no plan" in office.refused(5, "nobody", "db", "plan", office.slug, "gold", **owner)
    assert "no workspace" in office.refused(5, "nobody", "db", "plan", "nowhere", "team", **owner)
    assert "DATABASE_OWNER_URL" in office.refused(2, "olivia", "db", "plan")


def test_a_limit_that_is_near_is_among_the_notifications(office: Office) -> None:
    async def warn(db: Database) -> None:
        from console.services.quotas import current, warn_of

        async with db.write(office.workspace_id) as tx:
            await warn_of(tx, (await current(tx, utc_now()))[0])

    asyncio.run(over(office.urls.app, warn))
    (notice,) = office.lines("olivia", "notification", "list")
    assert (notice["type"], notice["conversation_id"]) == ("quota", None)
    assert "a limit is near" in office.out("olivia", "notification", "list")
    assert office.lines("mia", "notification", "list") == []
