"""Where opening takes two people, no address hands a sealed part to one of them."""

import base64
import html
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from sqlalchemy import text

from server_stub import wording
from server_stub.breaches.register_export import FORMATS
from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console, console
from tests.test_server_doors import DOORS

WHY = "A list lay in a shared folder"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("by-two") / "state") as made:
        made.running.command("opening", "set", "two")
        given = "second-officer-password\n"
        words = ("user", "add", "els", "--role", "officer", "--password-stdin")
        made.running.command(*words, given=given)
        yield made


@pytest.fixture(autouse=True)
def two(at: Console) -> Iterator[None]:
    yield
    at.running.command("opening", "set", "two")


@pytest.fixture
def seq(at: Console) -> int:
    """An event that nobody asked for yet."""
    at.laptop.receipt(pupil_file())
    return at.laptop.seq


def els(at: Console) -> requests.Session:
    made = at.stranger()
    at.log_in(made, "els", "second-officer-password")
    return made


def place(at: Console, seq: int) -> str:
    return f"/devices/{at.laptop.name}/{seq}"


def asks(at: Console, who: requests.Session, seq: int, **form: str) -> str:
    """Ask; the address of the request."""
    reply = at.give_reason(who, seq, **({"case": "HR 12"} | form))
    assert reply.status_code == 303, reply.text
    return str(reply.headers["Location"])


def answers(
    at: Console, who: requests.Session, request: str, said: str = "", answer: str = "approve"
) -> requests.Response:
    return at.post(who, f"{request}/answer", csrf=at.csrf(who), answer=answer, said=said)


def begins(at: Console, who: requests.Session, request: str) -> requests.Response:
    return at.post(who, f"{request}/begin", csrf=at.csrf(who), way="file")


def acts(at: Console, seq: int) -> list[tuple[str, str]]:
    rows = "SELECT act, who FROM audit WHERE subject = :subject ORDER BY id"
    found = at.running.rows(rows, subject=f"{at.laptop.name}/{seq}")
    return [(str(act), str(who)) for act, who in found if "opening" in act or "sealed" in act]


def on_the_database(at: Console, statement: str, **values: object) -> None:
    with at.running.store() as store:
        store.write(lambda connection: connection.execute(text(statement), values))


def test_one_asks_another_approves_and_the_details_come_once(at: Console, seq: int) -> None:
    officer, director = at.session("olaf"), at.session("dirk")
    request = asks(at, officer, seq)
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 303
    shown = html.unescape(at.get(director, request).text)
    for told in ("olaf", "HR 12", WHY, at.laptop.name, "Pupil file found"):
        assert told in shown
    assert answers(at, director, request, "it is about my school").status_code == 303
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 303
    assert at.get(officer, f"{place(at, seq)}/open").status_code == 303
    assert "it is about my school" in at.get(officer, request).text
    assert begins(at, officer, request).headers["Location"] == f"{place(at, seq)}/sealed"
    assert at.get(officer, f"{place(at, seq)}/open").status_code == 200
    had = at.get(officer, f"{place(at, seq)}/sealed")
    assert had.content.startswith(b"age-encryption.org/v1\n")
    for end in ("sealed", "open"):
        assert at.get(officer, f"{place(at, seq)}/{end}").status_code == 303
    assert begins(at, officer, request).status_code == 422
    assert acts(at, seq) == [
        ("asked-opening", "olaf"),
        ("approved-opening", "dirk"),
        ("opened-sealed", "olaf"),
        ("fetched-sealed", "olaf"),
    ]


@pytest.mark.parametrize("who", ["fleur", "els"])
def test_the_second_person_is_of_that_role_or_another_officer(
    at: Console, seq: int, who: str
) -> None:
    officer = at.session("olaf")
    second = els(at) if who == "els" else at.session(who)
    request = asks(at, officer, seq)
    assert request in at.get(second, "/openings").text
    assert answers(at, second, request).status_code == 303
    # What was approved is for who asked, also where the second person is an officer.
    assert begins(at, second, request).status_code == 403
    assert begins(at, officer, request).status_code == 303
    assert at.get(second, f"{place(at, seq)}/sealed").status_code in (303, 403)
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 200


