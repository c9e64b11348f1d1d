"""False alarms in the console: who may mark one, what is kept of it, and what all of them teach."""

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import inspect, text

from server_stub import disputes, wording
from server_stub.disputes import Alarm, Dispute, Sum, sums
from server_stub.storage import store_disputes
from server_stub.storage.store import Store, migrations
from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console, console
from tests.databases import Databases

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def told(wanted: str, *evidence: str, detector: int = 3) -> object:
    """What a laptop sends when somebody says that a verdict is wrong."""
    facts = {
        "said": "clean" if wanted == "pupil" else "pupil",
        "wanted": wanted,
        "class": "none",
        "evidence": list(evidence),
        "format": "docx",
        "detector": detector,
    }
    return pupil_file(kind="verdict-disputed", facts=facts, decision=None, outcome=None)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("disputes") / "state") as made:
        newer = pupil_file()
        newer.facts["detector"] = 3
        made.laptop.receipt(newer, told("clean", "bsn"), told("pupil"))
        yield made
    assert not [line for line in made.running.log if "unforeseen" in line]


def event(at: Console, seq: int = 2) -> str:
    return f"/devices/{at.laptop.name}/{seq}"


def mark(at: Console, who: str, reason: str, seq: int = 2, **more: str) -> int:
    session = at.session(who)
    form = {"csrf": at.csrf(session), "reason": reason} | more
    return at.post(session, f"{event(at, seq)}/dispute", **form).status_code


def page(at: Console, path: str, who: str = "olaf", language: str = "en") -> str:
    return html.unescape(at.get(at.session(who, language), path).text)


# --- the button -----------------------------------------------------------------------------------


def test_only_the_officer_sees_and_uses_the_button(at: Console) -> None:
    assert "This is wrong" in page(at, event(at))
    assert "This is wrong" not in page(at, event(at), "ingrid")
    assert mark(at, "ingrid", "other") == 403
    assert mark(at, "maaike", "other") == 403
    assert at.post(at.stranger(), f"{event(at)}/dispute", reason="other").status_code == 303
    assert "Marked as a false alarm" not in page(at, event(at))


def test_a_form_from_elsewhere_is_refused(at: Console) -> None:
    session = at.session("olaf")
    good = {"csrf": at.csrf(session), "reason": "other"}
    for form, origin in (({**good, "csrf": "x"}, ""), (good, "https://elsewhere.example")):
        reply = at.post(session, f"{event(at)}/dispute", origin, **form)
        assert reply.status_code == 403
    assert "Marked as a false alarm" not in page(at, event(at))


def test_the_reason_is_one_of_a_list_and_the_event_a_pupil_file(at: Console) -> None:
    assert mark(at, "olaf", "because") == 400
    assert mark(at, "olaf", "") == 400
    assert mark(at, "olaf", "other", seq=1) == 400
    assert mark(at, "olaf", "other", seq=999) == 404
    assert "This is wrong" not in page(at, event(at, 1))


def test_a_mark_shows_on_the_event_with_who_and_why_and_stands_in_the_log(at: Console) -> None:
    assert mark(at, "olaf", "blank-form") == 303
    assert mark(at, "olaf", "blank-form") == 303
    for who in ("olaf", "ingrid"):
        assert "Marked as a false alarm: a blank form; by olaf," in page(at, event(at), who)
    log = page(at, "/log")
    assert log.count("marked a false alarm: blank form") == 1, "said twice is said once"


def test_another_reason_takes_the_place_of_the_first_and_both_stand_in_the_log(
    at: Console,
) -> None:
    assert mark(at, "olaf", "private", seq=3) == 303
    assert mark(at, "olaf", "staff-data", seq=3) == 303
    shown = page(at, event(at, 3))
    assert "data about staff; by olaf" in shown
    assert "file; by olaf" not in shown
    log = page(at, "/log")
    assert "false alarm: private" in log and "false alarm: staff data" in log
    assert wording.load()["en"].text("log.whole") in log


@pytest.mark.parametrize("language", ["nl", "da", "en"])
def test_every_language_has_it_all(at: Console, language: str) -> None:
    one = wording.load()[language]
    shown = page(at, event(at), language=language)
    for reason in Alarm:
        assert one.word(reason, "disputed") in shown
        assert one.words[f"disputed-{reason}"]
    assert one.text("disputes.title") in page(at, "/disputes", language=language)
    assert one.title("verdict-disputed") in page(at, event(at, 17), language=language)


