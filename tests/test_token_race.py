"""Tokens under attack at a real collector: in a race, recorded, bound elsewhere, over, or used."""

import base64
import secrets
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from agent.wire import messages, signatures
from agent.wire.messages import read_token
from server_stub import wording
from server_stub.intake.enrol import token_digest
from tests.collector_on_loopback import Laptop, Running, collector, problem, pupil_file
from tests.console_visit import console
from tests.databases import Databases
from tests.token_race import race

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("race") / "state"
    with collector(state, database=databases.of_a_collector()) as made:
        yield made
    assert not [line for line in made.log if "unforeseen" in line or "Traceback" in line]


def state_of(running: Running, laptop: Laptop) -> str:
    rows = running.rows("SELECT state FROM devices WHERE name = :n", n=laptop.name)
    return str(rows[0][0]) if rows else ""


def test_of_a_hundred_laptops_with_one_token_one_comes_in_each_round(running: Running) -> None:
    counted = race(5, 100, running)
    assert (counted.tries, counted.let_in, counted.rounds_with_one) == (500, 5, 5)
    assert counted.refused == {"token-spent": 495}


def test_a_recorded_enrolment_is_refused(running: Running) -> None:
    laptop, nonce = Laptop(running), secrets.token_urlsafe(24)
    public = base64.b64encode(signatures.public_bytes(laptop.key)).decode()
    asked = messages.EnrolRequest(token=running.token(), public_key=public, agent_version="0.1.0")
    first, second = (
        laptop.post(
            messages.ENROL_PATH, messages.to_json(asked), keyid=signatures.ENROLLING, nonce=nonce
        )
        for _ in range(2)
    )
    assert first.status_code == 200
    assert (second.status_code, problem(second)) == (401, "replayed")


def test_of_many_tries_with_tokens_that_are_no_good_none_comes_in(running: Running) -> None:
    over, used = running.token(), running.token()
    bound = [running.token("--host", "laptop-12"), running.token("--serial", "PF-1")]
    owner = Laptop(running)
    assert owner.enrol(used).status_code == 200
    past = text("UPDATE enrolment_tokens SET expires_at = '2020-01-01 00:00:00' WHERE digest = :d")
    with running.store() as store:
        store.write(lambda c: c.execute(past, {"d": token_digest(read_token(over)[0])}))
    tried = [(Laptop(running), token) for token in (over, used, *bound) for _ in range(25)]
    assert [laptop.enrol(token).status_code for laptop, token in tried] == [403] * 100
    again = [laptop.enrol(token).status_code for laptop, token in tried]
    assert again == [403] * 100, "also not the one that is kept beside the owner, as parked"
    assert {state_of(running, laptop) for laptop, _ in tried} == {"", "parked"}
    assert problem(owner.enrol(used)) == "parked"


def test_neither_a_parked_nor_a_revoked_laptop_comes_back_with_a_new_token(
    running: Running,
) -> None:
    parked, revoked, token = Laptop(running), running.laptop(), running.token()
    assert parked.enrol(token).status_code == 200
    Laptop(running).enrol(token)
    running.command("device", "revoke", revoked.name)
    for laptop, word in ((parked, "parked"), (revoked, "revoked")):
        fresh = running.token()
        assert problem(laptop.enrol(fresh)) == word
        assert state_of(running, laptop) == word
        assert Laptop(running).enrol(fresh).status_code == 200, "its use was not taken"


def test_a_host_name_is_the_same_with_and_without_its_domain(running: Running) -> None:
    token = running.token("--host", "Laptop-12.school.example")
    shown = messages.bound_to(read_token(token)[0], "laptop-12")
    assert Laptop(running).enrol(token, host=shown).status_code == 200


ALARMS = ("token-spent", "token-other-laptop", "chain-fork")


@pytest.mark.parametrize("language", ["nl", "da", "en"])
def test_alarms_stand_on_the_overview_in_words(
    tmp_path_factory: pytest.TempPathFactory, language: str
) -> None:
    with console(tmp_path_factory.mktemp("alarms") / "state") as at:
        words, spent = wording.load()[language], at.running.token()
        said = [words.text(f"alarm.{key}", token="§").rpartition("§")[2] for key in ALARMS]
        page = at.get(at.session("ingrid", language), "/overview").text
        assert not [one for one in said if one in page]
        for token in (spent, spent, at.running.token("--host", "another")):
            Laptop(at.running).enrol(token)
        forked = at.running.laptop()
        forked.receipt(pupil_file())
        forked.seq, forked.head = 0, "0" * 64
        assert problem(forked.send(pupil_file())) == "chain-fork"
        assert state_of(at.running, forked) == "active", "a fork parks nobody"
        page = at.get(at.session("ingrid", language), "/overview").text
        assert [one for one in said if one not in page] == []
        assert f"/devices/{forked.name}" in page
        managers = at.get(at.session("maaike", language), "/overview").text
        assert forked.name not in managers
