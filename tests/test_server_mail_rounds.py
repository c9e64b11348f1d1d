"""Rounds of mail: a real database and a real mail server, a clock that the test sets."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from agent.wire.receipts import receipt_number
from server_stub import serve, state
from server_stub.breaches.duties import Duty
from server_stub.collector import Collector
from server_stub.config import configure
from server_stub.errors import StoreError
from server_stub.post import mail_rounds, mail_settings
from server_stub.post.mail_rounds import Rounds
from server_stub.post.mail_settings import Settings, Tls
from server_stub.rounds import tried
from server_stub.storage import store_duties, store_mail, store_people, store_register
from tests.collector_on_loopback import Running, collector, pupil_file
from tests.console_visit import PASSWORDS, Console
from tests.databases import Databases
from tests.mailbox import Mailbox, mailbox
from tests.test_server_duties import HOUR, NOON, breach, mark

OLAF, MAAIKE = "olaf@school.example", "maaike@school.example"
PEOPLE = (("olaf", "officer", OLAF, "da"), ("maaike", "management", MAAIKE, "nl"))
MINUTE = timedelta(minutes=1)


class Desk:
    """A collector with two people and one entry, and its rounds."""

    def __init__(self, folder: Path, database: str) -> None:
        config = configure(
            state=str(folder), database=database or None, zone="Europe/Amsterdam", environ={}
        )
        state.prepare(config, NOON)
        self.now = NOON
        made = serve.make_collector(config, "https://collector.example")
        self.collector: Collector = replace(made, now=lambda: self.now)
        self.collector.store.write(self._people)
        self.rounds = self.anew()

    def anew(self) -> Rounds:
        """As after a start: nothing is known but what was written down."""
        self.rounds = Rounds(self.collector, threading.Event())
        return self.rounds

    def set_up(self, port: int, **more: str) -> None:
        made = Settings(
            host="127.0.0.1",
            port=port,
            sender="dossierwacht@school.example",
            tls=Tls.NONE,
            since=NOON,
            **more,  # type: ignore[arg-type]
        )
        mail_settings.write(self.collector.config.state, made, None)

    def open_entry(self) -> None:
        draft = breach().draft
        self.write(lambda c: store_register.open_breach(c, draft, "olaf", NOON))

    def write(self, work: Callable[[Connection], object]) -> None:
        self.collector.store.write(work)

    def go(self, after: timedelta = timedelta()) -> None:
        """A round, some time later."""
        self.now += after
        self.rounds.go()

    def troubles(self) -> list[store_mail.Trouble]:
        with self.collector.store.read() as connection:
            return store_mail.troubles(connection)

    @staticmethod
    def _people(connection: Connection) -> None:
        for name, role, address, language in PEOPLE:
            store_people.add_user(connection, name, role, "x", NOON)
            user = store_people.user_by(connection, name)
            assert user is not None
            store_people.set_mail(connection, user.id, address, language)


@pytest.fixture
def desk(databases: Databases, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "state", databases.of_a_collector())
    yield made
    made.collector.store.close()


def test_the_whole_way_of_one_entry(desk: Desk) -> None:
    with mailbox() as kept:
        desk.set_up(kept.port, copy_to="fg@school.example")
        desk.go()
        assert kept.taken == []
        desk.open_entry()
        desk.go()
        desk.go(MINUTE)
        (first,) = kept.to(OLAF)
        assert first["Subject"] == "Dossierwacht: 2026-0001: ny post i brudregistret"
        assert "senest 2026-11-26 13:00 CET (timer tilbage: 72)" in first.get_content()
        assert [one["To"] for one in kept.taken] == [OLAF, "fg@school.example"]
        desk.go(72 * HOUR)
        assert len(kept.to(OLAF)) == 2
        (escalated,) = kept.to(MAAIKE)
        assert (
            escalated["Subject"] == "Dossierwacht: 2026-0001: de toezichthouder, de tijd is voorbij"
        )
        desk.go(24 * HOUR)
        assert (len(kept.to(OLAF)), len(kept.to(MAAIKE))) == (3, 2)
        noted = replace(mark(Duty.AUTHORITY, desk.now, "free words"), noted_at=desk.now)
        with desk.collector.store.read() as connection:
            (entry,) = store_register.all_breaches(connection)
        desk.write(lambda c: store_duties.add(c, entry, noted))
        desk.go(24 * HOUR)
        assert (len(kept.to(OLAF)), len(kept.to(MAAIKE))) == (3, 2)
        assert len(kept.to("fg@school.example")) == 2
        assert all("free words" not in one.get_content() for one in kept.taken)
    assert desk.troubles() == []


def test_nothing_is_sent_twice_across_a_restart(desk: Desk) -> None:
    desk.open_entry()
    with mailbox() as kept:
        desk.set_up(kept.port)
        desk.go()
        desk.anew()
        desk.go(MINUTE)
        assert len(kept.taken) == 1


def test_a_server_that_is_down_is_tried_later_each_time_and_nothing_is_lost(desk: Desk) -> None:
    desk.open_entry()
    with mailbox() as kept:
        desk.set_up(kept.port)
    tries = []
    for _ in range(60):
        desk.go(MINUTE)
        tries.append(desk.troubles()[0].tries)
    (down,) = desk.troubles()
    assert (down.to_whom, down.since) == (store_mail.SERVER, NOON + MINUTE)
    assert "cannot reach" in down.reason
    assert tries[:8] == [1, 2, 2, 3, 3, 3, 3, 4]
    assert tries[-1] == 7, "at least each quarter of an hour"
    with mailbox(kept, kept.port):
        desk.go(15 * MINUTE)
        assert len(kept.taken) == 1
        desk.go(MINUTE)
        assert len(kept.taken) == 1
    assert desk.troubles() == []


def test_a_server_that_comes_back_when_nothing_waits_is_no_trouble_any_more(desk: Desk) -> None:
    desk.open_entry()
    with mailbox() as kept:
        desk.set_up(kept.port)
    desk.go()
    assert desk.troubles() != []
    desk.write(lambda c: store_people.set_mail(c, 1, None, ""))
    desk.write(lambda c: store_people.set_mail(c, 2, None, ""))
    with mailbox(kept, kept.port):
        desk.go(HOUR)
    assert desk.troubles() == []
    assert kept.taken == []


def test_one_address_that_is_refused_holds_nobody_else_up(desk: Desk) -> None:
    desk.open_entry()
    with mailbox() as kept:
        desk.set_up(kept.port)
        kept.refused[MAAIKE] = "550 no such mailbox"
        desk.go(72 * HOUR)
        assert len(kept.to(OLAF)) == 1
        (refused,) = desk.troubles()
        assert (refused.to_whom, refused.tries) == ("user:maaike", 1)
        desk.go(MINUTE / 2)
        assert desk.troubles()[0].tries == 1
        desk.go(MINUTE)
        assert desk.troubles()[0].tries == 2
        kept.refused.clear()
        desk.go(HOUR)
        assert len(kept.to(MAAIKE)) == 1
        assert desk.troubles() == []
        assert len(kept.to(OLAF)) == 1


def test_a_person_who_is_gone_leaves_no_trouble_behind(desk: Desk) -> None:
    desk.open_entry()
    with mailbox() as kept:
        desk.set_up(kept.port)
        kept.refused[OLAF] = "550 no such mailbox"
        desk.go()
        assert desk.troubles() != []
        desk.write(lambda c: store_people.drop_user(c, 1))
        desk.go(MINUTE)
    assert desk.troubles() == []


def test_a_crash_between_the_mail_and_the_note_repeats_that_mail_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open_entry()
    desk.now += 72 * HOUR
    kept_add = store_mail.add_sent

    def crash(connection: Connection, who: str, **rest: object) -> None:
        if who == "user:olaf":
            raise KeyboardInterrupt
        kept_add(connection, who, **rest)  # type: ignore[arg-type]

    with mailbox() as kept:
        desk.set_up(kept.port)
        monkeypatch.setattr(store_mail, "add_sent", crash)
        with pytest.raises(KeyboardInterrupt):
            desk.go()
        monkeypatch.setattr(store_mail, "add_sent", kept_add)
        desk.anew()
        desk.go(MINUTE)
        desk.go(MINUTE)
        assert (len(kept.to(MAAIKE)), len(kept.to(OLAF))) == (1, 2)


def test_what_cannot_be_noted_is_not_sent_again_and_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open_entry()
    desk.now += 72 * HOUR
    kept_add = store_mail.add_sent

    def full(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with mailbox() as kept:
        desk.set_up(kept.port)
        monkeypatch.setattr(store_mail, "add_sent", full)
        for _ in range(5):
            with pytest.raises(StoreError):
                desk.go(MINUTE)
        assert len(kept.taken) == 1
        monkeypatch.setattr(store_mail, "add_sent", kept_add)
        desk.go(MINUTE)
        assert (len(kept.to(MAAIKE)), len(kept.to(OLAF))) == (1, 1)


def test_a_fault_in_one_round_does_not_end_the_rounds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(OLAF)

    monkeypatch.setattr(mail_rounds, "waiting_now", fail)
    desk.set_up(25)
    tried(desk.rounds.tried, "no reminders are sent")
    assert "unforeseen ValueError" in caplog.text
    assert OLAF not in caplog.text
    (found,) = desk.troubles()
    assert "unforeseen ValueError" in found.reason


def test_settings_that_cannot_be_read_show_as_trouble(desk: Desk) -> None:
    (desk.collector.config.state / mail_settings.FILE).write_text("[")
    desk.rounds.tried()
    (found,) = desk.troubles()
    assert "mail set" in found.reason


def test_a_collector_that_sends_no_mail_leaves_the_troubles_of_one_that_does(desk: Desk) -> None:
    """Several may share a database; ``mail off`` is what takes a warning away."""
    desk.open_entry()
    desk.set_up(1)
    desk.go()
    assert desk.troubles() != []
    assert mail_settings.forget(desk.collector.config.state)
    desk.go(MINUTE)
    assert desk.troubles() != []


def test_a_clock_that_was_set_back_repeats_nothing(desk: Desk) -> None:
    with mailbox() as kept:
        desk.set_up(kept.port)
        desk.go(HOUR)
        desk.open_entry()
        desk.go()
        sent = len(kept.to(OLAF))
        for after in (-MINUTE * 30, MINUTE, MINUTE):
            desk.go(after)
        assert (sent, len(kept.to(OLAF))) == (1, 1)


def test_it_stops_when_it_is_told_to(desk: Desk) -> None:
    stop = threading.Event()
    threads = mail_rounds.start(desk.collector, stop)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


# --- the whole program ----------------------------------------------------------------------------

EVERYBODY = {"maaike": ("management", "nl"), "olaf": ("officer", "da"), "zoe": ("officer", "en")}


def until(true: Callable[[], object]) -> None:
    """Wait until something is so; fail after a minute."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def add_person(running: Running, name: str) -> None:
    role, language = EVERYBODY[name]
    given = PASSWORDS.get(name, "zoe-invented-password") + "\n"
    running.command("user", "add", name, "--role", role, "--password-stdin", given=given)
    running.command("user", "mail", name, f"{name}@school.example", "--language", language)


