"""Expiry: a sealed copy is deleted when its time is over, provably, and never by a wrong clock."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.expiry import Expiry, kept_until
from agent.own_files import SealedOverdue
from agent.policy import EXPIRY_RULE, Mode, Policy
from agent.wire.messages import Receipt, to_json
from enforcement import expire_sealed
from enforcement.base import Attempt, EnforcementError, Reason, Result
from enforcement.tombstone import tombstones
from enforcement.vault import record, records
from tests.test_seal_file import DATA, NOW, action, attempt, home, pupil_file, settings, vault

__all__ = ["home"]

ID = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"
BY = "00000000-0000-4000-8000-0000000000ff"
DAY = timedelta(days=1)


class Killed(BaseException):
    """Stands for the end of the process at one place."""


@pytest.fixture
def sealed(home):
    """A home from which one file was sealed, to be kept for 30 days."""
    for id, name in ((ID, "a.csv"), (OTHER, "b.csv")):
        file = pupil_file(home, name, DATA)
        keep = {"rule": "seal", "keep_days": 30 if id == ID else 0, "hand_over": 0}
        action(home).apply(replace(attempt(file, id), about=keep))
    return home


def receipt(home, at):
    state = home.parent / "state"
    said = Receipt(device="d" + "a" * 16, last=1, head="0" * 64, received_at=at)
    (state / "receipt.json").write_bytes(to_json(said))


def overdue(home, now):
    found = Expiry(state=home.parent / "state", record=lambda one: None, now=lambda: now).overdue()
    return [one.subject for one in found]


def expiring(home, **changes):
    return expire_sealed.ExpireSealed(settings(home), now=lambda: NOW + 31 * DAY, **changes)


def over(home, id=ID):
    proof = {"sealed_sha256": record(home.parent / "state/vault", id).sealed_sha256}
    return Attempt(id=BY, subject=id, proof=proof)


def test_the_record_keeps_by_which_rule_and_for_how_long(sealed):
    first, second = records(sealed.parent / "state/vault")
    assert first.about == {"rule": "seal", "keep_days": 30, "hand_over": 0}
    assert (kept_until(first), kept_until(second)) == (NOW + 30 * DAY, None)


def test_a_record_of_an_earlier_agent_is_kept_for_good(sealed):
    path = sealed.parent / "state/vault" / f"{ID}.json"
    old = json.loads(path.read_text())
    del old["about"]
    path.write_text(json.dumps(old))
    assert kept_until(record(path.parent, ID)) is None


@pytest.mark.parametrize("odd", ["30", 0, -1, 10**9, None])
def test_a_number_of_days_that_is_none_keeps_it(sealed, odd):
    found = record(sealed.parent / "state/vault", ID)
    assert kept_until(replace(found, about={"keep_days": odd})) is None


def test_it_is_over_when_both_clocks_say_so(sealed):
    late, early = NOW + 30 * DAY, NOW + 29 * DAY
    assert overdue(sealed, late) == []  # the collector has never answered
    receipt(sealed, early)
    assert overdue(sealed, NOW + 3000 * DAY) == []
    receipt(sealed, late)
    assert overdue(sealed, early) == []
    assert overdue(sealed, late) == [ID]


def test_a_damaged_receipt_deletes_nothing(sealed):
    (sealed.parent / "state/receipt.json").write_bytes(b"\xff{")
    assert overdue(sealed, NOW + 3000 * DAY) == []


def test_what_must_be_handed_over_is_never_over(sealed):
    found = record(sealed.parent / "state/vault", ID)
    assert kept_until(replace(found, about={"keep_days": 30, "hand_over": 1})) is None


def test_a_copy_whose_time_is_over_is_gone_and_its_tombstone_says_by_which_rule(sealed):
    before = record(sealed.parent / "state/vault", ID)
    assert expiring(sealed).apply(over(sealed)).result is Result.DONE
    assert [name for name in vault(sealed) if name.startswith(ID)] == [f"{ID}.tomb"]
    (stone,) = tombstones(sealed.parent / "state/vault")
    assert (stone.record, stone.by) == (before, BY)
    assert stone.expired_at == (NOW + 31 * DAY).isoformat(timespec="seconds")
    assert [one.id for one in records(sealed.parent / "state/vault")] == [OTHER]
    raw = (sealed.parent / "state/vault" / f"{ID}.tomb").read_bytes()
    assert b"csv" not in raw
    assert b"anna" not in raw


def test_once_more_does_no_harm(sealed):
    gone = over(sealed)
    expiring(sealed).apply(gone)
    assert expiring(sealed).apply(gone).result is Result.ALREADY
    assert expiring(sealed).resume(BY).result is Result.DONE
    assert expiring(sealed).recover() == {}


def test_an_attempt_that_never_began_is_interrupted(sealed):
    assert expiring(sealed).resume(BY).reason is Reason.INTERRUPTED


@pytest.mark.parametrize(
    "about", [{"keep_days": 30, "hand_over": 1}, {"keep_days": 30, "hand_over": True}]
)
def test_what_must_be_handed_over_is_refused(sealed, about):
    path = sealed.parent / "state/vault" / f"{ID}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"about": about}))
    with pytest.raises(EnforcementError) as refused:
        expiring(sealed).apply(over(sealed))
    assert refused.value.reason is Reason.REFUSED
    assert record(path.parent, ID).state == "sealed"


def test_a_copy_that_is_not_the_one_looked_at_stays(sealed):
    other = replace(over(sealed), proof={"sealed_sha256": "0" * 64})
    with pytest.raises(EnforcementError) as refused:
        expiring(sealed).apply(other)
    assert refused.value.reason is Reason.CHANGED
    assert f"{ID}.age" in vault(sealed)


def test_a_damaged_copy_stays_for_an_officer_to_look_at(sealed):
    gone = over(sealed)
    with (sealed.parent / "state/vault" / f"{ID}.age").open("ab") as file:
        file.write(b"x")
    with pytest.raises(EnforcementError):
        expiring(sealed).apply(gone)
    assert f"{ID}.age" in vault(sealed)


def test_killed_at_every_step_it_is_finished_at_the_start(home):
    number, most = 0, None
    while most is None or number < most:
        keep = {"rule": "seal", "keep_days": 30, "hand_over": 0}
        id = f"00000000-0000-4000-8000-{number:012d}"
        action(home).apply(replace(attempt(pupil_file(home, "a.csv"), id), about=keep))
        gone = over(home, id)
        if most is None:
            passed = []
            expiring(home, checkpoint=passed.append).apply(gone)
            most = len(passed)
            assert most >= 4
        else:
            left = [number]

            def stop(place, left=left):
                left[0] -= 1
                if not left[0]:
                    raise Killed(place)

            with pytest.raises(Killed):
                expiring(home, checkpoint=stop).apply(gone)
            begun = f"{id}.tomb" in vault(home)
            again = expiring(home)
            if begun:
                assert again.resume(BY).result is Result.DONE
                assert again.recover() == {}
                assert [name for name in vault(home) if name.startswith(id)] == [f"{id}.tomb"]
            else:  # nothing of it stands, so nothing was deleted
                assert record(home.parent / "state/vault", id).state == "sealed"
                assert again.resume(BY).reason is Reason.INTERRUPTED
                assert again.apply(gone).result is Result.DONE
        for name in vault(home):
            (home.parent / "state/vault" / name).unlink()
        number += 1


def test_the_policy_deletes_only_where_it_enforces():
    seen = SealedOverdue(
        observed_at=datetime.now(UTC), subject=ID, days=30, size=1, sealed_sha256=""
    )
    for mode, enforced in ((Mode.ENFORCE, True), (Mode.REPORT, False)):
        decision = Policy(version=1, mode=mode).decide(seen)
        assert (decision.action, decision.rule) == ("expire-sealed", EXPIRY_RULE)
        assert decision.enforced is enforced


def test_a_vault_that_cannot_be_read_ends_nothing(sealed, monkeypatch, caplog):
    def broken(path):
        raise OSError(5, "input/output error", "/somebody")

    monkeypatch.setattr("agent.expiry.records", broken)
    receipt(sealed, NOW + 40 * DAY)
    stop = threading.Event()
    given = Expiry(state=sealed.parent / "state", record=stop.set, now=lambda: NOW + 40 * DAY)
    thread = threading.Thread(target=given.keep, args=(stop,))
    thread.start()
    time.sleep(0.2)
    assert thread.is_alive()
    stop.set()
    thread.join(10)
    assert "input/output error" in caplog.text
    assert "somebody" not in caplog.text
