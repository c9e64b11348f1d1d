"""The rule of two people without a console: who counts as the same, and what cannot be taken."""

from datetime import UTC, datetime, timedelta

import pytest

from server_stub.logins.auth import Role
from server_stub.storage import store_history, store_requests
from server_stub.storage.store import Store
from server_stub.storage.store_people import User
from server_stub.two_people import (
    People,
    Request,
    State,
    may_answer,
    wrong_answer,
    wrong_case,
)

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def user(name: str = "dirk", role: str = "director", **others: str) -> User:
    return User(id=2, name=name, role=role, password="", created_at=NOW, **others)


def asked(**parts: object) -> Request:
    given: dict[str, object] = {
        "device": "lt-aaaaaaaaaaaaaa",
        "seq": 2,
        "kind": "pupil-file-found",
        "who": "olaf",
        "sso": "sub-1",
        "mail": "olaf@school.example",
        "case": "2026-0001",
        "reason": "judge",
        "text": "a list in a shared folder",
        "asked_at": NOW,
        "state": State.WAITING,
        "until": NOW + HOUR,
        "tell_at": NOW,
    }
    return Request(**(given | parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        user("olaf"),
        user("Olaf"),
        user(sso="sub-1"),
        user(mail="OLAF@school.example"),
        user("maaike", "management"),
        user("ingrid", "it"),
        user("renske", "reader"),
    ],
)
def test_who_asked_under_another_name_is_no_second_person_nor_is_another_role(other: User) -> None:
    assert not may_answer(asked(), other)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.DIRECTOR, Role.SECOND])
def test_somebody_else_of_a_role_that_answers_is(role: Role) -> None:
    assert may_answer(asked(), user("els", role, sso="sub-2", mail="els@school.example"))
    assert may_answer(asked(sso=None, mail=None), user("els", role))


def test_a_refusal_says_why_and_nothing_says_who_a_pupil_is() -> None:
    assert wrong_answer(State.APPROVED, "") == ""
    assert wrong_answer(State.REFUSED, "") == "why-refused"
    assert wrong_answer(State.REFUSED, "not for this") == ""
    assert wrong_answer(State.APPROVED, "about 123456782") == "a-person"
    assert wrong_case("") == "which-case"
    assert wrong_case("c" * 65) == "too-long"
    assert wrong_case("123456782") == "a-person"
    assert wrong_case("HR 12") == ""


def test_a_request_goes_on_only_from_where_it_is_and_only_in_time(store: Store) -> None:
    number = store.write(lambda c: store_requests.add(c, asked()))
    step = {
        "begin": lambda at: store.write(lambda c: store_requests.begin(c, number, at + HOUR, at)),
        "fetch": lambda at: store.write(lambda c: store_requests.fetch(c, number, at)),
        "approve": lambda at: store.write(
            lambda c: store_requests.answer(c, number, State.APPROVED, "dirk", "", at + HOUR, at)
        ),
    }
    assert not step["begin"](NOW)
    assert not step["fetch"](NOW)
    assert not step["approve"](NOW + 2 * HOUR)
    assert step["approve"](NOW)
    assert not step["approve"](NOW)
    assert not step["fetch"](NOW)
    assert not step["begin"](NOW + 2 * HOUR)
    assert step["begin"](NOW)
    assert not step["fetch"](NOW + 2 * HOUR)
    assert step["fetch"](NOW)
    assert not step["fetch"](NOW)


@pytest.mark.parametrize("state", [State.WAITING, State.APPROVED, State.BEGUN])
def test_what_is_left_alone_expires_once_and_says_so(store: Store, state: State) -> None:
    number = store.write(lambda c: store_requests.add(c, asked(state=state)))
    for later in (NOW, NOW + 2 * HOUR, NOW + 3 * HOUR):
        store.write(lambda c, at=later: store_requests.expire(c, at))
    with store.read() as connection:
        found = store_requests.numbered(connection, number)
        lines = [one.act for one in store_history.views(connection)]
    assert found is not None
    assert found.state == State.EXPIRED
    assert lines.count("expired-opening") == 1


def test_a_setting_that_nobody_knows_is_the_stricter_one(store: Store) -> None:
    def set_to(value: str) -> People:
        store.write(lambda c: store_requests.set_people(c, value))  # type: ignore[arg-type]
        with store.read() as connection:
            return store_requests.people(connection)

    with store.read() as connection:
        assert store_requests.people(connection) is People.ONE
    assert [set_to(value) for value in ("two", "one", "three", "")] == [
        People.TWO,
        People.ONE,
        People.TWO,
        People.TWO,
    ]
