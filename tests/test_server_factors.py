"""The second factor: set up, asked for, used once, guessed at, lost, required."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
import requests

from server_stub.errors import Refused
from server_stub.logins import auth, factors, guessing, login_key
from server_stub.storage import store_people
from server_stub.storage.store import Store
from server_stub.storage.store_people import Session, User
from tests.collector_on_loopback import run
from tests.console_visit import Console, console
from tests.test_server_account import acts, person

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = b"k" * 32
HERE = "192.0.2.7"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("factors") / "state") as made:
        yield made
    assert not [line for line in made.running.log if "unforeseen" in line]


def set_up(at: Console, session: requests.Session) -> tuple[pyotp.TOTP, list[str]]:
    """Set a second factor up as a person does: the app's secret and the recovery codes."""
    page = at.get(session, "/account/factor").text
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert secret
    totp = pyotp.TOTP(secret[1].replace(" ", ""))
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    shown = at.post(session, "/account/factor", csrf=csrf, code=totp.now())
    assert shown.status_code == 200, shown.text
    codes = re.findall(r"<code>([a-z2-9-]{14})</code>", shown.text)
    assert len(set(codes)) == factors.RECOVERY_CODES
    return totp, codes


def later(totp: pyotp.TOTP) -> str:
    """A code that was not used yet, and is good already."""
    return totp.at(int(time.time()) + 30)


def asked(at: Console, name: str) -> tuple[requests.Session, str]:
    """A browser that is asked for a code, and the token of its form."""
    session = at.stranger()
    assert at.log_in(session, name, "it-invented-password").headers["Location"] == "/login/code"
    page = at.get(session, "/login/code").text
    return session, page.partition('name="csrf" value="')[2].partition('"')[0]


# --- in the console -------------------------------------------------------------------------------


def test_a_password_alone_opens_nothing_once_a_second_factor_is_set_up(at: Console) -> None:
    person(at, "frank")
    before = at.session("frank")
    totp, _ = set_up(at, at.session("frank"))
    assert at.get(before, "/devices").headers["Location"] == "/login"
    session, csrf = asked(at, "frank")
    waiting = session.cookies["__Host-dossierwacht"]
    for path in ("/", "/devices", "/account", "/account/factor", "/overview"):
        assert at.get(session, path).headers["Location"] == "/login/code", path
    assert at.post(session, "/account/others", csrf=csrf).headers["Location"] == "/login/code"
    reply = at.post(session, "/login/code", csrf=csrf, code=later(totp))
    assert (reply.status_code, reply.headers["Location"]) == (303, "/")
    assert session.cookies["__Host-dossierwacht"] != waiting
    assert at.get(session, "/devices").status_code == 200
    old = at.stranger()
    old.cookies.set("__Host-dossierwacht", waiting)
    assert at.get(old, "/login/code").headers["Location"] == "/login"
    assert acts(at, "frank").count("logged-in") == 3


def test_the_code_that_set_it_up_is_not_taken_again(at: Console) -> None:
    person(at, "fenna")
    session = at.session("fenna")
    page = at.get(session, "/account/factor").text
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    code = pyotp.TOTP(found[1].replace(" ", "")).now()
    csrf = at.csrf(session)
    assert at.post(session, "/account/factor", csrf=csrf, code=code).status_code == 200
    again, token = asked(at, "fenna")
    assert at.post(again, "/login/code", csrf=token, code=code).status_code == 401


def test_a_recovery_code_works_once_and_is_noted(at: Console) -> None:
    person(at, "femke")
    _, codes = set_up(at, at.session("femke"))
    session, csrf = asked(at, "femke")
    assert at.post(session, "/login/code", csrf=csrf, code=codes[0].upper()).status_code == 303
    assert "9." in at.get(session, "/account/factor").text
    again, token = asked(at, "femke")
    assert at.post(again, "/login/code", csrf=token, code=codes[0]).status_code == 401
    assert acts(at, "femke").count("used-recovery-code") == 1


def test_codes_cannot_be_guessed_and_count_with_passwords(at: Console) -> None:
    person(at, "floor")
    totp, codes = set_up(at, at.session("floor"))
    session, csrf = asked(at, "floor")
    wrong = [f"{n:06}" for n in range(6)]
    tries = [at.post(session, "/login/code", csrf=csrf, code=one).status_code for one in wrong]
    assert tries == [401] * 5 + [429]
    assert at.post(session, "/login/code", csrf=csrf, code=codes[0]).status_code == 429
    assert at.log_in(at.stranger(), "floor", "it-invented-password").status_code == 429
    assert totp.secret.encode() not in at.running.dump()


