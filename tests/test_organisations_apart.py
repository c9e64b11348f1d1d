"""Two organisations at one collector: whatever was given out by one is nothing to the other.

Each thing that opens a door at the first is shown at every door of the second, beside one that
nobody gave out: both have to be answered alike, to the letter.
"""

import base64
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.routing import Mount

from agent.wire import messages, signatures
from server_stub.app import routes
from server_stub.logins.auth import COOKIE, Scope
from tests.collector_on_loopback import Laptop, problem, pupil_file
from tests.console_visit import Console
from tests.databases import Databases
from tests.organisations_visit import House, console, password, session, two
from tests.signing import Office, order
from tests.test_server_contact import news, publish
from tests.test_server_doors import DOORS, filled
from tests.test_server_factors import later, set_up

CHANGING = {"date", "signature", "signature-input", "content-digest", "set-cookie"}
LATER = datetime.now(UTC) + timedelta(days=30)
SEND = ("order", "send")
CANARIES = {word: f"Kanarie{secrets.token_hex(6)}" for word in ("user", "token", "group", "entry")}


@dataclass
class Both:
    """The house, and the consoles of its two organisations."""

    house: House
    noord: Console
    zuid: Console


@pytest.fixture(scope="module")
def both(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with two(tmp_path_factory.mktemp("apart") / "state", databases) as made:
        found = Both(made, console(made, "noord"), console(made, "zuid"))
        for at, name in ((found.noord, "noord"), (found.zuid, "zuid")):
            at.laptop.receipt(*(pupil_file() for _ in range(3)))
            olaf = session(at, name, "olaf")
            path = f"/devices/{at.laptop.name}/2/breach"
            assert at.post(olaf, path, csrf=at.csrf(olaf)).status_code == 303
        yield found


def doors() -> list[tuple[str, str]]:
    """Every address of the collector with each of its methods."""
    found = [one for one in routes() if not isinstance(one, Mount)]
    return sorted((how, one.path) for one in found for how in one.methods or () if how != "HEAD")


def test_every_door_is_tried() -> None:
    assert set(doors()) == set(DOORS)


def differing(both: Both, mine: dict[str, str], unknown: dict[str, str], **form: str) -> list[str]:
    """At which doors of zuid what noord gave out is answered otherwise than what nobody did."""
    at, wrong = both.zuid, []
    for how, path in doors():
        answers = [seen(at, how, filled(at, path), one, form) for one in (mine, unknown)]
        wrong += [f"{how} {path}: {answers}"] if answers[0] != answers[1] else []
    return wrong


def seen(at: Console, how: str, path: str, headers: dict[str, str], form: dict[str, str]) -> object:
    """An answer, without what is another each time."""
    if path == "/login":  # each time somebody else, or failures of one name would be counted
        form = form | {"name": secrets.token_hex(8), "password": "invented"}
    reply = at.stranger().request(
        how,
        at.running.url + path,
        data=form if how == "POST" else None,
        headers={"Origin": at.running.url} | headers,
        allow_redirects=False,
        timeout=20,
    )
    kept = {k.lower(): v for k, v in reply.headers.items() if k.lower() not in CHANGING}
    return reply.status_code, kept, at_rest(reply.text)


def at_rest(text: str) -> str:
    return re.sub(r"\d\d:\d\d:\d\d|d[a-z2-7]{16}|\b[0-9a-f]{16}\b", "", text)


def cookie(value: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={value}"}


# --- what opens a door at one is nothing to the other ---------------------------------------------


@pytest.mark.parametrize("who", ["ingrid", "olaf", "maaike"])
def test_a_login_at_one_is_no_login_at_the_other(both: Both, who: str) -> None:
    here = session(both.noord, "noord", who)
    assert both.noord.get(here, "/overview").status_code == 200
    form = {"csrf": both.noord.csrf(here)}
    unknown = cookie(secrets.token_urlsafe(32))
    assert differing(both, cookie(here.cookies[COOKIE]), unknown, **form) == []
    assert both.noord.get(here, "/overview").status_code == 200, "it was not ended either"


def test_a_login_that_waits_for_its_code_waits_nowhere_else(both: Both) -> None:
    words = ("user", "add", "frank", "--role", "it", "--password-stdin")
    for at, name in ((both.noord, "noord"), (both.zuid, "zuid")):
        at.running.command(*words, given=password(name, "frank"))
    totp, _ = set_up(both.noord, session(both.noord, "noord", "frank"))
    waiting = session(both.noord, "noord", "frank")
    assert both.noord.get(waiting, "/").headers["Location"] == "/login/code"
    form = {"csrf": both.noord.get(waiting, "/login/code").text, "code": later(totp)}
    form["csrf"] = form["csrf"].partition('name="csrf" value="')[2].partition('"')[0]
    mine, unknown = cookie(waiting.cookies[COOKIE]), cookie(secrets.token_urlsafe(32))
    assert differing(both, mine, unknown, **form) == []
    assert both.noord.post(waiting, "/login/code", **form).headers["Location"] == "/"
    assert both.zuid.get(session(both.zuid, "zuid", "frank"), "/").status_code == 303
    assert isinstance(totp, pyotp.TOTP)


def test_a_token_for_programs_pulls_from_its_own_only(both: Both) -> None:
    scopes = [word for scope in Scope for word in ("--scope", scope.value)]
    token = both.noord.running.command("token", "api", "siem", *scopes).strip()
    mine = {"Authorization": f"Bearer {token}"}
    own = both.noord.stranger().get(
        both.noord.running.url + "/api/v1/events", headers=mine, timeout=20
    )
    assert own.status_code == 200
    unknown = {"Authorization": f"Bearer dwapi-{secrets.token_urlsafe(32)}"}
    assert differing(both, mine, unknown) == []


def test_an_enrolment_token_lets_a_laptop_in_at_its_own_only(both: Both) -> None:
    token = both.noord.running.token("--uses", "2")
    _, pin = messages.read_token(token)
    strange = messages.write_token(secrets.token_bytes(17), pin)
    before = both.zuid.running.rows("SELECT count(*) FROM faults")
    replies = [Laptop(both.zuid.running).enrol(one) for one in (token, strange)]
    assert [problem(one) for one in replies] == ["token-unknown"] * 2
    assert replies[0].json() == replies[1].json()
    assert both.zuid.running.rows("SELECT count(*) FROM faults") == before
    mine, unknown = ({"Authorization": f"Bearer {one}"} for one in (token, strange))
    assert differing(both, mine, unknown) == []
    assert Laptop(both.noord.running).enrol(token).status_code == 200, "no use of it was taken"


@pytest.mark.parametrize("signs_for", ["zuid", "noord"])
def test_a_laptop_of_one_is_a_stranger_to_the_other(both: Both, signs_for: str) -> None:
    ours = both.noord.running.laptop()
    strange = Laptop(both.zuid.running)
    assert ours.send(pupil_file()).status_code == 200
    wrong, url = [], f"https://{signs_for}.example"
    for how, path in doors():
        if how == "POST" or path.startswith("/v1/"):
            path = filled(both.zuid, path)
            answers = [answer_to(both, one, how, url, path) for one in (ours, strange)]
            wrong += [f"{how} {path}: {answers}"] if answers[0] != answers[1] else []
    assert wrong == []
    assert ours.send(pupil_file()).status_code == 200
    names = [name for (name,) in both.zuid.running.rows("SELECT name FROM devices")]
    assert ours.name not in names


def answer_to(both: Both, laptop: Laptop, how: str, url: str, path: str) -> object:
    body = laptop.batch(laptop.head, [])
    headers = signatures.sign_request(
        laptop.key,
        method=how,
        uri=url + path,
        body=body,
        keyid=laptop.name,
        nonce=secrets.token_urlsafe(24),
        created=datetime.now(UTC),
    )
    reply = both.zuid.stranger().request(
        how, both.zuid.running.url + path, data=body, headers=headers, timeout=20
    )
    kept = {k.lower(): v for k, v in reply.headers.items() if k.lower() not in CHANGING}
    return reply.status_code, kept, at_rest(reply.text)


def test_a_key_that_is_enrolled_at_both_has_two_histories(both: Both) -> None:
    key = Ed25519PrivateKey.generate()
    here, there = (Laptop(at.running, key=key) for at in (both.noord, both.zuid))
    assert here.enrol(both.noord.running.token()).status_code == 200
    assert there.send().status_code == 401, "enrolled at one is not enrolled at the other"
    assert there.enrol(both.zuid.running.token()).status_code == 200
    here.receipt(pupil_file(), pupil_file())
    there.receipt(pupil_file())
    both.noord.running.command("device", "revoke", here.name)
    assert (here.send(pupil_file()).status_code, there.send(pupil_file()).status_code) == (403, 200)


# --- what is kept by one --------------------------------------------------------------------------


def test_the_same_name_at_both_is_two_people(both: Both) -> None:
    for at, name, other in ((both.noord, "noord", "zuid"), (both.zuid, "zuid", "noord")):
        assert at.log_in(at.stranger(), "olaf", password(name, "olaf")).status_code == 303
        assert at.log_in(at.stranger(), "olaf", password(other, "olaf")).status_code == 401
    words = ("user", "password", "maaike", "--password-stdin")
    both.noord.running.command(*words, given="another-invented-password")
    assert both.zuid.log_in(both.zuid.stranger(), "maaike", password("zuid", "maaike")).ok
    both.noord.running.command(*words, given=password("noord", "maaike"))


def test_failed_logins_are_counted_at_each_by_itself(both: Both) -> None:
    words = ("user", "add", "gijs", "--role", "it", "--password-stdin")
    for at, name in ((both.noord, "noord"), (both.zuid, "zuid")):
        at.running.command(*words, given=password(name, "gijs"))
    noord = [both.noord.log_in(both.noord.stranger(), "gijs", "wrong-guess") for _ in range(6)]
    assert [one.status_code for one in noord] == [401] * 5 + [429]
    right = both.zuid.log_in(both.zuid.stranger(), "gijs", password("zuid", "gijs"))
    assert right.status_code == 303
    still = both.noord.log_in(both.noord.stranger(), "gijs", password("noord", "gijs"))
    assert still.status_code == 429


def test_policies_and_orders_go_to_laptops_of_their_own_only(both: Both) -> None:
    office, now = Office(), datetime.now(UTC)
    publish(both.noord.running, office.keyring())
    publish(both.noord.running, office.policy(2, until=LATER))
    # One laptop key at both, so that even its name is the same.
    key = Ed25519PrivateKey.generate()
    here, there = (Laptop(at.running, key=key) for at in (both.noord, both.zuid))
    for one in (here, there):
        one.at.many = one.at.many or one.at.token("--uses", "1000")
        assert one.enrol(one.at.many).status_code == 200
    publish(both.noord.running, order(here.name, "lock", office.people["it"], now=now), *SEND)
    told, other = news(here), news(there)
    assert told.keyring and told.policy and len(told.orders) == 1
    assert (other.keyring, other.policy, other.orders) == (None, None, [])
    assert told.stick_key != other.stick_key
    assert "policy_root" not in there.enrol(there.at.many).json()
    assert "policy_root" in here.enrol(here.at.many).json()


def test_nothing_of_one_stands_in_the_other(both: Both) -> None:
    plant(both.noord)
    mine = both.noord.running.dump()
    assert [word for word in CANARIES.values() if word.encode() not in mine] == []
    sought = [*CANARIES.values(), both.noord.laptop.name, "noord", *keys_of(both.noord)]
    dump = both.zuid.running.dump()
    assert [word for word in sought if word.encode() in dump] == []
    pages = list(everything_shown(both.zuid))
    assert len(pages) > 60
    assert [(word, path) for path, text in pages for word in sought if word in text] == []


def plant(at: Console) -> None:
    given = password("noord", "kanarie")
    who = CANARIES["user"]
    at.running.command("user", "add", who, "--role", "it", "--password-stdin", given=given)
    at.running.command("token", "api", CANARIES["token"])
    at.running.command("device", "group", at.laptop.name, CANARIES["group"].lower())
    CANARIES["group"] = CANARIES["group"].lower()
    olaf = session(at, "noord", "olaf")
    place = at.get(olaf, "/register").text
    number = re.search(r"/register/(\d{4}-\d{4})", place)
    assert number
    path = f"/register/{number[1]}/plan/task"
    text = {"task": CANARIES["entry"], "owner": "ICT coordinator", "due": "2030-01-01"}
    made = at.post(olaf, path, csrf=at.csrf(olaf), **text)
    assert made.status_code == 303, made.text


def keys_of(at: Console) -> list[str]:
    """What the organisation's secrets look like where text is kept."""
    names = ("stick.key", "feed.key", "login.key")
    return [base64.b64encode((at.running.state / name).read_bytes()).decode() for name in names]


def everything_shown(at: Console) -> Iterator[tuple[str, str]]:
    """Every page, download and answer of an organisation, to each of its people and programs."""
    scopes = [word for scope in Scope for word in ("--scope", scope.value)]
    token = at.running.command("token", "api", "all", *scopes).strip()
    program = at.stranger()
    program.headers["Authorization"] = f"Bearer {token}"
    callers: list[Callable[[], requests.Session]] = [at.stranger, lambda: program]
    callers += [lambda who=who: session(at, "zuid", who) for who in ("ingrid", "olaf", "maaike")]  # type: ignore[misc]
    for caller in callers:
        browser = caller()
        for how, path in doors():
            if how == "GET":
                reply = at.get(browser, filled(at, path))
                yield path, reply.text + str(reply.headers)
    for words in (("user", "list"), ("token", "list"), ("device", "list"), ("breach", "list")):
        yield " ".join(words), at.running.command(*words, "--json")
