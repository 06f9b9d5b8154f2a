"""A person's own sign-in: codes that count once, recovery codes, another password, sessions that end."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from console.db.embedded.server import ServerUrls
from console.db.engine import Database
from console.domain.account import Proof
from console.domain.actor import Actor
from console.errors import (
    CodeNeededError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    RefusedError,
    SealError,
)
from console.seal import Seal
from console.services.auth import Auth
from console.services.proof import shown_by_email
from console.services.workspaces import Workspaces
from tests.services.sign_in import PASSWORD, Person, make_person

PROOF = Proof(PASSWORD)
NEW = "battery staple"
EVERY_TABLE = """
    SELECT string_agg(format('%I.%I', schemaname, tablename), ',') FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


@pytest.fixture
async def mia(db: Database, urls: ServerUrls, tmp_path: Path) -> Person:
    return await make_person(db, urls, tmp_path)


async def at_once(times: int, act: Callable[[int], Awaitable[object]]) -> list[object]:
    """The act so many times, all begun together; what each gave or raised."""
    barrier = asyncio.Barrier(times)

    async def one(n: int) -> object:
        await barrier.wait()
        return await act(n)

    return await asyncio.gather(*(one(n) for n in range(times)), return_exceptions=True)


async def open_still(mia: Person, actor: Actor) -> bool:
    try:
        await Workspaces(mia.db).get(actor)
    except NotSignedInError:
        return False
    return True


async def accepted(mia: Person, code: str) -> bool:
    try:
        await mia.signed_in(code=code)
    except NotSignedInError:
        return False
    return True


async def test_nothing_is_asked_before_a_code_confirms_it(mia: Person) -> None:
    actor = await mia.signed_in()
    first = await mia.account.offer_totp(actor, PROOF)
    second = await mia.account.offer_totp(actor, PROOF)
    assert first.secret != second.secret
    assert second.secret in second.url
    state = await mia.account.second_factor(actor)
    assert (state.active, state.offered, state.recovery_codes) == (False, True, 0)
    await mia.signed_in()
    mia.secret = first.secret
    with pytest.raises(InvalidInputError):
        await mia.account.confirm_totp(actor, mia.code())
    mia.secret = second.secret
    assert len(await mia.account.confirm_totp(actor, f" {mia.code()} ")) == 10
    state = await mia.account.second_factor(actor)
    assert (state.active, state.offered, state.recovery_codes) == (True, False, 10)
    with pytest.raises(RefusedError):
        await mia.account.confirm_totp(actor, mia.code())
    assert "totp.on" in await mia.audited()


async def test_a_code_counts_once(mia: Person) -> None:
    await mia.enrolled()
    code = mia.code()
    await mia.signed_in(code=code)
    await mia.refused(code=code)
    await mia.refused(code=mia.code(-1))


async def test_of_twenty_at_once_one_counts(mia: Person) -> None:
    await mia.enrolled()
    code = mia.code()
    outcomes = await at_once(20, lambda _: mia.auth.login(mia.email, PASSWORD, code=code))
    assert sum(not isinstance(each, NotSignedInError) for each in outcomes) == 1
    assert mia.ask("SELECT count(*) FROM sessions WHERE user_id = '{user}' AND revoked_at IS NULL") == 2


async def test_the_code_that_confirmed_signs_nobody_in(mia: Person) -> None:
    actor = await mia.signed_in()
    mia.secret = (await mia.account.offer_totp(actor, PROOF)).secret
    code = mia.code()
    await mia.account.confirm_totp(actor, code)
    await mia.refused(code=code)


async def test_of_many_confirmations_one_counts(mia: Person) -> None:
    actor = await mia.signed_in()
    mia.secret = (await mia.account.offer_totp(actor, PROOF)).secret
    code = mia.code()
    outcomes = await at_once(20, lambda _: mia.account.confirm_totp(actor, code))
    assert sum(isinstance(each, tuple) for each in outcomes) == 1
    assert {type(each) for each in outcomes} <= {tuple, ConflictError, RefusedError}
    assert (await mia.account.second_factor(actor)).recovery_codes == 10