def test_neither_secret_nor_recovery_code_stands_in_the_database(at: Console) -> None:
    person(at, "noor")
    totp, codes = set_up(at, at.session("noor"))
    kept = at.running.dump()
    assert totp.secret.encode() not in kept
    for code in codes:
        assert code.encode() not in kept
        assert code.replace("-", "").encode() not in kept


def test_the_picture_holds_the_secret_and_is_shown_only_before_it_counts(at: Console) -> None:
    person(at, "fred")
    session = at.session("fred")
    reply = at.get(session, "/account/factor.svg")
    assert reply.headers["Content-Type"].startswith("image/svg+xml")
    assert "style=" not in reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    set_up(at, session)
    assert at.get(session, "/account/factor.svg").status_code == 404
    assert not re.search(r"<code>[A-Z2-7 ]{32,}</code>", at.get(session, "/account/factor").text)


def test_who_has_it_can_take_it_away_and_gets_another_secret(at: Console) -> None:
    person(at, "fay")
    session = at.session("fay")
    first, codes = set_up(at, session)
    csrf = at.csrf(session)
    assert at.post(session, "/account/factor/off", csrf=csrf, code="nothing").status_code == 422
    assert at.post(session, "/account/factor/off", csrf=csrf, code=codes[3]).status_code == 303
    page = at.get(session, "/account/factor").text
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found and found[1].replace(" ", "") != first.secret
    assert (
        at.running.rows(
            "SELECT 1 FROM recovery_codes r JOIN users u ON u.id = r.user_id WHERE u.name = 'fay'"
        )
        == []
    )


def test_the_administrator_resets_a_lost_one_and_that_is_in_the_log(at: Console) -> None:
    person(at, "fons")
    session = at.session("fons")
    set_up(at, session)
    assert "second factor" in at.running.command("user", "factor-reset", "fons")
    assert at.get(session, "/devices").headers["Location"] == "/login"
    assert at.session("fons")
    rows = at.running.rows("SELECT who, subject FROM audit WHERE act = 'factor-reset'")
    assert ("terminal", "fons") in [tuple(row) for row in rows]
    assert run(at.running.state, "user", "factor-reset", "fons").returncode == 1
    assert run(at.running.state, "user", "factor-reset", "nobody").returncode == 1


def test_who_must_have_one_can_do_nothing_but_set_it_up(at: Console) -> None:
    person(at, "fia", "officer")
    session = at.session("fia")
    at.running.command("login", "set", "--require-factor", "officer")
    try:
        for path in ("/", "/devices", "/register", "/log", "/account"):
            assert at.get(session, path).headers["Location"] == "/account/factor", path
        csrf = at.get(session, "/account/factor").text
        csrf = csrf.partition('name="csrf" value="')[2].partition('"')[0]
        path = f"/devices/{at.laptop.name}/3/breach"
        assert at.post(session, path, csrf=csrf).headers["Location"] == "/account/factor"
        assert at.running.rows("SELECT 1 FROM breaches WHERE seq = 3") == []
        assert at.get(at.session("ingrid"), "/devices").status_code == 200
        set_up(at, session)
        assert at.get(session, "/register").status_code == 200
    finally:
        at.running.command("login", "set", "--require-factor", "")
    assert "nobody" in at.running.command("login", "show")


def test_settings_that_cannot_be_read_let_nobody_in_without_a_second_factor(at: Console) -> None:
    session, path = at.session("ingrid"), at.running.state / "login.json"
    kept = path.read_bytes() if path.exists() else None
    path.write_bytes(b"{")
    try:
        assert at.get(session, "/devices").status_code == 503
    finally:
        path.unlink() if kept is None else path.write_bytes(kept)
    assert at.get(session, "/devices").status_code == 200


def test_a_role_that_does_not_exist_is_refused(at: Console) -> None:
    done = run(at.running.state, "login", "set", "--require-factor", "officer,boss")
    assert done.returncode == 2
    assert "officer" in done.stderr


