"""What was on a stick: the story that one laptop's events tell, its page, and who may read it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql

from agent.wire import event as wire
from server_stub import sticks, wording
from server_stub.sticks import Files, story
from server_stub.storage import store_devices, store_events, store_sticks, store_tokens
from server_stub.storage.store import Store
from server_stub.storage.store_events import StoredEvent
from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console, console
from tests.databases import Databases

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STICK = wire.digest_text(b"one invented stick")
OTHER = wire.digest_text(b"another invented stick")
QUIET: dict[str, Any] = {"decision": None, "outcome": None}


def attached(
    verdict: str = "encrypted", why: str = "luks2", device: str = STICK, **changes: Any
) -> wire.Event:
    facts = {
        "vendor": 0x0951,
        "product": 0x1666,
        "device": device,
        "verdict": verdict,
        "why": why,
        "size-gb": 16,
        "volumes": 1,
        "also-keyboard": False,
        "opened": False,
    }
    return pupil_file(kind=sticks.ATTACHED, facts=facts, **{**QUIET, **changes})


def on_stick(
    name: bytes = b"a", encrypted: bool = True, device: str = STICK, **facts: Any
) -> wire.Event:
    told = {key: value for key, value in pupil_file().facts.items() if key != "place"}
    told |= {"file": wire.digest_text(name + b" is an invented file"), "encrypted": encrypted}
    told |= {"device": device, "detector": 5}
    return pupil_file(kind=sticks.FILE, facts=told | facts, **QUIET)


def override() -> wire.Event:
    facts = {"device": STICK, "verdict": "unencrypted", "minutes": 30}
    return pupil_file(kind=sticks.OVERRIDE, facts=facts, **QUIET)


def stored(*events: wire.Event) -> list[StoredEvent]:
    """These events as the collector has them, an hour apart."""
    return [
        StoredEvent(
            id=number,
            device="dabcdefghijklmnop",
            seq=number,
            event_id=event.id,
            kind=event.kind,
            observed_at=NOON + timedelta(hours=number),
            recorded_at=NOON,
            received_at=NOON,
            body=wire.encode(event).decode(),
            head="0" * 64,
        )
        for number, event in enumerate(events, 1)
    ]


def all_files(*events: wire.Event) -> Files:
    found = story(stored(*events)).files
    assert found is not None
    return found


def two_sticks() -> list[wire.Event]:
    """A plain stick that was given for a reason, with two files on it, and an encrypted one."""
    given = wire.DecisionPart(action="allow-usb", rule="usb-override", enforced=True)
    done = wire.OutcomePart(result="done", reason="none")
    plain = ("unencrypted", "plain-file-system")
    return [
        pupil_file(),
        attached(*plain),
        override(),
        attached(*plain, decision=given, outcome=done),
        on_stick(b"a", encrypted=False),
        on_stick(b"b", encrypted=False, **{"class": "care", "categories": ["health"]}),
        attached(device=OTHER),
        on_stick(b"c", device=OTHER),
    ]


# --- the story ------------------------------------------------------------------------------------


def test_a_stick_on_which_nothing_was_seen_has_a_verdict_and_no_files() -> None:
    told = story(stored(attached("unencrypted", "plain-file-system")))
    assert (told.files, told.classes, told.finder) == (None, (), "nothing")
    assert told.judged is not None
    assert story([]).judged is None


def test_files_in_an_encrypted_volume_of_an_encrypted_stick_are_shut() -> None:
    told = story(stored(attached(), on_stick(b"a"), on_stick(b"b")))
    assert told.finder == "nothing"
    assert told.files is not None
    assert (told.files.count, told.files.open) == (2, 0)


@pytest.mark.parametrize(
    "events",
    [
        [attached("unencrypted", "plain-file-system"), on_stick(encrypted=False)],
        [attached(), on_stick(encrypted=False)],
        [on_stick()],
        [attached("unencrypted", "bitlocker-clear-key"), on_stick()],
        [attached(), on_stick(), attached("unencrypted", "bitlocker-clear-key")],
        [attached(), on_stick(), attached("unknown", "unrecognised"), attached()],
        [override(), on_stick()],
    ],
    ids=[
        "a plain stick",
        "a plain part of it",
        "no verdict known",
        "the key beside it",
        "the key beside it later",
        "unknown for a while",
        "given for a reason",
    ],
)
def test_whatever_a_finder_might_read_counts_as_readable(events: list[wire.Event]) -> None:
    assert all_files(*events).open == 1


def test_an_empty_reader_says_nothing_of_a_stick() -> None:
    told = story(stored(attached(), on_stick(), attached("no-medium", "no-medium")))
    assert told.finder == "nothing"
    assert told.judged is not None
    assert told.judged.seq == 1


def test_a_stick_that_was_encrypted_halfway_shuts_only_what_came_after() -> None:
    plain = attached("unencrypted", "plain-file-system")
    told = story(stored(plain, on_stick(b"a", encrypted=False), attached(), on_stick(b"b")))
    assert told.finder == "some"
    assert told.files is not None
    assert (told.files.count, told.files.open) == (2, 1)


def test_a_file_that_was_changed_is_one_file_with_two_moments() -> None:
    changed = {"persons-min": 10, "persons-max": 12}
    found = all_files(attached(), on_stick(), on_stick(**changed))
    assert (found.count, found.persons_min, found.persons_max) == (1, 10, 12)
    assert (found.first_at, found.last_at) == (NOON + timedelta(hours=2), NOON + timedelta(hours=3))


def test_the_same_pupils_may_be_in_every_file_or_others_in_each() -> None:
    few = {"persons-min": 3, "persons-max": 5}
    found = all_files(on_stick(b"a"), on_stick(b"b", **few))
    assert (found.persons_min, found.persons_max) == (24, 36)
    unknown = all_files(on_stick(b"a"), on_stick(b"b", **{"persons-min": -1, "persons-max": -1}))
    assert (unknown.persons_min, unknown.persons_max) == (24, None)


def test_classes_are_counted_each_by_itself_with_their_kinds_of_data() -> None:
    care = {"class": "care", "categories": ["health"], "sensitive": True}
    lists = {"categories": ["name"], "sensitive": False}
    told = story(stored(on_stick(b"a", **care), on_stick(b"b", **lists), on_stick(b"c", **lists)))
    assert [(one.file_class, one.count, one.categories, one.sensitive) for one in told.classes] == [
        ("care", 1, ("health",), True),
        ("pupil-list", 2, ("name",), False),
    ]
    assert told.files is not None
    assert told.files.categories == ("health", "name")


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = stored(attached(), on_stick(), attached("unencrypted", "plain-file-system"))
    assert story(rows[::-1]) == story(rows)


@pytest.mark.parametrize(
    "event", [pupil_file(), pupil_file(kind=sticks.ATTACHED, facts={"device": "some-word"})]
)
def test_what_names_no_stick_has_no_story(event: wire.Event) -> None:
    assert sticks.device_of(event) is None


# --- the database ---------------------------------------------------------------------------------


def test_only_events_of_that_stick_and_that_laptop_are_found(store: Store) -> None:
    names = ("dabcdefghijklmnop", "dqrstuvwxyzabcdef")
    elsewhere = on_stick(device=OTHER, file=STICK)
    rows = [
        {name: getattr(one, name) for name in StoredEvent.__slots__ if name != "id"}
        for one in stored(attached(), attached(device=OTHER), on_stick(), elsewhere, override())
    ]

    def fill(connection: Any) -> None:
        store_tokens.add_token(connection, "0" * 64, 2, NOON, NOON)
        for name in names:
            store_devices.add_device(
                connection,
                name=name,
                public_key="k",
                owner="issued",
                agent_version="0.1.0",
                token=1,
                now=NOON,
            )
            store_events.add_events(connection, [{**row, "device": name} for row in rows])

    store.write(fill)
    with store.read() as connection:
        found = store_sticks.events_of_stick(connection, names[0], STICK)
        assert store_sticks.events_of_stick(connection, names[0], "b32:" + "a" * 26) == []
    assert [(one.device, one.seq) for one in found] == [(names[0], seq) for seq in (5, 3, 1)]


def test_the_question_is_plain_sql_for_postgresql() -> None:
    said = str(store_sticks.query("d", STICK).compile(dialect=postgresql.dialect()))
    assert "LIKE" in said
    assert "LIMIT" in said


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("sticks") / "state"
    with console(state, databases.of_a_collector()) as made:
        made.laptop = made.running.laptop()
        made.laptop.receipt(*two_sticks())
        yield made


def page(at: Console, path: str, who: str = "olaf", language: str = "en") -> str:
    reply = at.get(at.session(who, language), path)
    assert reply.status_code == 200, reply.text
    return re.sub(r"\s+", " ", reply.text)


def stick(at: Console, seq: int) -> str:
    return f"/devices/{at.laptop.name}/{seq}/stick"


@pytest.mark.parametrize("who", ["olaf", "ingrid"])
@pytest.mark.parametrize("seq", [2, 3, 5])
def test_each_event_of_a_stick_leads_to_what_was_on_it(at: Console, who: str, seq: int) -> None:
    assert f'href="{stick(at, seq)}"' in page(at, f"/devices/{at.laptop.name}/{seq}", who)
    shown = page(at, stick(at, seq), who)
    assert "2 pupil files were seen on this stick (24 to 62 persons)" in shown
    assert "A finder can read all of it." in shown
    assert "Judged last: not encrypted (a plain file system)" in shown
    linked = re.findall(rf'href="/devices/{at.laptop.name}/(\d+)"', shown.partition("<h1>")[2])
    assert linked == ["6", "5", "4", "3", "2"], "every time it was seen, and no other stick"


def test_another_stick_has_a_story_of_its_own(at: Console) -> None:
    shown = page(at, stick(at, 8))
    assert "One pupil file was seen on this stick" in shown
    assert "a finder cannot read it without the passphrase" in shown


def test_an_event_of_no_stick_has_no_such_page(at: Console) -> None:
    assert "/stick" not in page(at, f"/devices/{at.laptop.name}/1")
    for path in (stick(at, 1), stick(at, 99), "/devices/dnothing/1/stick"):
        assert at.get(at.session("olaf"), path).status_code == 404


def test_only_who_may_see_events_may_see_it_and_looking_is_logged(at: Console) -> None:
    assert at.get(at.session("maaike"), stick(at, 2)).status_code == 403
    assert at.get(at.stranger(), stick(at, 2)).status_code == 303
    page(at, stick(at, 5), "ingrid")
    rows = at.running.rows("SELECT who, subject FROM audit WHERE act = 'viewed-stick'")
    assert ("ingrid", f"{at.laptop.name}/5") in [tuple(row) for row in rows]
    assert "maaike" not in {row[0] for row in rows}
    assert "looked at what was on a stick" in page(at, "/log")


@pytest.mark.parametrize(("seq", "led"), [(5, True), (1, False)])
def test_the_register_entry_of_a_stick_leads_there_too(at: Console, seq: int, led: bool) -> None:
    session = at.session("olaf")
    made = at.post(
        session, f"/devices/{at.laptop.name}/{seq}/breach", csrf=at.csrf(session)
    ).headers["Location"]
    assert (f'href="{stick(at, seq)}"' in page(at, made)) is led


@pytest.mark.parametrize("language", ["nl", "da", "en"])
def test_every_language_has_the_page(at: Console, language: str) -> None:
    words = wording.load()[language]
    shown = page(at, stick(at, 5), language=language)
    for key in ("stick.title", "stick.finder.all", "stick.by-class", "stick.seen", "stick.limits"):
        assert words.text(key) in shown, key
    assert words.word("viewed-stick") != "viewed stick"