def test_a_clock_that_is_over_is_told_in_each_ones_language_once_across_restarts(
    tmp_path: Path,
) -> None:
    folder, options = tmp_path / "state", ("--timezone", "Europe/Amsterdam")
    with mailbox() as kept:
        with collector(folder, *options) as running:
            first_day(running, kept)
            assert kept.taken == []
        with collector(folder, *options) as running:
            until(lambda: len(kept.taken) == 3)
            until(lambda: len(running.rows("SELECT DISTINCT to_whom FROM sent_reminders")) == 3)
            add_person(running, "zoe")
        with collector(folder, *options) as running:
            # People are told in the order of their names: zoe comes after the others.
            until(lambda: kept.to("zoe@school.example"))
            told = json.loads(running.command("mail", "status", "--json"))
            assert (told["fine"], told["troubles"]) == (True, [])
    check_mails(kept)


def first_day(running: Running, kept: Mailbox) -> None:
    """A laptop brings what it saw ten days ago, and a person reports a leak."""
    where = ("--host", "127.0.0.1", "--port", str(kept.port), "--tls", "none")
    running.command("mail", "set", *where, "--from", "dossierwacht@school.example")
    running.command("mail", "set", "--reports-to", "meldpunt@school.example", "--language", "nl")
    laptop = running.laptop()
    seen = datetime.now(UTC) - timedelta(days=10)
    leak = {"kind": "leak-reported", "facts": {"what": "lost-stick", "ongoing": True}}
    quiet = {"decision": None, "outcome": None}
    laptop.receipt(pupil_file(observed_at=seen, recorded_at=seen), pupil_file(**leak, **quiet))
    add_person(running, "olaf")
    add_person(running, "maaike")
    at = Console(running, laptop)
    officer = at.session("olaf")
    made = at.post(officer, f"/devices/{laptop.name}/1/breach", csrf=at.csrf(officer))
    assert made.status_code == 303, made.text