def test_nobody_approves_their_own(at: Console, seq: int) -> None:
    officer = at.session("olaf")
    request = asks(at, officer, seq)
    assert answers(at, officer, request).status_code == 403
    assert "/answer" not in at.get(officer, request).text
    assert begins(at, officer, request).status_code == 422
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 303


def test_a_second_login_of_the_same_person_at_the_provider_is_no_second_person(
    at: Console, seq: int
) -> None:
    """Linked to the first at the time of asking, and to the second only afterwards."""
    at.running.command("user", "sso", "olaf", "subject-of-olaf")
    request = asks(at, at.session("olaf"), seq)
    at.running.command("user", "sso", "olaf", "")
    at.running.command("user", "sso", "els", "subject-of-olaf")
    other = els(at)
    assert answers(at, other, request).status_code == 403
    assert request not in at.get(other, "/openings").text.partition('id="others"')[0]
    at.running.command("user", "sso", "els", "")


def test_a_refusal_needs_a_reason_and_opens_nothing(at: Console, seq: int) -> None:
    officer, second = at.session("olaf"), at.session("fleur")
    request = asks(at, officer, seq)
    reply = answers(at, second, request, answer="refuse")
    assert reply.status_code == 422
    assert wording.load()["en"].text("wrong.why-refused") in html.unescape(reply.text)
    assert answers(at, second, request, "about 123456782", "refuse").status_code == 422
    assert answers(at, second, request, "this is no reason", "refuse").status_code == 303
    assert answers(at, second, request).status_code == 422  # not taken back quietly
    assert "this is no reason" in at.get(officer, request).text
    assert begins(at, officer, request).status_code == 422
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 303
    assert acts(at, seq)[-1] == ("refused-opening", "fleur")
    assert asks(at, officer, seq) != request  # they may ask anew


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"case": ""}, "which-case"),
        ({"case": "1999-0001"}, "no-such-case"),
        ({"case": "123456782"}, "a-person"),
        ({"case": "c" * 65}, "too-long"),
        ({"text": ""}, "why-opened"),
        ({"reason": "curious"}, "which-purpose"),
    ],
)
def test_a_request_that_cannot_be_taken_asks_nobody(
    at: Console, seq: int, form: dict[str, str], wrong: str
) -> None:
    reply = at.give_reason(at.session("olaf"), seq, **({"case": "HR 12"} | form))
    assert reply.status_code == 422
    assert wording.load()["en"].text(f"wrong.{wrong}") in html.unescape(reply.text)
    assert acts(at, seq) == []


def test_asked_twice_is_asked_once(at: Console, seq: int) -> None:
    officer = at.session("olaf")
    assert asks(at, officer, seq) == asks(at, officer, seq)


@pytest.mark.parametrize("state", ["waiting", "approved", "begun"])
def test_what_took_too_long_is_over(at: Console, seq: int, state: str) -> None:
    officer, second = at.session("olaf"), at.session("fleur")
    request = asks(at, officer, seq)
    if state != "waiting":
        answers(at, second, request)
    if state == "begun":
        begins(at, officer, request)
    late = "UPDATE opening_requests SET until = '2026-01-01 12:00:00' WHERE seq = :seq"
    on_the_database(at, late, seq=seq)
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 303
    assert answers(at, second, request).status_code in (404, 422)
    assert begins(at, officer, request).status_code == 422
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 303
    assert acts(at, seq)[-1] == ("expired-opening", "dossierwacht")


def test_of_two_fetches_at_once_one_gets_it(at: Console, seq: int) -> None:
    officer = at.session("olaf")
    request = asks(at, officer, seq)
    answers(at, at.session("dirk"), request)
    begins(at, officer, request)
    with ThreadPoolExecutor(6) as many:
        tries = [many.submit(at.get, officer, f"{place(at, seq)}/sealed") for _ in range(6)]
    assert sorted(one.result().status_code for one in tries) == [200] + [303] * 5


def test_a_reason_from_before_the_rule_is_none_under_it(at: Console, seq: int) -> None:
    officer = at.session("olaf")
    at.running.command("opening", "set", "one")
    assert at.give_reason(officer, seq).status_code == 303
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 200
    at.running.command("opening", "set", "two")
    assert at.get(officer, f"{place(at, seq)}/sealed").status_code == 303


