"""Who is told of a reported leak: which route fits, what goes out, what an entry shows of it."""

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Connection

from agent.wire import event as wire
from agent.wire.event import Event
from server_stub import keys, wording
from server_stub.breaches import routing
from server_stub.breaches.register import draft_from, said_of
from server_stub.breaches.routing import Told
from server_stub.errors import ConfigError
from server_stub.post import route_hooks
from server_stub.post.reminders import HOUR, Report
from server_stub.post.route_hooks import Hooks
from server_stub.storage import (
    store_dossier,
    store_events,
    store_history,
    store_mail,
    store_register,
    store_routing,
)
from server_stub.storage.store import Store
from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console, console
from tests.mailbox import mailbox
from tests.test_server_duties import NOON, breach
from tests.test_server_mail_rounds import Desk
from tests.test_server_migrations import add_devices

ENGLISH = wording.load()["en"]
OWN = """
[[routes]]
roles = ["school-board-staff"]
to = ["board", "desk"]
source = "protocol, line 19"

[[routes]]
to = ["desk", "manager"]

[recipients.board]
channel = "mail"
address = "privacy@board.example"
language = "nl"

[recipients.desk]
channel = "{channel}"
address = "{url}"
hours = 24

[recipients.manager]
channel = "hand"
"""


def leak(**facts: object) -> Event:
    """A report as a laptop sends it, with what it may say of itself."""
    told = {"what": "lost-stick", "ongoing": True} | facts
    return pupil_file(kind="leak-reported", facts=told, decision=None, outcome=None)


@pytest.mark.parametrize(
    ("about", "role", "to"),
    [
        ("", "", ["reporting-point", "manager", "fg"]),
        ("own-organisation", "staff", ["reporting-point", "manager", "fg"]),
        ("partner-organisation", "other", ["reporting-point", "manager", "fg"]),
        ("own-organisation", "school-board-staff", ["board", "manager", "fg"]),
        ("school-board", "staff", ["board", "manager", "fg"]),
        ("school-board", "advisory-committee", ["reporting-point", "manager", "fg"]),
    ],
)
def test_role_and_context_decide_the_way(about: str, role: str, to: list[str]) -> None:
    assert list(routing.read("").route(about, role).to) == to


def test_the_products_recipients_have_a_name_in_each_language() -> None:
    for one in routing.read("").recipients.values():
        assert set(one.names) == set(wording.load())


def test_a_word_that_nobody_knows_leads_nowhere_else() -> None:
    assert said_of(leak(about="school-board", role="staff")) == ("school-board", "staff")
    assert said_of(leak()) == said_of(leak(about="the-moon", role=7)) == ("", "")
    assert said_of(leak(about=["school-board"], role=True)) == ("", "")
    assert said_of(pupil_file(facts={"about": "school-board"})) == ("", "")
    assert (
        draft_from("d", 1, leak(role="advisory-committee"), NOON).reporter == "advisory-committee"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("[[routes]]", "[[ruotes]]"), "routing cannot be read"),
        (('["desk", "manager"]', '["desk", "boss"]'), "'boss'"),
        (('"school-board-staff"', '"king"'), "'king'"),
        (('to = ["desk", "manager"]', 'to = ["desk"]\nroles = ["staff"]'), "last route"),
        (('"privacy@board.example"', '"nobody"'), "no mail address"),
        (('channel = "hand"', 'channel = "hand"\naddress = "x@y.example"'), "by hand"),
        (("https://", "http://"), "readable for others"),
        (("https://", "https://olaf:secret@"), "cannot send"),
        (('channel = "hand"', 'channel = "pigeon"'), "pigeon"),
        (('source = "protocol', 'sauce = "protocol'), "sauce"),
    ],
)
def test_a_routing_that_cannot_be_is_refused(change: tuple[str, str], says: str) -> None:
    text = OWN.format(channel="ticket", url="https://desk.example/hook")
    routing.read(text)
    with pytest.raises(ConfigError, match=re.escape(says)):
        routing.read(text.replace(*change))


def test_one_that_this_version_cannot_read_is_the_products_again(store: Store) -> None:
    store.write(lambda c: store_routing.write(c, "[[nonsense]]", "salt", NOON))
    with store.read() as connection:
        assert store_routing.now(connection) == routing.read("")
        assert store_routing.since(connection) == NOON


