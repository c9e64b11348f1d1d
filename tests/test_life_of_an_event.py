"""The tour: a pupil file on a laptop becomes a line at the collector, and what may go wrong.

Read this first. Everything here is real: the collector behind TLS, the agent with its worker and
its sender, a spreadsheet a teacher could have saved.
"""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent import control, identity, processes, sender
from agent.demo import stage
from agent.journal import Journal
from agent.outbox import Outbox
from agent.trouble import Trouble
from collectors.base import utc_now
from tests.laptop import Chain, chain, running_agent
from tests.test_journal import new_event


@pytest.fixture
def laptop() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        stage.enrol_laptop(made.folders, made.server)
        yield made


def put_class_list(made: Chain) -> Path:
    """One class list from the sample home, saved to the laptop's home."""
    samples = made.folders.top / "samples"
    inventory = stage.build(samples, stage.SEED)
    name = next(f.path for f in inventory.pupil_files if f.path.endswith(".xlsx"))
    target = made.folders.home / "Downloads" / "groep 7.xlsx"
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(samples / name, target)
    return target


def kinds(made: Chain) -> list[str]:
    return [event["kind"] for event in made.events()]


@pytest.mark.slow
def test_from_a_pupil_file_to_a_line_at_the_collector(laptop: Chain) -> None:
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: laptop.status().get("state") is not None, 30)
        # A teacher saves a class list in the downloads of the laptop.
        saved = put_class_list(laptop)
        # The collector of files sees it, the worker judges it, the policy says to seal it.
        assert stage.wait_until(lambda: not saved.exists(), 60)
        # The event is journalled once that is done, handed to the sender, and arrives.
        assert stage.wait_until(lambda: "pupil-file-found" in kinds(laptop), 60)
    (found,) = [e for e in laptop.events() if e["kind"] == "pupil-file-found"]
    assert found["decision"]["action"] == "seal-file"
    assert found["outcome"] == {"reason": "none", "result": "done"}
    assert found["facts"]["place"] == "downloads"
    assert found["facts"]["persons-min"] >= 5
    assert found["sealed"], "the path is there for the privacy officer, sealed"
    # IT pulls it; nobody's name is in it.
    said = laptop.ask_collector("report", "--format", "json")
    assert found["id"] in said
    assert "groep 7" not in said


@pytest.mark.slow
def test_a_persons_report_gets_a_number_at_once_and_arrives(laptop: Chain) -> None:
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: bool(laptop.status()), 30)
        answer = control.ask(laptop.socket, "leak-report", kind="lost-stick")
        assert answer["receipt"].startswith("DW-")
        assert stage.wait_until(lambda: laptop.status()["pending"] == 0, 30)
    (report,) = [e for e in laptop.events() if e["kind"] == "leak-reported"]
    assert report["facts"] == {"ongoing": False, "what": "lost-stick"}
    assert report["id"][:8].upper() == answer["receipt"].removeprefix("DW-").replace("-", "")


@pytest.mark.slow
def test_while_the_collector_is_down_events_stay_and_status_says_why(laptop: Chain) -> None:
    processes.end(laptop.collector)
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: laptop.status().get("trouble") == "unreachable", 30)
        status = laptop.status()
        assert (status["pending"], status["state"]) != (0, "fine")
        assert "does not answer" in status["advice"]


@pytest.mark.slow
def test_another_server_in_the_collectors_place_gets_nothing(laptop: Chain) -> None:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as impostor:
        who = identity.enrolled(laptop.folders.agent)
        assert who is not None
        ca = (laptop.folders.agent / "ca.pem").read_bytes()
        moved = identity.Enrolled(
            device=who.device,
            server=impostor.server,
            collector_key=who.collector_key,
            owner=who.owner,
        )
        identity.save(laptop.folders.agent, moved, ca)
        with running_agent(laptop.folders):
            wrong = Trouble.WRONG_CERTIFICATE
            assert stage.wait_until(lambda: laptop.status().get("trouble") == wrong, 30)
            assert laptop.status()["pending"] > 0
        assert impostor.events() == []


@pytest.mark.slow
def test_a_wrong_clock_is_named_and_nothing_is_lost(laptop: Chain, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(new_event())
    state = laptop.folders.agent
    for error, trouble, left in ((timedelta(hours=1), Trouble.CLOCK, 1), (None, Trouble.NONE, 0)):
        box = Outbox(
            journal,
            key=lambda: identity.device_key(state),
            identity=lambda: identity.enrolled(state),
            ca=lambda: (state / "ca.pem").read_text("ascii"),
            boot_id=processes.boot_id(),
            now=lambda: utc_now() + (error or timedelta(0)),  # noqa: B023 (used at once)
        )
        request = box.request()
        answer = sender.post(
            request["ca"], request["uri"], request["headers"], request["body"].encode()
        )
        box.reply(answer["status"], answer["headers"], answer["body"].encode())
        assert (box.trouble, journal.count()) == (trouble, left)
    journal.close()