# --- by the clock ---------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'collector.db'}")
    made.migrate()
    yield made
    made.close()


def user_of(store: Store, name: str = "olaf") -> User:
    with store.read() as connection:
        found = store_people.user_by(connection, name)
    assert found is not None
    return found


@pytest.fixture
def session(store: Store) -> Session:
    """Somebody who has logged in and has no second factor yet."""
    store.write(lambda c: store_people.add_user(c, "olaf", "officer", "x", NOON))
    login = auth.open_login(store, user_of(store), HERE, NOON)
    found = auth.session_of(store, login.cookie, NOON)
    assert found is not None
    return found


def with_factor(store: Store, session: Session) -> tuple[pyotp.TOTP, list[str]]:
    totp = pyotp.TOTP(factors.offered(KEY, session))
    codes = factors.set_up(store, KEY, session, totp.at(NOON - timedelta(seconds=30)), NOON)
    assert codes
    return totp, codes


@pytest.mark.parametrize(("off", "good"), [(-60, 0), (-30, 1), (0, 1), (30, 1), (60, 0)])
def test_a_code_is_good_for_the_half_minute_before_and_after(off: int, good: int) -> None:
    totp = pyotp.TOTP(pyotp.random_base32())
    step = factors.step_of(totp.secret, totp.at(NOON + timedelta(seconds=off)), NOON)
    assert (step is not None) == bool(good)


@pytest.mark.parametrize("given", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345"])
def test_what_is_no_code_is_none(given: str) -> None:
    assert factors.step_of(pyotp.random_base32(), given, NOON) is None


def test_a_step_of_time_is_taken_once_and_none_before_it(store: Store, session: Session) -> None:
    totp, _ = with_factor(store, session)
    user = user_of(store)
    minute = NOON + timedelta(minutes=1)

    def show(at: datetime) -> str:
        return factors.show(store, KEY, user, totp.at(at), HERE, minute)

    assert show(minute) == "code"
    assert show(minute) == ""
    assert show(minute - timedelta(seconds=30)) == ""
    assert show(minute + timedelta(seconds=30)) == "code"


def test_wrong_codes_from_many_places_stop_it_everywhere(store: Store, session: Session) -> None:
    totp, _ = with_factor(store, session)
    user, places = user_of(store), [f"192.0.2.{n}" for n in range(20)]
    for place in places[: guessing.MOST_FAILURES_ANYWHERE]:
        assert factors.show(store, KEY, user, "000000", place, NOON) == ""
    with pytest.raises(Refused) as refused:
        factors.show(store, KEY, user, totp.at(NOON), places[-1], NOON)
    assert refused.value.status == 429
    after = NOON + guessing.FAILURES_SINCE + timedelta(seconds=1)
    assert factors.show(store, KEY, user, totp.at(after), places[-1], after) == "code"


def test_the_database_without_the_key_opens_nothing(store: Store, session: Session) -> None:
    totp, codes = with_factor(store, session)
    other = b"o" * 32
    with pytest.raises(Refused):
        factors.show(store, other, user_of(store), totp.at(NOON), HERE, NOON)
    assert login_key.unseal(KEY, "another purpose", user_of(store).factor or "", NOON) is None
    assert codes


def test_a_secret_that_was_moved_to_another_person_is_not_believed(
    store: Store, session: Session
) -> None:
    totp, _ = with_factor(store, session)
    store.write(lambda c: store_people.add_user(c, "mia", "it", "x", NOON))
    stolen = replace(user_of(store, "mia"), factor=user_of(store).factor)
    with pytest.raises(Refused):
        factors.show(store, KEY, stolen, totp.at(NOON), HERE, NOON)


def test_a_login_waits_ten_minutes_for_its_second_factor(store: Store, session: Session) -> None:
    with_factor(store, session)
    cookie = auth.open_login(store, user_of(store), HERE, NOON).cookie
    waiting = auth.session_of(store, cookie, NOON + timedelta(minutes=9))
    assert waiting is not None and waiting.waiting
    assert auth.session_of(store, cookie, NOON + timedelta(minutes=11)) is None


def test_setting_up_twice_at_once_keeps_the_first(store: Store, session: Session) -> None:
    totp, _ = with_factor(store, session)
    assert factors.set_up(store, KEY, session, totp.at(NOON), NOON) == []
