"""What the product did wrong itself stands in the register, once a day for each laptop."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from agent.wire import event as wire
from server_stub.intake import own_faults
from server_stub.storage import store_register
from server_stub.storage.store import Store
from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console, console


def drill(result: str) -> wire.Event:
    facts: dict[str, wire.Fact] = {"result": result, "reason": "no-space", "step": "seal"}
    return pupil_file(kind="restore-drill", facts=facts, decision=None, outcome=None)


def gap() -> wire.Event:
    facts: dict[str, wire.Fact] = {"cause": "disk-full", "dropped": 3, "kinds": []}
    return pupil_file(kind="journal-gap", facts=facts, decision=None, outcome=None)


def own(at: Console) -> list[str]:
    """The kinds of what the product opened about itself, the oldest first."""
    query = "SELECT kind FROM breaches WHERE created_by = :who ORDER BY id"
    return [kind for (kind,) in at.running.rows(query, who=own_faults.WHO)]


@pytest.mark.parametrize(
    ("event", "fault"),
    [(drill("failed"), True), (drill("done"), False), (gap(), True), (pupil_file(), False)],
)
def test_what_tells_of_a_fault_of_ours(event: wire.Event, fault: bool) -> None:
    assert own_faults.is_own_fault(event) is fault


def test_a_file_that_was_only_reported_was_not_sealed_wrongly() -> None:
    reported = wire.DecisionPart(action="seal-file", rule="r", enforced=False, held="grace")
    assert not own_faults.was_sealed(pupil_file(decision=reported, outcome=None))
    sealed = wire.DecisionPart(action="seal-file", rule="r", enforced=True)
    done, failed = (wire.OutcomePart(result=one, reason="none") for one in ("done", "failed"))
    assert own_faults.was_sealed(pupil_file(decision=sealed, outcome=done))
    assert not own_faults.was_sealed(pupil_file(decision=sealed, outcome=failed))


def test_what_a_laptop_tells_opens_one_entry(tmp_path: Path) -> None:
    with console(tmp_path / "state") as at:
        before = own(at)
        other = at.running.laptop()
        other.receipt(drill("done"), drill("failed"), gap())
        assert own(at) == [*before, "restore-drill"]
        sealed = pupil_file(
            decision=wire.DecisionPart(action="seal-file", rule="r", enforced=True),
            outcome=wire.OutcomePart(result="done", reason="none"),
        )
        third = at.running.laptop()
        third.receipt(sealed)
        session = at.session("olaf")
        form = {"csrf": at.csrf(session), "reason": "blank-form"}
        for _ in range(2):
            assert at.post(session, f"/devices/{third.name}/1/dispute", **form).status_code == 303
        assert own(at) == [*before, "restore-drill", "pupil-file-found"]


def test_what_goes_on_failing_is_one_entry_a_day(store: Store) -> None:
    now = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
    for hours in (0, 1, 23, 25, 26):
        later = now + timedelta(hours=hours)
        store.write(partial(own_faults.note, device="d" + "a" * 16, seq=hours + 1,
                            event=drill("failed"), now=later))  # fmt: skip
    with store.read() as connection:
        opened = [one.created_at for one in store_register.all_breaches(connection)]
    assert opened == [now + timedelta(hours=25), now]
