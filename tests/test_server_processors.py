"""The organisation's processors: the list, its history, and what an entry is told of them."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from sqlalchemy import update

from server_stub import wording
from server_stub.breaches import processors
from server_stub.breaches.processors import FIELDS, Processor
from server_stub.storage import store_processors
from server_stub.storage.store import Store
from server_stub.storage.tables_processors import processor_history
from server_stub.storage.tables_processors import processors as table
from tests.console_visit import Console, console

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = "2026-11-23"
ENGLISH = wording.load()["en"]
WRITTEN = {
    "name": "Invented Hosting",
    "purpose": "keeps the pupil system",
    "agreement": "yes",
    "agreed_on": "2024-01-01",
    "ends_on": "2026-12-31",
    "contact": "security desk, 0612345678, desk@hosting.example",
    "sub_processors": "Invented Backups\nInvented Mail",
}


def one(number: int = 1, **other: str) -> Processor:
    return Processor(id=number, changed_at=NOON, changed_by="olaf", **(WRITTEN | other))


@pytest.mark.parametrize(
    ("other", "standing"),
    [
        ({}, "agreement-there"),
        ({"ends_on": DAY}, "agreement-there"),
        ({"ends_on": "2026-11-22"}, "agreement-ended"),
        ({"ends_on": "", "agreed_on": ""}, "agreement-there"),
        ({"agreed_on": "2026-11-24"}, "agreement-later"),
        ({"agreement": "no"}, "no-agreement"),
        ({"agreement": "unknown"}, "agreement-unknown"),
    ],
)
def test_an_agreement_stands_as_it_did_on_the_day(other: dict[str, str], standing: str) -> None:
    assert one(**other).standing(DAY) == standing


def test_who_is_named_is_held_against_the_list() -> None:
    known = [one(), one(2, name="Loose Ends", agreement="no", sub_processors="")]

    def told(**answers: str) -> list[tuple[str, str]]:
        named = {name.replace("_", "-"): text for name, text in answers.items()}
        return [(each.question, each.why) for each in processors.doubts(known, named, DAY)]

    assert told() == told(processor_name=" invented  HOSTING ") == []
    assert told(sub_processor="invented backups") == []
    assert told(processor_name="Loose Ends") == [("processor-name", "no-agreement")]
    assert told(processor_name="Nobody Ltd", sub_processor="Somebody Ltd") == [
        ("processor-name", "not-listed"),
        ("sub-processor", "not-listed"),
    ]


def test_the_day_is_that_of_the_breach_and_not_of_whoever_looks() -> None:
    assert processors.day_of({"occurred-from": "2025-03-01T10:00:00+00:00"}, NOON) == "2025-03-01"
    assert processors.day_of({}, NOON) == DAY


@pytest.mark.parametrize(
    ("other", "wrong"),
    [
        ({}, {}),
        ({"name": ""}, {"name": "no-name"}),
        ({"name": "LOOSE  ends"}, {"name": "taken"}),
        ({"name": "x" * 121}, {"name": "too-long"}),
        ({"purpose": "ask pim@school.example"}, {"purpose": "a-person"}),
        ({"agreement": "maybe"}, {"agreement": "which"}),
        ({"ends_on": "31-12-2026"}, {"ends_on": "not-a-day"}),
        ({"ends_on": "20261231"}, {"ends_on": "not-a-day"}),
        ({"agreed_on": "2026-02-30"}, {"agreed_on": "not-a-day"}),
        ({"ends_on": "2023-12-31"}, {"ends_on": "before-the-other"}),
    ],
)
def test_what_cannot_be_is_named_by_its_field(other: dict[str, str], wrong: dict[str, str]) -> None:
    assert processors.wrongs(WRITTEN | other, ["Loose Ends"]) == wrong


def test_each_change_is_a_line_of_a_chain(store: Store) -> None:
    number = store.write(lambda c: store_processors.add(c, WRITTEN, "olaf", NOON))
    ended = WRITTEN | {"agreement": "no"}
    for fields in (ended, ended):  # the second time nothing is different
        store.write(lambda c, now=fields: store_processors.change(c, found(c), now, "olaf", NOON))
    with store.read() as connection:
        lines = store_processors.history(connection, number)
        assert [line.told for line in lines] == [WRITTEN, {"agreement": "no"}]
        assert found(connection).fields == ended
        assert store_processors.history_is_whole(connection)
        assert store_processors.differing(connection) == []
    store.write(lambda c: store_processors.remove(c, found(c), "olaf", NOON))
    again = store.write(lambda c: store_processors.add(c, WRITTEN, "olaf", NOON))
    assert again != number  # its history is not another's
    with store.read() as connection:
        assert [line.act for line in store_processors.history(connection, number)][-1:] == [
            store_processors.REMOVED
        ]
        assert store_processors.differing(connection) == []


def test_what_was_changed_behind_the_history_is_found(store: Store) -> None:
    store.write(lambda c: store_processors.add(c, WRITTEN, "olaf", NOON))
    store.write(lambda c: c.execute(update(table).values(agreement="no")))
    with store.read() as connection:
        assert store_processors.history_is_whole(connection)
        assert store_processors.differing(connection) == ["Invented Hosting"]
    store.write(lambda c: c.execute(update(processor_history).values(who="maaike")))
    with store.read() as connection:
        assert not store_processors.history_is_whole(connection)


def found(connection: object) -> Processor:
    (only,) = store_processors.all_processors(connection)  # type: ignore[arg-type]
    return only


def add_processor(at: Console, name: str, **other: str) -> None:
    """One more in the list of a console, as the officer writes it."""
    olaf = at.session("olaf")
    form = WRITTEN | {"name": name} | other | {"csrf": at.csrf(olaf)}
    assert at.post(olaf, "/processors/new", **form).status_code == 303


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("processors") / "state") as made:
        add_processor(made, "Invented Hosting")
        add_processor(made, "=Loose Ends", agreement="no", sub_processors="")
        yield made


def test_it_reads_and_the_officer_writes(at: Console) -> None:
    ingrid, olaf = at.session("ingrid"), at.session("olaf")
    page = at.get(ingrid, "/processors").text
    assert "Invented Hosting" in page
    assert "/processors/new" not in page
    assert '<form method="post" action="/processors' not in at.get(ingrid, "/processors/1").text
    assert ENGLISH.text("processor.agreement-there") in at.get(ingrid, "/processors/1").text
    assert at.get(at.session("maaike"), "/processors").status_code == 403
    assert at.get(olaf, "/processors/77").status_code == 404


def test_nothing_that_was_written_is_lost_with_what_is_wrong(at: Console) -> None:
    olaf = at.session("olaf")
    form = WRITTEN | {"name": "invented hosting", "ends_on": "soon", "csrf": at.csrf(olaf)}
    refused = at.post(olaf, "/processors/new", **form)
    assert refused.status_code == 422
    assert ENGLISH.text("wrong.taken") in refused.text
    assert ENGLISH.text("wrong.not-a-day") in refused.text
    assert "keeps the pupil system" in refused.text


def test_two_officers_take_nothing_back_from_each_other(at: Console) -> None:
    add_processor(at, "Invented Cleaning")
    olaf = at.session("olaf")
    place = f"/processors/{number_of(at, olaf, 'Invented Cleaning')}"
    seen = at.get(olaf, place).text.partition('name="seen" value="')[2].partition('"')[0]
    form = WRITTEN | {"name": "Invented Cleaning", "csrf": at.csrf(olaf), "seen": seen}
    assert at.post(olaf, place, **(form | {"purpose": "cleans"})).status_code == 303
    late = at.post(olaf, place, **(form | {"contact": "the caretaker"}))
    assert late.status_code == 422
    assert ENGLISH.text("processor.changed-meanwhile")[:40] in late.text
    assert at.post(olaf, f"{place}/remove", csrf=form["csrf"]).status_code == 303
    assert at.get(olaf, place).status_code == 404


def test_an_entry_offers_the_list_and_warns_but_does_not_stop(at: Console) -> None:
    olaf = at.session("olaf")
    csrf = at.csrf(olaf)
    made = at.post(
        olaf, "/register/new", csrf=csrf, incident="attack", noticed_at="2026-11-20T09:30"
    )
    entry = made.headers["Location"].removesuffix("/dossier")
    form = at.get(olaf, f"{entry}/dossier/parties").text
    assert '<option value="=Loose Ends">' in form
    assert '<option value="Invented Backups">' in form
    answers = {"processor-name": "=loose ends", "sub-processor": "Unheard Of"}
    assert at.post(olaf, f"{entry}/dossier/parties", csrf=csrf, **answers).status_code == 303
    page = at.get(olaf, f"{entry}/dossier").text
    assert ENGLISH.text("doubt.no-agreement", listed="=Loose Ends") in page
    assert ENGLISH.text("doubt.not-listed", name="Unheard Of") in page


def test_the_list_goes_out_with_the_register(at: Console) -> None:
    olaf = at.session("olaf")
    rows = list(csv.DictReader(io.StringIO(taken(at, olaf, "processors").removeprefix("\ufeff"))))
    by_name = {row["Name"]: row for row in rows}
    assert by_name["'=Loose Ends"]["How the agreement stands"] == "no agreement"
    assert by_name["Invented Hosting"]["Sub-processors"] == "Invented Backups, Invented Mail"
    whole = json.loads(taken(at, olaf, "json"))
    assert {one["name"] for one in whole["processors"]} >= {"Invented Hosting", "=Loose Ends"}


def test_the_terminal_lists_them_and_checks_their_history(at: Console) -> None:
    listed = json.loads(at.running.command("processor", "list", "--json"))
    (mine,) = [row for row in listed if row["name"] == "Invented Hosting"]
    assert mine["standing"] == "agreement-there"
    assert set(mine) >= set(FIELDS) - {"agreed_on"}
    assert "Invented Hosting" in at.running.command("processor", "list")
    assert "processors: whole" in at.running.command("breach", "verify")


def taken(at: Console, session: requests.Session, form: str) -> str:
    return at.get(session, f"/register/export?format={form}").content.decode()


def number_of(at: Console, session: requests.Session, name: str) -> str:
    page = at.get(session, "/processors").text
    return page.partition(f'">{name}</a>')[0].rpartition("/processors/")[2]