def test_a_dispute_of_staff_is_a_plain_sentence(at: Console) -> None:
    shown = page(at, event(at, 18))
    assert "the agent said “no pupil file”, the person says “a pupil file” (none)." in shown


# --- what they teach ------------------------------------------------------------------------------


def test_the_overview_counts_by_evidence_and_detector(at: Console) -> None:
    assert mark(at, "olaf", "lesson-or-policy", seq=16) == 303
    for who in ("olaf", "ingrid"):
        shown = page(at, "/disputes", who)
        rows = re.findall(r"<tr>\s*<th scope=\"row\">(.*?)</th>(.*?)</tr>", shown, re.S)
        numbers = {
            (name, cells[0]): cells[1:]
            for name, rest in rows
            for cells in [re.findall(r">([^<]*)</td>", rest)]
        }
        assert numbers["BSN", "3"] == ["1", "1", "0"]
        assert numbers["pupil table", "3"] == ["1", "0", "0"]
        assert numbers["nothing was found", "3"] == ["0", "0", "1"]
        assert ("BSN", "not known") in numbers
    assert at.get(at.session("maaike"), "/disputes").status_code == 403
    assert at.get(at.stranger(), "/disputes").status_code == 303


def test_exports_name_what_was_disputed(at: Console) -> None:
    assert mark(at, "olaf", "blank-form") == 303
    said = at.running.command("report", "--device", at.laptop.name, "--format", "csv")
    rows = {row["seq"]: row["disputed"] for row in csv.DictReader(io.StringIO(said))}
    assert (rows["1"], rows["2"]) == ("", "blank-form")
    token = at.running.command("token", "api", "puller")
    secret = next(word for word in token.split() if len(word) > 30)
    session = at.stranger()
    session.headers["Authorization"] = f"Bearer {secret}"
    events = json.loads(at.get(session, "/api/v1/events").text)["events"]
    found = {(one["device"], one["seq"]): one["disputed"] for one in events}
    assert found[at.laptop.name, 2] == "blank-form"
    assert found[at.laptop.name, 1] is None


def test_sums_are_by_evidence_and_detector_the_most_frequent_first() -> None:
    def marked(*evidence: str, detector: int) -> Dispute:
        return Dispute(
            device="d",
            seq=1,
            reason="other",
            evidence=evidence,
            detector=detector,
            at=NOON,
            who="olaf",
        )

    found = sums(
        [marked("bsn", "roster", detector=2), marked("roster", detector=3)],
        [told("clean", "roster", detector=3), told("pupil", "roster", detector=3)],  # type: ignore[list-item]
    )
    assert found == [
        Sum(evidence="roster", detector=3, marked=1, said_clean=1, said_pupil=1),
        Sum(evidence="bsn", detector=2, marked=1, said_clean=0, said_pupil=0),
        Sum(evidence="roster", detector=2, marked=1, said_clean=0, said_pupil=0),
    ]


def test_what_an_older_agent_did_not_say_is_not_known() -> None:
    one = disputes.dispute_of("d", 1, pupil_file(facts={}), Alarm.OTHER, "olaf", NOON)
    assert (one.evidence, one.detector) == ((), disputes.UNKNOWN)


# --- the database ---------------------------------------------------------------------------------


def test_a_dispute_survives_its_way_through_the_database(store: Store) -> None:
    given = disputes.dispute_of("dabc", 7, pupil_file(), Alarm.PRIVATE, "olaf", NOON)
    store.write(lambda c: store_disputes.set_dispute(c, given))
    store.write(lambda c: store_disputes.set_dispute(c, given))
    with store.read() as connection:
        assert store_disputes.marked(connection) == [given]
        assert store_disputes.dispute_at(connection, "dabc", 8) is None
        assert store_disputes.reasons(connection, []) == {}


def test_an_older_database_gets_the_table_and_keeps_its_rows(databases: Databases) -> None:
    store = Store(databases.make())
    with store.engine.connect() as connection:
        settings = migrations()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        connection.execute(
            text(
                "INSERT INTO users (name, role, password, created_at) "
                "VALUES ('olaf', 'officer', 'x', '2026-11-23')"
            )
        )
        connection.commit()
    assert not store.is_current()
    store.migrate()
    assert store.is_current()
    assert "disputes" in inspect(store.engine).get_table_names()
    with store.read() as connection:
        assert connection.execute(text("SELECT name FROM users")).scalar() == "olaf"
    store.close()
