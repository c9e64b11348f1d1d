"""Enrolment at a real collector: a token lets in as many laptops as it has uses, and no more."""

import base64
import json
import secrets
import ssl
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import requests
from sqlalchemy import text

from agent.wire import messages, signatures
from agent.wire.event import CHAIN_START
from agent.wire.messages import pin_of, read_token
from server_stub.intake.enrol import token_digest
from tests.collector_on_loopback import (
    Laptop,
    Running,
    believed,
    collector,
    faults,
    problem,
    pupil_file,
    run,
)
from tests.databases import Databases


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("enrol") / "state"
    with collector(state, database=databases.of_a_collector()) as made:
        yield made


def test_the_ca_that_the_collector_shows_has_the_pin_in_its_tokens(running: Running) -> None:
    pem = requests.get(running.url + messages.CA_PATH, verify=running.ca, timeout=10).text
    _, pin = read_token(running.token())
    assert pin_of(ssl.PEM_cert_to_DER_cert(pem)) == pin
    assert "PRIVATE" not in pem


def test_a_laptop_is_named_after_its_key_and_can_send(running: Running) -> None:
    laptop = Laptop(running)
    reply = laptop.enrol(running.token())
    answer = msgspec.json.decode(reply.content, type=messages.EnrolReply)
    assert answer.device == laptop.name
    believed(reply, answer.collector_key, _nonce(reply))


def test_a_lost_reply_is_made_good_by_asking_again(running: Running) -> None:
    laptop, token = Laptop(running), running.token()
    first, second = laptop.enrol(token), laptop.enrol(token)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert running.rows("SELECT name FROM devices WHERE name = :n", n=laptop.name)


def test_another_key_with_a_spent_token_is_refused_and_noted(running: Running) -> None:
    token, first = running.token(), Laptop(running)
    assert first.enrol(token).status_code == 200
    thieves = (Laptop(running), Laptop(running))
    for thief in thieves:
        reply = thief.enrol(token)
        assert (reply.status_code, problem(reply)) == (403, "token-spent")
    states = {one.name: _state(running, one) for one in (first, *thieves)}
    assert list(states.values()) == ["parked", "parked", None], "one is kept beside it, no more"
    digest = _digest(token)
    query = (
        "SELECT times FROM faults JOIN enrolment_tokens ON faults.seq = enrolment_tokens.id "
        "WHERE faults.kind = 'token-reuse' AND enrolment_tokens.digest = :d"
    )
    assert running.rows(query, d=digest) == [(2,)]


def test_of_many_laptops_with_one_token_exactly_one_comes_in(running: Running) -> None:
    for _ in range(3):
        token = running.token()
        with ThreadPoolExecutor(16) as pool:
            laptops = [Laptop(running) for _ in range(16)]
            replies = pool.map(Laptop.enrol, laptops, [token] * len(laptops))
            statuses = [reply.status_code for reply in replies]
        assert sorted(statuses) == [200] + [403] * 15
        came = [_state(running, one) for one in laptops if _is_enrolled(running, one.name)]
        assert came == ["parked", "parked"]


def test_parked_laptops_wait_until_it_says_which_one_is_its_own(running: Running) -> None:
    token, ours, thief = running.token(), Laptop(running), Laptop(running)
    assert ours.enrol(token).status_code == 200
    assert thief.enrol(token).status_code == 403
    for one in (ours, thief):
        assert problem(one.send(pupil_file())) == "parked"
        one.seq, one.head = 0, CHAIN_START
    running.command("device", "approve", thief.name)
    assert thief.enrol(token).status_code == 200, "its token was good after all"
    assert thief.send(pupil_file()).status_code == 200
    running.command("device", "revoke", ours.name)
    assert problem(ours.send(pupil_file())) == "revoked"
    said = run(running.state, "device", "approve", ours.name, database=running.database)
    assert (said.returncode, "was revoked" in said.stderr) == (1, True)
    log = running.rows("SELECT act FROM audit WHERE subject = :n", n=ours.name)
    assert [row.act for row in log] == ["revoked-device"]


def test_a_laptop_that_has_to_be_looked_at_waits(running: Running) -> None:
    laptop = Laptop(running)
    assert laptop.enrol(running.token("--approve", "--group", "care")).status_code == 200
    reply = laptop.send(pupil_file())
    assert (reply.status_code, problem(reply)) == (403, "waiting")
    (row,) = [
        one
        for one in json.loads(running.command("device", "list", "--json"))
        if one["device"] == laptop.name
    ]
    assert (row["state"], row["group"]) == ("waiting", "care")
    running.command("device", "approve", laptop.name)
    laptop.seq, laptop.head = 0, CHAIN_START
    assert laptop.send(pupil_file()).status_code == 200


@pytest.mark.parametrize("option", ["--host", "--serial"])
def test_a_token_that_is_bound_lets_only_that_laptop_in(running: Running, option: str) -> None:
    token = running.token(option, "Laptop-7")
    secret, _ = read_token(token)
    name = option.removeprefix("--")
    right, wrong = messages.bound_to(secret, " laptop-7\n"), messages.bound_to(secret, "laptop-8")
    for told in ({}, {name: wrong}):
        reply = Laptop(running).enrol(token, **told)
        assert (reply.status_code, problem(reply)) == (403, "token-other-laptop")
    assert Laptop(running).enrol(token, **{name: right}).status_code == 200
    assert b"laptop-7" not in running.dump().lower()