def check_mails(kept: Mailbox) -> None:
    (danish,) = kept.to(OLAF)
    assert "tilsynsmyndigheden, stadig åben efter fristen" in danish.get_content()
    assert "et brud er meldt" in danish.get_content()
    (dutch,) = kept.to(MAAIKE)
    assert "de toezichthouder, na afloop van de tijd nog open" in dutch["Subject"]
    assert "https://" not in dutch.get_content()
    (report,) = kept.to("meldpunt@school.example")
    assert "er is een datalek gemeld" in report["Subject"]
    assert "/events/2" in report.get_content()
    assert "/devices/" not in "".join(one.get_content() for one in kept.taken)


def test_the_register_says_that_reminders_do_not_get_through(tmp_path: Path) -> None:
    with mailbox() as kept:
        pass
    folder = tmp_path / "state"
    with collector(folder) as running:
        first_day(running, kept)
    with collector(folder) as running:
        at = Console(running, running.laptop())
        until(lambda: running.rows("SELECT 1 FROM mail_troubles"))
        for language, said in (
            ("en", "Reminders by mail cannot be sent, or not to everybody, since"),
            ("nl", "Herinneringen per mail kunnen niet, of niet aan iedereen, worden verstuurd"),
            ("da", "Påmindelser pr. mail kan ikke sendes, eller ikke til alle, siden"),
        ):
            page = at.get(at.session("olaf", language), "/register").text
            assert f'<p class="note warn">{said}' in page
        running.command("mail", "off")
        assert "note warn" not in at.get(at.session("olaf"), "/register").text
    assert any("do not get through" in line for line in running.log)
    assert not any("@" in line for line in running.log)