def test_each_stop_has_its_time_and_its_state() -> None:
    found = routing.read("")
    late = NOON + timedelta(hours=30)
    mark = Told(recipient="manager", at=late, reason="", who="olaf", noted_at=late)
    route = found.route("", "")
    point, manager, officer = routing.stops(found, route, NOON, {"fg": NOON}, [mark])
    assert (point.open, point.late(NOON), point.late(late)) == (True, False, True)
    assert point.by == NOON + timedelta(hours=24)
    assert (manager.open, manager.at, manager.late(late)) == (False, late, False)
    assert (officer.open, officer.at) == (False, NOON)
    assert routing.why_not(point, late, "", late) == "why-late"
    assert routing.why_not(point, None, "", late) == "why-not-needed"
    assert routing.why_not(point, late, "x", NOON) == "in-the-future"
    assert routing.why_not(None, NOON, "", NOON) == "which"
    assert routing.why_not(point, NOON, "", late) is None


def test_what_was_noted_and_sent_is_kept_and_stands_in_the_history(store: Store) -> None:
    draft = breach().draft

    def work(connection: Connection) -> None:
        made = store_register.open_breach(connection, draft, "olaf", NOON)
        mark = Told(recipient="manager", at=NOON, reason="by phone", who="olaf", noted_at=NOON)
        store_routing.note(connection, made, mark)
        key = route_hooks.key_of(Report(event=5, receipt="", received_at=NOON))
        opened = key._replace(breach=made.id, event=None, step="opened")
        store_mail.add_sent(connection, "mailbox:copy-to", [opened], NOON)

    store.write(work)
    with store.read() as connection:
        (made,) = store_register.all_breaches(connection)
        assert [one.recipient for one in store_routing.marks(connection, made)] == ["manager"]
        assert store_routing.sent(connection, made, routing.read("")) == {"fg": NOON}
        last = store_history.history(connection, made.id)[-1]
        assert (last.act, last.told["recipient"], last.moment) == (
            "recipient-told",
            "manager",
            NOON,
        )
        assert store_history.history_is_whole(connection)


@dataclass
class Hook:
    """A program of the organisation that takes what comes, or says no."""

    url: str = ""
    answer: int = 204
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def hook() -> Iterator[Hook]:
    kept = Hook()

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if kept.answer < 300:
                kept.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(kept.answer)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    kept.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "state", "")
    yield made
    made.collector.store.close()


def route_to(desk: Desk, channel: str, url: str) -> None:
    text = OWN.format(channel=channel, url=url)
    routing.read(text)
    desk.write(lambda c: store_routing.write(c, text, "5a" * 16, NOON))


def report(desk: Desk, seq: int, at: datetime, **facts: object) -> None:
    """A reported leak as if it had just been received."""
    made = leak(**facts)
    row = {"device": "d0", "seq": seq, "event_id": made.id, "kind": made.kind, "head": "0" * 64}
    row |= dict.fromkeys(("observed_at", "recorded_at", "received_at"), at)
    row |= {"body": wire.encode(made).decode()}
    desk.write(lambda c: store_events.add_events(c, [row]))


@pytest.mark.parametrize("channel", ["webhook", "ticket"])
def test_a_hook_gets_each_report_once_signed_and_nothing_of_the_leak(
    desk: Desk, channel: str
) -> None:
    with hook() as kept:
        desk.write(lambda c: add_devices(c, 1))
        report(desk, 1, NOON - HOUR)  # before there was a routing
        route_to(desk, channel, kept.url)
        report(desk, 2, NOON + HOUR, role="school-board-staff", about="school-board")
        desk.now = NOON + HOUR
        hooks = Hooks(desk.collector)
        kept.answer = 503
        hooks.go()
        (trouble,) = desk.troubles()
        assert (trouble.to_whom, kept.taken) == ("hook:desk", [])
        kept.answer = 204
        hooks.go()  # its pause is not over
        assert kept.taken == []
        desk.now += timedelta(minutes=2)
        for _ in range(2):
            hooks.go()
        ((headers, body),) = kept.taken
        assert desk.troubles() == []
        key = keys.feed_key(desk.collector.config.state)
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        secret = route_hooks.secret_of(key, "5a" * 16, "desk")
        proof = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{proof}"
        told = json.loads(body)
        assert told["url"].endswith("/events/2")
        assert ("title" in told) == (channel == "ticket")
        for word in ("lost-stick", "school-board", "d0", "staff"):
            assert word not in body.decode()


def test_a_laptop_that_reports_without_end_fills_no_ticket_system() -> None:
    many = [
        Report(event=one, receipt="", received_at=NOON, route=frozenset({"hook:desk"}))
        for one in range(100)
    ]
    first = route_hooks.waiting("hook:desk", many, {}, NOON)
    assert len(first) == route_hooks.MOST_AN_HOUR
    sent = {(route_hooks.key_of(one), "hook:desk"): NOON for one in first}
    assert route_hooks.waiting("hook:desk", many, sent, NOON) == []
    assert route_hooks.waiting("hook:desk", many, sent, NOON + 2 * HOUR)[0].event == len(first)
    assert route_hooks.waiting("hook:other", many, {}, NOON) == []


