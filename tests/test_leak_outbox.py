"""Reports that wait for the agent: sealed on the disk, never lost, never counted twice."""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyrage
import pytest

from agent import control, person
from agent.control_server import Caller, ControlServer
from agent.errors import AgentError
from agent.journal import Journal
from agent.leak_outbox import MOST_WAITING, LeakOutbox, NobodyToRead, Report
from agent.leak_reports import LeakReports
from agent.policy import Contact
from agent.wire import event as wire
from collectors.base import utc_now
from tests.test_daemon import Scripted, build

OFFICER = pyrage.x25519.Identity.generate()
KEYS = [str(OFFICER.to_public())]
SAID = "In de trein, met de lijst van groep 7."


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


class Agent:
    """An agent that can be asked for reports, and can be gone."""

    def __init__(self, journal: Journal, socket: Path) -> None:
        self.socket, self.server = socket, None
        daemon = build(journal, Scripted())
        self.desk = LeakReports(keep=daemon.keep, contact=Contact(name="Noor"), now=utc_now)

    def begin(self) -> None:
        answers = {
            "leak-report": self.desk.take,
            "slip-report": self.desk.take_slip,
            "status": self._status,
        }
        self.server = ControlServer(self.socket, answers, lambda _: answers)
        self.server.start()

    def end(self) -> None:
        self.server.close()

    def _status(self, caller: Caller, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"officers": KEYS, "contact": {"name": "Noor", "phone": "0"}, "language": "da"}


@pytest.fixture
def agent(journal: Journal, tmp_path: Path) -> Agent:
    return Agent(journal, tmp_path / "s")


def report(**chosen: str | bool) -> Report:
    return Report(
        chosen={"kind": "lost-stick", "ongoing": False, **chosen},
        written={"text": SAID, "reach": ""},
        at=datetime.now(UTC),
    )


def events(journal: Journal) -> list[wire.Event]:
    return [wire.decode(record.body) for record in journal.pending().records]


def test_while_the_agent_is_down_a_report_waits_sealed_and_has_its_number(
    agent: Agent, journal: Journal, tmp_path: Path
) -> None:
    outbox = LeakOutbox(tmp_path / "home")
    receipt = outbox.keep(report(), KEYS)
    outbox.deliver(agent.socket)
    assert [one.sent for one in outbox.receipts()] == [False]
    for file in (tmp_path / "home").rglob("*"):
        assert file.is_dir() or SAID.encode() not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0
    agent.begin()
    outbox.deliver(agent.socket)
    agent.end()
    (event,) = events(journal)
    assert (event.id, receipt.shown) == (
        receipt.number,
        f"DW-{event.id[:4]}-{event.id[4:8]}".upper(),
    )
    assert json.loads(pyrage.decrypt(base64.b64decode(event.sealed), [OFFICER])) == {"text": SAID}
    assert [(one.number, one.sent) for one in outbox.receipts()] == [(receipt.number, True)]


def test_half_a_character_in_a_report_loses_nothing(
    agent: Agent, journal: Journal, tmp_path: Path
) -> None:
    """As a paste can hold one."""
    outbox, now = LeakOutbox(tmp_path / "home"), datetime.now(UTC)
    outbox.keep(Report(chosen={}, written={"text": "a \ud800 b"}, at=now), KEYS)
    agent.begin()
    outbox.deliver(agent.socket)
    agent.end()
    (event,) = events(journal)
    opened = json.loads(pyrage.decrypt(base64.b64decode(event.sealed), [OFFICER]))
    assert opened["text"].startswith("a ") and opened["text"].endswith(" b")


def test_a_report_handed_over_twice_counts_once_and_gets_the_same_number(
    agent: Agent, journal: Journal, tmp_path: Path
) -> None:
    agent.begin()
    given = {"number": "0d3f9c1e-0000-4000-8000-000000000001", "kind": "paper"}
    first = control.ask(agent.socket, "leak-report", **given)
    assert control.ask(agent.socket, "leak-report", **given) == first
    agent.end()
    assert journal.count() == 1


def test_what_somebody_tells_of_themselves_goes_another_way(
    journal: Journal, agent: Agent, tmp_path: Path
) -> None:
    """To the director's key, by a verb of its own; the officer's key opens nothing of it."""
    director = pyrage.x25519.Identity.generate()
    outbox, agent.desk.can_seal_slips = LeakOutbox(tmp_path / "home"), True
    slip = Report(verb="slip-report", chosen={}, written={"text": SAID}, at=datetime.now(UTC))
    outbox.keep(slip, [str(director.to_public())])
    agent.begin()
    outbox.deliver(agent.socket)
    agent.end()
    (event,) = events(journal)
    assert (event.kind, event.facts) == ("slip-reported", {})
    sealed = base64.b64decode(event.sealed)
    assert json.loads(pyrage.decrypt(sealed, [director])) == {"text": SAID}
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [OFFICER])