def test_a_mail_leads_to_its_event_after_the_login(tmp_path: Path) -> None:
    with mailbox() as kept, collector(tmp_path / "state") as running:
        first_day(running, kept)
        laptop = running.rows("SELECT name FROM devices")[0][0]
        at = Console(running, running.laptop())
        assert at.get(at.stranger(), "/events/2").headers["Location"] == "/login"
        officer = at.session("olaf")
        assert at.get(officer, "/events/2").headers["Location"] == f"/devices/{laptop}/2"
        for gone in ("0", "99", "x", "9" * 30, "-1"):
            assert at.get(officer, f"/events/{gone}").status_code == 404


def test_the_number_that_a_reporter_noted_down_leads_to_the_report(tmp_path: Path) -> None:
    with mailbox() as kept, collector(tmp_path / "state") as running:
        first_day(running, kept)
        ((laptop, seq, event),) = running.rows(
            "SELECT device, seq, event_id FROM events WHERE kind = 'leak-reported'"
        )
        number = receipt_number(event)
        officer = Console(running, running.laptop()).session("olaf")
        at = Console(running, running.laptop())
        for told in (number, number.lower(), number.replace("-", " "), number[3:]):
            reply = at.get(officer, f"/events?receipt={told}")
            assert reply.headers["Location"] == f"/devices/{laptop}/{seq}"
        (other,) = running.rows("SELECT event_id FROM events WHERE kind != 'leak-reported'")[0]
        for gone in ("", "DW-", "%", "________", receipt_number(other), number + "0"):
            assert at.get(officer, f"/events?receipt={gone}").status_code == 404