@pytest.mark.parametrize(("drift", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_one_step_of_drift(mia: Person, drift: int, counts: bool) -> None:
    await mia.enrolled()
    while True:
        step = mia.code()
        found = await accepted(mia, mia.code(drift))
        if mia.code() == step:
            break
        mia.forget_steps()  # the step passed meanwhile
    assert found is counts


@pytest.mark.parametrize("code", ["", "0", "000000", "not a code", "x" * 100_000, "\udcff", "a\x00b"])
async def test_what_is_no_code_is_refused(mia: Person, code: str) -> None:
    await mia.enrolled()
    with pytest.raises(NotSignedInError):
        await mia.auth.login(mia.email, PASSWORD, code=code)


async def test_full_width_digits_are_refused_and_blanks_are_not(mia: Person) -> None:
    await mia.enrolled()
    code = mia.code()
    await mia.refused(code=code.translate({ord(str(n)): ord("０") + n for n in range(10)}))
    await mia.signed_in(code=f"  {code}\n")


async def test_who_is_not_asked_may_give_a_code(mia: Person) -> None:
    await mia.signed_in(code="123456")


async def test_another_secret_needs_password_and_code(mia: Person) -> None:
    codes = await mia.enrolled()
    actor = await mia.signed_in(code=mia.code())
    with pytest.raises(CodeNeededError):
        await mia.account.offer_totp(actor, PROOF)
    for proof in (Proof("wrong", codes[0]), Proof(PASSWORD, "000000")):
        with pytest.raises(NotSignedInError):
            await mia.account.offer_totp(actor, proof)
    await mia.account.offer_totp(actor, Proof(PASSWORD, codes[0]))
    assert (await mia.account.second_factor(actor)).recovery_codes == 9


async def test_codes_are_asked_for_no_more(mia: Person) -> None:
    codes = await mia.enrolled()
    actor, other = await mia.signed_in(code=mia.code()), await mia.signed_in(code=codes[1])
    await mia.account.drop_totp(actor, Proof(PASSWORD, codes[0]))
    assert (await open_still(mia, actor), await open_still(mia, other)) == (True, False)
    await mia.signed_in()
    with pytest.raises(RefusedError):
        await mia.account.drop_totp(actor, PROOF)
    assert await mia.account.second_factor(actor) == type(await mia.account.second_factor(actor))(False, False, 0)
    assert {"totp.off", "recovery_code.use"} <= set(await mia.audited())


async def test_a_recovery_code_counts_once_among_a_hundred(mia: Person) -> None:
    codes = await mia.enrolled()
    outcomes = await at_once(100, lambda _: mia.auth.login(mia.email, PASSWORD, code=codes[3]))
    assert sum(not isinstance(each, Exception) for each in outcomes) == 1
    assert mia.ask("SELECT count(*) FROM recovery_codes WHERE user_id = '{user}' AND used_at IS NULL") == 9


async def test_new_recovery_codes_end_the_old_ones(mia: Person) -> None:
    old = await mia.enrolled()
    actor = await mia.signed_in(code=mia.code())
    new = await mia.account.renew_recovery_codes(actor, Proof(PASSWORD, old[0]))
    assert not set(old) & set(new)
    await mia.refused(code=old[1])
    await mia.signed_in(code=new[0].upper())


async def test_somebody_elses_recovery_code_opens_nothing(
    mia: Person, db: Database, urls: ServerUrls, tmp_path: Path
) -> None:
    other = await make_person(db, urls, tmp_path / "other")
    codes = await other.enrolled()
    await mia.enrolled()
    await mia.refused(code=codes[0])


async def test_another_password_ends_all_other_sessions(mia: Person) -> None:
    actor, other = await mia.signed_in(), await mia.signed_in()
    with pytest.raises(NotSignedInError):
        await mia.account.change_password(actor, Proof("wrong"), NEW)
    with pytest.raises(InvalidInputError):
        await mia.account.change_password(actor, PROOF, "€" * 25)
    assert await open_still(mia, other)
    await mia.account.change_password(actor, PROOF, NEW)
    assert (await open_still(mia, actor), await open_still(mia, other)) == (True, False)
    await mia.refused(PASSWORD)
    await mia.signed_in(NEW)
    assert "password.change" in await mia.audited()


async def test_a_sign_in_under_way_does_not_outlive_the_password(mia: Person) -> None:
    actor = await mia.signed_in()
    under_way = await shown_by_email(mia.db, mia.seal, mia.email, PROOF, None)
    assert under_way.right
    await mia.account.change_password(actor, PROOF, NEW)
    async with mia.db.write(None) as tx:
        assert await under_way.settle(tx) is None
        with pytest.raises(ConflictError):
            await mia.auth._open(tx, under_way, None, "")
    assert mia.ask("SELECT count(*) FROM sessions WHERE user_id = '{user}' AND revoked_at IS NULL") == 1


async def test_a_sign_in_under_way_does_not_get_around_the_code(mia: Person) -> None:
    under_way = await shown_by_email(mia.db, mia.seal, mia.email, PROOF, None)
    await mia.enrolled()
    async with mia.db.write(None) as tx:
        assert await under_way.settle(tx) is None
        with pytest.raises(ConflictError):
            await mia.auth._open(tx, under_way, None, "")


async def test_sessions_are_listed_and_ended(mia: Person) -> None:
    signed = await mia.auth.login(mia.email, PASSWORD, seen_from="laptop\x1b[2J")
    actor, other = await mia.auth.resume(signed.token), await mia.signed_in()
    listed = await mia.account.sessions(actor)
    assert [each.current for each in listed] == [False, True]
    assert listed[1].seen_from == "laptop␛[2J"
    assert all(each.expires_at - each.created_at == listed[0].expires_at - listed[0].created_at for each in listed)
    for id in ("", "zzzz", "' OR true"):
        with pytest.raises(NotFoundError):
            await mia.account.end_sessions(actor, [id])
    assert await mia.account.end_sessions(actor, [listed[0].id]) == 1
    assert (await open_still(mia, actor), await open_still(mia, other)) == (True, False)
    third = await mia.signed_in()
    assert await mia.account.end_sessions(actor) == 1
    assert not await open_still(mia, third)
    assert await mia.account.end_sessions(actor) == 0
    assert (await mia.audited()).count("session.end") == 2


async def test_somebody_elses_session_is_not_found(mia: Person, db: Database, urls: ServerUrls, tmp_path: Path) -> None:
    other = await make_person(db, urls, tmp_path / "other")
    theirs = await other.signed_in()
    id = (await other.account.sessions(theirs))[0].id
    with pytest.raises(NotFoundError):
        await mia.account.end_sessions(await mia.signed_in(), [id])
    assert await open_still(other, theirs)


@pytest.mark.parametrize("ending", ["expires_at = now()", "last_seen_at = now() - interval '12 hours 1 second'"])
async def test_a_session_that_is_over_ends_at_its_next_transaction(mia: Person, ending: str) -> None:
    actor = await mia.signed_in()
    assert await open_still(mia, actor)
    mia.do(f"UPDATE sessions SET {ending} WHERE user_id = '{{user}}'")
    assert not await open_still(mia, actor)


async def test_use_keeps_a_session_and_is_noted_once_a_minute(mia: Person) -> None:
    actor = await mia.signed_in()
    seen = "SELECT last_seen_at FROM sessions WHERE user_id = '{user}'"
    while True:
        mia.do("UPDATE sessions SET last_seen_at = now() - interval '50 seconds' WHERE user_id = '{user}'")
        before = time_of(mia, seen)
        assert await open_still(mia, actor)
        after = time_of(mia, seen)
        if after == before:
            break
        assert after - before > timedelta(minutes=1)  # It took so long: once more.
    mia.do("UPDATE sessions SET last_seen_at = now() - interval '11 hours' WHERE user_id = '{user}'")
    begun = time_of(mia, "SELECT now()")
    await asyncio.gather(*(open_still(mia, actor) for _ in range(20)))
    assert time_of(mia, seen) >= begun


def time_of(mia: Person, query: str) -> datetime:
    found = mia.ask(query)
    assert isinstance(found, datetime)
    return found


async def test_without_the_key_it_is_said_and_a_recovery_code_still_works(
    mia: Person, db: Database, tmp_path: Path
) -> None:
    codes = await mia.enrolled()
    elsewhere = Auth(db, Seal(tmp_path / "elsewhere" / "sealing.key"))
    with pytest.raises(SealError, match="a key that is not in"):
        await elsewhere.login(mia.email, PASSWORD, code=mia.code())
    await elsewhere.login(mia.email, PASSWORD, code=codes[0])
    with pytest.raises(RefusedError, match="no key file"):
        await Auth(db).login(mia.email, PASSWORD, code=mia.code())


async def test_a_secret_copied_to_another_person_opens_nothing(
    mia: Person, db: Database, urls: ServerUrls, tmp_path: Path
) -> None:
    await mia.enrolled()
    thief = await make_person(db, urls, tmp_path)
    copied = f"SELECT totp_secret_sealed FROM users WHERE id = '{mia.actor.user_id}'"
    thief.do(f"UPDATE users SET totp_secret_sealed = ({copied}) WHERE id = '{{user}}'")
    with pytest.raises(SealError, match="changed or moved"):
        await thief.auth.login(thief.email, PASSWORD, code=mia.code())


async def test_sign_ins_that_stay_are_in_the_log_and_passing_ones_are_not(mia: Person) -> None:
    await mia.auth.login(mia.email, PASSWORD, passing=True)
    assert await mia.audited() == []
    await mia.auth.login(mia.email, PASSWORD)
    assert await mia.audited() == ["session.open"]


async def test_a_dump_holds_no_secret(mia: Person, urls: ServerUrls) -> None:
    actor = await mia.signed_in()
    offered = (await mia.account.offer_totp(actor, PROOF)).secret
    codes = await mia.enrolled()
    token = (await mia.auth.login(mia.email, PASSWORD, code=codes[0])).token
    tables = str(mia.ask(EVERY_TABLE)).split(",")
    assert {"public.users", "jobs.procrastinate_jobs"} <= set(tables)
    dump = "".join(str(mia.ask(f"SELECT string_agg(t::text, '') FROM {name} t")) for name in tables)
    assert mia.email in dump
    planted = [PASSWORD, token, mia.secret, offered, *codes, *(code.replace("-", "") for code in codes)]
    forms = [form for secret in planted for form in (secret, secret.encode().hex())]
    forms += [base64.b32decode(secret).hex() for secret in (mia.secret, offered)]
    assert [form for form in forms if form in dump] == []