def test_it_sees_that_and_when_but_not_who(at: Console, seq: int) -> None:
    it = at.session("ingrid")
    request = asks(at, at.session("olaf"), seq, reason="asked", text="Her parents wrote")
    answers(at, at.session("fleur"), request, "that is fine")
    shown = at.get(it, place(at, seq)).text
    words = wording.load()["en"]
    assert words.text("opening.requests") in shown
    assert words.word("approved", "opening") in shown
    for hidden in ("olaf", "fleur", "HR 12", "Her parents", "that is fine", request):
        assert hidden not in shown
    assert at.get(it, request).status_code == 403
    assert at.get(it, "/openings").status_code == 403


def test_who_had_no_part_in_a_request_sees_it_only_while_it_waits(at: Console, seq: int) -> None:
    request = asks(at, at.session("olaf"), seq)
    assert at.get(at.session("dirk"), request).status_code == 200
    answers(at, at.session("fleur"), request)
    assert at.get(at.session("dirk"), request).status_code == 404
    assert at.get(at.session("fleur"), request).status_code == 200


def test_only_the_terminal_sets_it_and_the_log_tells(at: Console) -> None:
    at.running.command("opening", "set", "one")
    at.running.command("opening", "set", "one")
    assert "one" in at.running.command("opening", "show")
    at.running.command("opening", "set", "two")
    rows = "SELECT who, subject FROM audit WHERE act = 'set-opening' ORDER BY id DESC LIMIT 2"
    assert at.running.rows(rows) == [("terminal", "one to two"), ("terminal", "two to one")]
    posts = [path for method, path in DOORS if method == "POST"]
    assert not [path for path in posts if "setting" in path]


def test_no_page_and_no_export_holds_a_sealed_part(at: Console, seq: int) -> None:
    """Everything that anybody can fetch here, searched for the sealed part as it is and as text."""
    sealed = pupil_file().sealed
    needles = (sealed[:60].encode(), base64.b64decode(sealed)[:60])
    officer = at.session("olaf")
    assert at.post(officer, f"{place(at, seq)}/breach", csrf=at.csrf(officer)).status_code == 303
    number = at.running.rows("SELECT number FROM breaches ORDER BY id DESC LIMIT 1")[0][0]
    asks(at, officer, seq)
    found = []
    for who in ("olaf", "ingrid", "dirk", "fleur", "maaike"):
        session = at.session(who)
        for method, path in DOORS:
            if method == "GET" and not path.startswith("/login"):
                filled = _filled(at, path, seq, str(number))
                body = at.get(session, filled).content
                found += [(who, path) for needle in needles if needle in body]
    assert found == []
    token = at.running.command(
        "token", "api", "all", "--scope", "events", "--scope", "devices", "--scope", "metrics"
    ).strip()
    bearer = {"Authorization": f"Bearer {token}"}
    for path in ("/api/v1/events", "/api/v1/devices", f"/api/v1/devices/{at.laptop.name}"):
        for form in ("json", "csv", "jsonl", "ocsf"):
            reply = at.stranger().get(
                at.running.url + path, params={"format": form}, headers=bearer, timeout=20
            )
            assert not [needle for needle in needles if needle in reply.content], (path, form)
    out = at.running.state.parent / "export"
    for words in (
        *(("report", "--format", form) for form in ("csv", "json", "jsonl", "ocsf")),
        *(("breach", "export", "--out", str(out), "--format", form) for form in FORMATS),
        ("breach", "list", "--json"),
        ("device", "list", "--json"),
    ):
        told = at.running.command(*words).encode()
        told += out.read_bytes() if out.exists() else b""
        assert told
        assert not [needle for needle in needles if needle in told], words
    assert needles[0] in at.running.dump()  # it is there, and these bytes find it


def _filled(at: Console, path: str, seq: int, number: str) -> str:
    path = path.replace("{device}", at.laptop.name).replace("{seq}", str(seq))
    path = path.replace("{section}", "nature").replace("{form}", "record").replace("{call}", "1")
    path = path.replace("{event}", "2").replace("{kind}", "pupil-file-found")
    path = path.replace("{request}", "1").replace("{slip}", "1")
    return path.replace("{number}", number)