def test_a_bound_token_has_one_use_and_a_group_is_a_word(running: Running) -> None:
    for words, says in (
        (("--host", "a", "--uses", "2"), "has one use"),
        (("--group", "Klas 7"), "no name of a group"),
    ):
        said = run(running.state, "token", "new", *words, database=running.database)
        assert (said.returncode, says in said.stderr) == (2, True)


def test_two_computers_that_take_turns_with_one_key_show(running: Running) -> None:
    laptop = running.laptop()
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    for boot, seen in ((one, 0), (one, 0), (other, 0), (other, 0), (one, 1), (other, 1)):
        body = laptop.batch(*laptop.records(pupil_file()), boot_id=boot)
        assert laptop.post(messages.EVENTS_PATH, body).status_code == 200
        assert len(faults(running, laptop.name)) == seen
    assert faults(running, laptop.name) == [("two-laptops", "two-boots", None)]


def test_a_request_that_was_held_up_over_a_start_of_the_computer_is_no_second_one(
    running: Running,
) -> None:
    laptop = running.laptop()
    before, after = str(uuid.uuid4()), str(uuid.uuid4())
    previous, records = laptop.records(pupil_file(), pupil_file())
    late = laptop.batch(previous, records[:1], boot_id=before)
    now = laptop.batch(previous, records, boot_id=after)
    for body in (late, now, late):
        assert laptop.post(messages.EVENTS_PATH, body).status_code == 200
    body = laptop.batch(*laptop.records(pupil_file()), boot_id=after)
    assert laptop.post(messages.EVENTS_PATH, body).status_code == 200
    assert faults(running, laptop.name) == []


def test_a_token_with_three_uses_lets_in_three(running: Running) -> None:
    token = running.token("--uses", "3")
    statuses = [Laptop(running).enrol(token).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 403, 403]


def test_an_expired_token_lets_nobody_in(running: Running) -> None:
    token = running.token()
    _age(running, token, "2020-01-01 00:00:00.000000")
    reply = Laptop(running).enrol(token)
    assert (reply.status_code, problem(reply)) == (403, "token-expired")


def test_a_made_up_token_lets_nobody_in_and_fills_nothing(running: Running) -> None:
    count = "SELECT (SELECT count(*) FROM faults), (SELECT count(*) FROM nonces)"
    before = running.rows(count)
    made_up = messages.write_token(secrets.token_bytes(17), "a" * 26)
    assert problem(Laptop(running).enrol(made_up)) == "token-unknown"
    assert problem(Laptop(running).enrol("dw1-short")) == "token-unknown"
    assert running.rows(count) == before


def test_the_token_itself_is_nowhere_in_the_database(running: Running) -> None:
    token = running.token()
    assert Laptop(running).enrol(token).status_code == 200
    secret, _ = read_token(token)
    assert secret.encode() not in running.dump()


def test_a_request_signed_by_another_key_than_it_names_is_refused(running: Running) -> None:
    laptop, token = Laptop(running), running.token()
    public = Laptop(running).key.public_key().public_bytes_raw()
    body = messages.to_json(
        messages.EnrolRequest(
            token=token, public_key=base64.b64encode(public).decode(), agent_version="0.1.0"
        )
    )
    reply = laptop.post(messages.ENROL_PATH, body, keyid=signatures.ENROLLING)
    assert (reply.status_code, problem(reply)) == (401, "signature")
    assert Laptop(running).enrol(token).status_code == 200, "the token must not have been used"


def test_a_wrong_clock_is_told_as_such_and_costs_no_token(running: Running) -> None:
    token = running.token()
    for skew in (timedelta(minutes=6), -timedelta(days=365)):
        laptop = Laptop(running, skew=skew)
        reply = laptop.enrol(token)
        assert (reply.status_code, problem(reply)) == (401, "clock")
        assert "Date" in reply.headers
    assert Laptop(running).enrol(token).status_code == 200


def test_a_laptop_can_enrol_again_with_a_new_token(running: Running) -> None:
    laptop = running.laptop()
    assert laptop.enrol(running.token()).status_code == 200
    assert len(running.rows("SELECT 1 FROM devices WHERE name = :n", n=laptop.name)) == 1


def test_a_collector_keeps_its_keys_and_its_tokens_over_a_restart(tmp_path: Path) -> None:
    with collector(tmp_path / "state") as first:
        token = first.token()
        before = requests.get(first.url + messages.CA_PATH, verify=first.ca, timeout=10).text
    with collector(tmp_path / "state") as second:
        after = requests.get(second.url + messages.CA_PATH, verify=second.ca, timeout=10).text
        assert after == before
        assert Laptop(second).enrol(token).status_code == 200


def _nonce(reply: requests.Response) -> str:
    return signatures.read(reply.headers).nonce


def _digest(token: str) -> str:
    return token_digest(read_token(token)[0])


def _is_enrolled(running: Running, name: str) -> bool:
    return bool(running.rows("SELECT 1 FROM devices WHERE name = :n", n=name))


def _age(running: Running, token: str, moment: str) -> None:
    change = text(f"UPDATE enrolment_tokens SET expires_at = '{moment}' WHERE digest = :d")
    with running.store() as store:
        store.write(lambda c: c.execute(change, {"d": _digest(token)}))


def _state(running: Running, laptop: Laptop) -> str | None:
    rows = running.rows("SELECT state FROM devices WHERE name = :n", n=laptop.name)
    return str(rows[0].state) if rows else None