def test_a_collector_that_may_not_sends_nothing(desk: Desk) -> None:
    with hook() as kept:
        desk.write(lambda c: add_devices(c, 1))
        route_to(desk, "webhook", kept.url)
        report(desk, 1, NOON)
        Hooks(desk.collector, lambda: False).go()
        assert kept.taken == []


def test_who_has_a_mailbox_of_their_own_is_mailed_of_their_reports_only(desk: Desk) -> None:
    with mailbox() as kept:
        desk.write(lambda c: add_devices(c, 1))
        route_to(desk, "webhook", "http://127.0.0.1:9/hook")
        desk.set_up(kept.port, copy_to="fg@school.example")
        report(desk, 1, NOON)
        desk.go()
        assert kept.to("privacy@board.example") == []
        report(desk, 2, NOON, role="school-board-staff")
        desk.go()
        desk.go()
        (mail,) = kept.to("privacy@board.example")
        assert mail["Content-Language"] == "nl"
        assert "/events/2" in mail.get_content()
        assert "lost" not in mail.get_content() and "staff" not in mail.get_content()
        assert len(kept.to("fg@school.example")) == 2


def test_the_copies_hear_of_reports_and_of_what_is_intended_but_not_what(desk: Desk) -> None:
    with mailbox() as kept:
        desk.set_up(kept.port, copy_to="fg@school.example")
        desk.open_entry()
        desk.go()
        for text in ("call the finder", "call the finder again"):
            desk.now += HOUR
            desk.write(lambda c, text=text: intend(c, text, desk.now))
            desk.go()
            desk.go()
        subjects = [str(one["Subject"]) for one in kept.to("fg@school.example")]
        intended = ENGLISH.text("mail.intended", number="2026-0001")
        assert sum(intended in one for one in subjects) == 2
        assert all("finder" not in one.get_content() for one in kept.taken)


def intend(connection: Connection, text: str, now: datetime) -> None:
    (made,) = store_register.all_breaches(connection)
    store_dossier.write(connection, made, {"intended-actions": text}, "olaf", now)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("routing") / "state") as made:
        yield made


def test_the_entry_shows_who_is_told_and_follows_the_role(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    at.laptop.receipt(leak(about="school-board", role="staff"))
    made = at.post(olaf, f"/devices/{at.laptop.name}/16/breach", csrf=csrf)
    entry = made.headers["Location"]
    page = at.get(olaf, entry).text
    assert called("board") in page
    assert called("reporting-point") not in page
    answers = {"report-about": "own-organisation", "reporter-role": "staff"}
    shown = at.get(olaf, f"{entry}/dossier/timeline").text
    moments = r'name="((?:noticed|reported)-at)" type="datetime-local" value="([^"]+)'
    form = dict(re.findall(moments, shown))
    saved = at.post(olaf, f"{entry}/dossier/timeline", csrf=csrf, **form, **answers)
    assert saved.status_code == 303
    page = at.get(olaf, entry).text
    assert called("reporting-point") in page
    assert called("board") not in page


def test_that_somebody_was_told_is_noted_once_it_makes_sense(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    made = at.post(
        olaf, "/register/new", csrf=csrf, incident="paper", noticed_at="2026-11-20T09:30"
    )
    entry = made.headers["Location"].removesuffix("/dossier")
    form = {"csrf": csrf, "duty": "reporting-point", "how": "done", "at": "2026-11-22T09:30"}
    late = at.post(olaf, f"{entry}/routed", **form)
    assert late.status_code == 422
    assert ENGLISH.text("duty.wrong.why-late") in late.text
    assert at.post(olaf, f"{entry}/routed", **form, reason="It was Sunday").status_code == 303
    assert at.post(olaf, f"{entry}/routed", **(form | {"duty": "king"})).status_code == 422
    page = at.get(olaf, entry).text
    assert "It was Sunday" in page
    assert ENGLISH.text("way.told") in page
    assert called("reporting-point") in at.get(olaf, f"{entry}/history").text


def test_the_terminal_sets_shows_and_resets_it(at: Console, tmp_path: Path) -> None:
    file = tmp_path / "routing.toml"
    file.write_text(OWN.format(channel="ticket", url="https://desk.example/hook"))
    assert "the secret of desk: whsec_" in at.running.command("routing", "set", str(file))
    rows = json.loads(at.running.command("routing", "show", "--json"))
    assert [row["recipient"] for row in rows] == ["board", "desk", "desk", "manager"]
    assert at.running.command("routing", "show", "--toml") == file.read_text()
    at.running.command("routing", "reset")
    shown = at.running.command("routing", "show", "--toml")
    assert shown == routing.DEFAULT.read_text("utf-8")
    log = at.get(at.session("olaf"), "/log").text
    assert "set who is told of a reported leak" in log


def called(name: str) -> str:
    return routing.read("").recipients[name].called("en")
