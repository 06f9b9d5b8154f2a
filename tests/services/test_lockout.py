"""Wrong tries: counted on the server, answered alike, never for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path

import bcrypt
import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.account import Proof
from console.errors import CodeNeededError, NotSignedInError
from console.ids import new_id
from console.services.auth import Auth
from tests.services.sign_in import PASSWORD, WRONG, Person, make_person

HINT = "each code works once; after 5 wrong tries wait up to 15 minutes, or give a recovery code"
ANSWER = f"{WRONG}; {HINT}"


@pytest.fixture
async def mia(db: Database, urls: ServerUrls, tmp_path: Path) -> Person:
    return await make_person(db, urls, tmp_path)


async def wrong(person: Person, times: int) -> set[str]:
    return {await person.refused("wrong") for _ in range(times)}


async def test_the_sixth_try_must_wait_and_reads_as_a_wrong_one(mia: Person, db: Database, urls: ServerUrls) -> None:
    assert await wrong(mia, 5) == {ANSWER}
    assert await mia.refused("wrong") == ANSWER
    assert await mia.refused(PASSWORD) == ANSWER
    # another process, as after a restart
    again = Database(urls.app)
    assert await Person(again, urls, mia.seal, mia.actor).refused(PASSWORD) == ANSWER
    await again.close()


async def test_four_wrong_tries_and_a_right_one_begin_anew(mia: Person) -> None:
    for _ in range(3):
        await wrong(mia, 4)
        await mia.signed_in()


async def test_the_waits_grow_to_fifteen_minutes_and_no_further(mia: Person) -> None:
    await wrong(mia, 5)
    waits = (
        "SELECT extract(epoch FROM locked_until - failed_at) / 60 FROM login_attempts ORDER BY failed_at DESC LIMIT 1"
    )
    for minutes in (1, 2, 4, 8, 15):
        assert mia.ask(waits) == minutes
        mia.pass_minutes(minutes - 0.5)
        await mia.refused(PASSWORD)
        mia.pass_minutes(0.6)
        if minutes < 15:
            await wrong(mia, 1)
    await mia.signed_in()


async def test_what_is_tried_while_waiting_makes_no_wait_longer(mia: Person) -> None:
    await wrong(mia, 50)
    mia.pass_minutes(1.1)
    await mia.signed_in()


async def test_the_longest_wait_repeats_and_never_grows(mia: Person) -> None:
    await wrong(mia, 5)
    for minutes in (1, 2, 4, 8, 15, 15, 15):
        mia.pass_minutes(minutes + 0.1)
        await wrong(mia, 1)
    mia.pass_minutes(15.1)
    await mia.signed_in()


async def test_quarter_of_an_hour_without_a_failure_begins_anew(mia: Person) -> None:
    await wrong(mia, 4)
    mia.pass_minutes(15.1)
    await wrong(mia, 4)
    await mia.signed_in()


async def test_tries_per_day_are_few(mia: Person) -> None:
    """Five at once and then a quarter of an hour is the best rhythm there is: 480 tries, 3 of 10^6 codes each."""
    tried = {}
    for rhythm in range(4, 11):
        mia.do("DELETE FROM login_attempts")
        await wrong(mia, 5 if rhythm >= 5 else 4)
        minutes = 0.0
        for wait in (1, 2, 4, 8, 15, 15)[: rhythm - 5] if rhythm > 5 else ():
            mia.pass_minutes(wait + 0.01)
            minutes += wait
            await wrong(mia, 1)
        before = mia.ask("SELECT count(*) FROM login_attempts WHERE locked_until > now()")
        minutes += 15 + ((1, 2, 4, 8, 15, 15)[rhythm - 5] if before else 0)
        tried[rhythm] = rhythm * 24 * 60 / minutes
    assert max(tried.values()) <= 480
    assert 480 * 3 / 10**6 < 0.0015


async def test_twenty_at_once_count_as_five(mia: Person) -> None:
    mia.do("DELETE FROM login_attempts")
    barrier = asyncio.Barrier(20)

    async def one() -> str:
        await barrier.wait()
        return await mia.refused("wrong")

    assert set(await asyncio.gather(*(one() for _ in range(20)))) == {ANSWER}
    assert mia.ask("SELECT max(failures) FROM login_attempts") == 5
    assert await mia.refused(PASSWORD) == ANSWER


async def test_a_right_one_among_many_at_once_is_judged_in_its_turn(mia: Person) -> None:
    """Whatever the order, a right password is taken only while fewer than five wrong ones came before it."""
    mia.do("DELETE FROM login_attempts")
    outcomes = await asyncio.gather(
        *(mia.auth.login(mia.email, PASSWORD if n == 15 else "wrong") for n in range(30)), return_exceptions=True
    )
    assert sum(isinstance(each, NotSignedInError) for each in outcomes) >= 29
    assert mia.ask("SELECT coalesce(max(failures), 0) FROM login_attempts") in range(6)


async def test_many_right_ones_at_once_all_count(mia: Person) -> None:
    signed = await asyncio.gather(*(mia.auth.login(mia.email, PASSWORD, passing=True) for _ in range(20)))
    assert len({each.token for each in signed}) == 20


async def test_other_accounts_are_not_touched(mia: Person, db: Database, urls: ServerUrls, tmp_path: Path) -> None:
    max_ = await make_person(db, urls, tmp_path / "max")
    await wrong(mia, 6)
    await max_.signed_in()


async def test_an_address_is_counted_too_and_more_patiently(mia: Person, db: Database, urls: ServerUrls) -> None:
    address = f"2001:db8::{new_id().hex[-4:]}"
    for n in range(20):
        with pytest.raises(NotSignedInError):
            await Auth(db).login(f"nobody-{n}-{new_id().hex}@example.test", "x" * 73, address=address)
    assert await mia.refused(PASSWORD, address=address) == ANSWER
    await mia.signed_in(address=f"{address}1")
    await mia.signed_in()


async def test_unknown_emails_are_counted_the_same(mia: Person, db: Database) -> None:
    unknown = f"nobody-{new_id().hex}@example.test"
    for given in (unknown, mia.email, unknown.upper(), mia.email.upper(), f" {unknown}", f" {mia.email} "):
        with pytest.raises(NotSignedInError):
            await Auth(db).login(given, "wrong")
    rows = "SELECT array_agg(failures) FROM (SELECT failures FROM login_attempts ORDER BY failed_at DESC LIMIT 2) t"
    assert mia.ask(rows) == [3, 3]
    kept = str(mia.ask("SELECT string_agg(a::text, '') FROM login_attempts a"))
    assert "example" not in kept


async def test_every_way_compares_one_hash(mia: Person, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = bcrypt.checkpw

    def counted(password: bytes, hashed: bytes) -> bool:
        calls.append(1)
        return real(password, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    tries = [
        (mia.email, "wrong"), ("nobody@example.test", "wrong"), ("a\x00b", "wrong"), (mia.email, "x" * 73), ("", ""),
        ("x" * 1_000_000, "x" * 10_000_000), (mia.email, PASSWORD),
    ]  # fmt: skip
    await wrong(mia, 5)
    for email, password in tries:
        calls.clear()
        with pytest.raises(NotSignedInError):
            await Auth(db).login(email, password)
        assert len(calls) == 1, email[:50]


async def test_wrong_codes_count_and_the_right_one_must_wait(mia: Person) -> None:
    await mia.enrolled()
    assert {await mia.refused(code="000000") for _ in range(5)} == {ANSWER}
    assert await mia.refused(code=mia.code()) == ANSWER
    mia.pass_minutes(1.1)
    await mia.signed_in(code=mia.code())


async def test_whether_the_password_was_right_is_not_told_while_waiting(mia: Person) -> None:
    await mia.enrolled()
    with pytest.raises(CodeNeededError):
        await mia.auth.login(mia.email, PASSWORD)
    await wrong(mia, 5)
    for code in (None, "", "000000", "x" * 1000):
        assert await mia.refused(PASSWORD, code) == await mia.refused("wrong", code) == ANSWER


async def test_asking_for_the_code_neither_counts_nor_forgives(mia: Person) -> None:
    await mia.enrolled()
    for _ in range(10):
        with pytest.raises(CodeNeededError):
            await mia.auth.login(mia.email, PASSWORD)
    await wrong(mia, 4)
    with pytest.raises(CodeNeededError):
        await mia.auth.login(mia.email, PASSWORD)
    await wrong(mia, 1)
    assert await mia.refused(code=mia.code()) == ANSWER


async def test_a_recovery_code_opens_what_waits(mia: Person) -> None:
    codes = await mia.enrolled()
    await wrong(mia, 9)
    assert await mia.refused("wrong", codes[0]) == ANSWER
    await mia.signed_in(code=codes[0])
    assert await mia.refused(code=codes[0]) == ANSWER
    assert "recovery_code.use" in await mia.audited()


async def test_acts_of_the_signed_in_count_too(mia: Person) -> None:
    actor = await mia.signed_in()
    for _ in range(5):
        with pytest.raises(NotSignedInError, match="wrong password or code"):
            await mia.account.offer_totp(actor, Proof("wrong"))
    with pytest.raises(NotSignedInError, match="wrong password or code"):
        await mia.account.offer_totp(actor, Proof(PASSWORD))
    assert await mia.refused(PASSWORD) == ANSWER


async def test_old_failures_are_forgotten(mia: Person, db: Database) -> None:
    await wrong(mia, 1)
    mia.pass_minutes(60 * 24 + 1)
    before = mia.ask("SELECT count(*) FROM login_attempts")
    assert isinstance(before, int)
    for n in range(before // 10 + 2):
        with pytest.raises(NotSignedInError):
            await Auth(db).login(f"{n}{new_id().hex}@example.test", "wrong")
    assert mia.ask("SELECT count(*) FROM login_attempts WHERE failed_at < now() - interval '1 day'") == 0