def test_what_cannot_be_taken_now_holds_nothing_else_up(
    journal: Journal, agent: Agent, tmp_path: Path
) -> None:
    """Without a director in the policy the slip waits, and leaks around it are handed over."""
    outbox = LeakOutbox(tmp_path / "home")
    outbox.keep(report(), KEYS)
    slip = Report(verb="slip-report", chosen={}, written={"text": SAID}, at=datetime.now(UTC))
    outbox.keep(slip, KEYS)
    outbox.keep(report(), KEYS)
    agent.begin()
    outbox.deliver(agent.socket)
    agent.end()
    assert journal.count() == 2
    assert [(one.kind, one.sent) for one in outbox.receipts() if not one.sent] == [("", False)]


def test_where_nobody_could_read_it_nothing_is_kept(tmp_path: Path) -> None:
    outbox = LeakOutbox(tmp_path)
    with pytest.raises(NobodyToRead):
        outbox.keep(report(), [])
    assert outbox.receipts() == []


def test_a_report_that_can_never_be_taken_is_given_up_and_says_why(
    agent: Agent, tmp_path: Path
) -> None:
    outbox = LeakOutbox(tmp_path / "home")
    outbox.keep(report(kind="gossip"), KEYS)
    agent.begin()
    with pytest.raises(control.ControlError, match="gossip"):
        outbox.deliver(agent.socket)
    agent.end()
    assert outbox.receipts() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"number": "../../x"}', b"\xff" * 300_000])
def test_what_is_no_report_is_left_alone(content: bytes, tmp_path: Path) -> None:
    outbox = LeakOutbox(tmp_path)
    strange = tmp_path / "waiting" / "0d3f9c1e-0000-4000-8000-000000000001.json"
    strange.write_bytes(content)
    outbox.deliver(tmp_path / "nobody")
    assert outbox.receipts() == []
    assert strange.exists()


def test_a_link_in_the_place_of_a_report_is_not_followed(tmp_path: Path) -> None:
    outbox = LeakOutbox(tmp_path)
    outbox.keep(report(), KEYS)
    (place,) = (tmp_path / "waiting").iterdir()
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert outbox.receipts() == []


def test_no_more_than_so_many_wait(tmp_path: Path) -> None:
    outbox = LeakOutbox(tmp_path)
    for _ in range(MOST_WAITING):
        outbox.keep(report(), KEYS)
    with pytest.raises(AgentError, match="phone"):
        outbox.keep(report(), KEYS)


def test_what_a_form_needs_is_known_from_the_last_answer(agent: Agent, tmp_path: Path) -> None:
    place = tmp_path / "person"
    assert person.known(agent.socket, place).officers == []
    agent.begin()
    assert person.known(agent.socket, place).status is not None
    agent.end()
    again = person.known(agent.socket, place)
    assert (again.status, again.officers, again.language) == (None, KEYS, "da")
    (place / "known.json").write_bytes(b'{"officers": "x", "contact": [1]}')
    assert person.known(agent.socket, place).officers == []


_REPORTER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from agent.leak_outbox import LeakOutbox, Report
outbox = LeakOutbox(Path(sys.argv[1]))
for number in range(400):
    kept = outbox.keep(Report(
        chosen={"kind": "paper", "ongoing": False}, written={}, at=datetime.now(UTC)), [])
    print(kept.number, flush=True)
    outbox.deliver(Path(sys.argv[2]))
"""


@pytest.mark.slow
def test_no_report_is_lost_whenever_reporter_and_agent_are_killed(
    agent: Agent, journal: Journal, tmp_path: Path
) -> None:
    """Each round a reporter dies by SIGKILL at another moment, and the agent comes and goes."""
    agent.desk.recent._most = 10_000
    told: set[str] = set()
    for round_ in range(25):
        agent.begin()
        command = [sys.executable, "-c", _REPORTER, str(tmp_path / "home"), str(agent.socket)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reporter:
            lines = [reporter.stdout.readline() for _ in range(1 + round_ % 3)]
            gone = threading.Timer(0.001 * (round_ % 5), agent.end)
            gone.start()
            os.kill(reporter.pid, signal.SIGKILL)
            lines += reporter.stdout.readlines()
            gone.join()
        told |= {line.strip() for line in lines if line.endswith("\n")}
    agent.begin()
    LeakOutbox(tmp_path / "home").deliver(agent.socket)
    agent.end()
    numbers = [event.id for event in events(journal)]
    assert told <= set(numbers)
    assert len(numbers) == len(set(numbers))
