"""The console over HTTPS: who gets in, what each role sees, and that forms cannot be forged."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from agent.wire import event as wire
from server_stub import wording
from server_stub.logins import guessing
from tests.collector_on_loopback import HEADER, collector, pupil_file, run
from tests.console_visit import PASSWORDS, Console, console
from tests.databases import Databases


@pytest.fixture(scope="module")
def at(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    state = tmp_path_factory.mktemp("console") / "state"
    with console(state, databases.of_a_collector()) as made:
        yield made
    assert not [line for line in made.running.log if "unforeseen" in line]


def pages(at: Console) -> list[str]:
    device = f"/devices/{at.laptop.name}"
    return ["/", "/overview", "/devices", device, f"{device}/2", "/register", "/log"]


# --- getting in -----------------------------------------------------------------------------------


def test_without_a_login_every_page_leads_to_the_login(at: Console) -> None:
    for path in [*pages(at), "/register/2026-0001", f"/devices/{at.laptop.name}/2/sealed"]:
        reply = at.get(at.stranger(), path)
        assert (reply.status_code, reply.headers["Location"]) == (303, "/login"), path


def test_the_cookie_is_kept_from_scripts_and_from_plain_http(at: Console) -> None:
    session = at.stranger()
    cookie = at.log_in(session, "olaf", PASSWORDS["olaf"]).headers["Set-Cookie"]
    assert cookie.startswith("__Host-dossierwacht=")
    parts = {part.strip().lower() for part in cookie.split(";")}
    assert {"secure", "httponly", "path=/", "samesite=lax"} <= parts


def test_each_login_gets_a_new_cookie_and_ends_the_old_one(at: Console) -> None:
    session = at.session("olaf")
    before = session.cookies["__Host-dossierwacht"]
    form = {"name": "olaf", "password": PASSWORDS["olaf"], "csrf": at.csrf(session)}
    assert at.post(session, "/login", **form).status_code == 303
    assert session.cookies["__Host-dossierwacht"] != before
    old = at.stranger()
    old.cookies.set("__Host-dossierwacht", before)
    assert at.get(old, "/devices").status_code == 303


def test_logging_out_ends_the_login_on_the_server(at: Console) -> None:
    session = at.session("olaf")
    cookie = session.cookies["__Host-dossierwacht"]
    assert at.post(session, "/logout", csrf=at.csrf(session)).status_code == 303
    again = at.stranger()
    again.cookies.set("__Host-dossierwacht", cookie)
    assert at.get(again, "/devices").headers["Location"] == "/login"


def test_the_cookie_itself_is_nowhere_in_the_database(at: Console) -> None:
    session = at.session("olaf")
    assert session.cookies["__Host-dossierwacht"].encode() not in at.running.dump()


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(at: Console) -> None:
    bodies = set()
    for name in ("ingrid", "nobody"):
        reply = at.log_in(at.stranger(), name, "not the password")
        assert reply.status_code == 401
        bodies.add(reply.text.replace(name, ""))
    assert len(bodies) == 1


def test_guessing_is_stopped_and_others_are_not(at: Console) -> None:
    at.running.command(
        "user", "add", "guessed", "--role", "it", "--password-stdin", given="the right password\n"
    )
    statuses = [at.log_in(at.stranger(), "guessed", "wrong").status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert at.log_in(at.stranger(), "guessed", "the right password").status_code == 429
    assert at.log_in(at.stranger(), "olaf", PASSWORDS["olaf"]).status_code == 303


def test_guessing_at_the_same_time_gives_no_more_guesses(at: Console) -> None:
    at.running.command(
        "user", "add", "hurried", "--role", "it", "--password-stdin", given="the right password\n"
    )
    with ThreadPoolExecutor(20) as pool:
        tries = [pool.submit(at.log_in, at.stranger(), "hurried", f"wrong {n}") for n in range(20)]
    statuses = [one.result().status_code for one in tries]
    assert (statuses.count(401), statuses.count(429)) == (5, 15)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_one_subscriber_is_one_place_however_many_addresses_they_have(
    address: str, place: str
) -> None:
    assert guessing.network(address) == place


def test_whoever_left_is_out_at_once_and_their_deeds_stay(at: Console) -> None:
    given = PASSWORDS["olaf"] + "\n"
    at.running.command("user", "add", "leaver", "--role", "it", "--password-stdin", given=given)
    session = at.stranger()
    assert at.log_in(session, "leaver", PASSWORDS["olaf"]).status_code == 303
    assert at.get(session, "/devices").status_code == 200
    at.running.command("user", "remove", "leaver")
    assert at.get(session, "/devices").headers["Location"] == "/login"
    assert at.log_in(at.stranger(), "leaver", PASSWORDS["olaf"]).status_code == 401
    assert "leaver" in at.get(at.session("olaf"), "/log").text
    assert (
        run(at.running.state, "user", "remove", "leaver", database=at.running.database).returncode
        == 1
    )


# --- forms ----------------------------------------------------------------------------------------


def test_a_form_of_another_site_is_refused(at: Console) -> None:
    session = at.session("olaf")
    csrf = at.csrf(session)
    path = f"/devices/{at.laptop.name}/4/breach"
    for origin in ("https://evil.example", "null", None):
        assert at.post(session, path, origin, csrf=csrf).status_code == 403
    assert at.running.rows("SELECT 1 FROM breaches WHERE seq = 4") == []


def test_a_form_without_this_logins_token_is_refused(at: Console) -> None:
    session, other = at.session("olaf"), at.session("olaf")
    path = f"/devices/{at.laptop.name}/4/breach"
    for form in ({}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": at.csrf(other)}):
        assert at.post(session, path, **form).status_code == 403
    assert at.running.rows("SELECT 1 FROM breaches WHERE seq = 4") == []


def test_a_login_form_of_another_site_is_refused(at: Console) -> None:
    form = {"name": "olaf", "password": PASSWORDS["olaf"]}
    assert at.post(at.stranger(), "/login", "https://evil.example", **form).status_code == 403


# --- what each role sees --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("ingrid", {"/overview", "/devices", "device", "event"}),
        ("olaf", {"/overview", "/devices", "device", "event", "/register", "/log"}),
        ("maaike", {"/overview"}),
    ],
)
def test_each_role_sees_its_own_pages_only(at: Console, name: str, allowed: set[str]) -> None:
    session, device = at.session(name), f"/devices/{at.laptop.name}"
    places = {p: p for p in ("/overview", "/devices", "/register", "/log")}
    places |= {"device": device, "event": f"{device}/2"}
    for label, path in places.items():
        reply = at.get(session, path)
        assert reply.status_code == (200 if label in allowed else 403), label


def test_it_sees_of_the_register_neither_entries_nor_numbers(at: Console) -> None:
    officer, it = at.session("olaf"), at.session("ingrid")
    path = f"/devices/{at.laptop.name}/3"
    made = at.post(officer, f"{path}/breach", csrf=at.csrf(officer))
    number = made.headers["Location"].rpartition("/")[2]
    assert number in at.get(officer, path).text
    assert number not in at.get(it, path).text
    assert at.get(it, f"/register/{number}").status_code == 403
    assert at.post(it, f"{path}/breach", csrf=at.csrf(it)).status_code == 403
    assert at.get(it, f"{path}/sealed").status_code == 403


def test_management_sees_small_counts_only_roughly(at: Console) -> None:
    figures = re.findall(
        r"<strong>([^<]*)</strong>", at.get(at.session("maaike"), "/overview").text
    )
    assert figures[0] == "1–4"
    assert "3" in re.findall(
        r"<strong>([^<]*)</strong>", at.get(at.session("ingrid"), "/overview").text
    )
    assert at.laptop.name not in at.get(at.session("maaike"), "/overview").text


def test_the_officer_gets_the_sealed_part_as_it_was_sealed_and_it_is_logged(at: Console) -> None:
    officer = at.session("olaf")
    assert at.give_reason(officer, 2).status_code == 303
    reply = at.get(officer, f"/devices/{at.laptop.name}/2/sealed")
    assert reply.content == HEADER + b"\x07" * 200
    assert reply.headers["Content-Disposition"].endswith(f'"{at.laptop.name}-2.age"')
    rows = at.running.rows("SELECT who, subject FROM audit WHERE act = 'fetched-sealed'")
    assert ("olaf", f"{at.laptop.name}/2") in [tuple(row) for row in rows]


def test_looking_at_a_laptop_is_logged_and_the_log_shows_tampering(at: Console) -> None:
    at.get(at.session("ingrid"), f"/devices/{at.laptop.name}")
    page = at.get(at.session("olaf"), "/log").text
    assert "ingrid" in page
    assert wording.load()["en"].text("log.whole") in page


# --- every page -----------------------------------------------------------------------------------


def test_every_reply_carries_the_security_headers(at: Console) -> None:
    session = at.session("olaf")
    for path in [*pages(at), "/login", "/nothing", "/static/console.css", "/v1/ca"]:
        headers = at.get(session, path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff", path
    assert at.get(session, "/devices").headers["Cache-Control"] == "no-store"


def test_a_browser_is_told_to_keep_to_https_only_for_a_host_of_our_own(tmp_path: Path) -> None:
    with collector(tmp_path / "state", "--public-url", "https://school.example") as made:
        address = f"https://127.0.0.1:{made.url.rpartition(':')[2]}/login"
        headers = requests.get(address, verify=made.ca, timeout=10).headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def test_loopback_is_no_host_of_our_own(at: Console) -> None:
    assert "Strict-Transport-Security" not in at.get(at.stranger(), "/login").headers


@pytest.mark.parametrize("language", ["nl", "da", "en"])
def test_pages_speak_the_language_that_the_browser_asks_for(at: Console, language: str) -> None:
    session, words = at.session("olaf", language), wording.load()[language]
    page = at.get(session, f"/devices/{at.laptop.name}").text
    assert f'<html lang="{language}"' in page
    for kind in ("session-resumed", "leak-reported", "usb-storage-removed"):
        begin = words.kinds[kind]["sentence"].split("{")[0]
        assert begin in page, kind


def test_a_language_that_was_chosen_is_kept(at: Console) -> None:
    session = at.session("olaf", "en")
    at.get(session, "/devices?lang=da")
    assert '<html lang="da"' in at.get(session, "/overview").text


def test_a_kind_nobody_foresaw_gets_a_sentence_with_its_facts(at: Console) -> None:
    page = at.get(at.session("ingrid"), f"/devices/{at.laptop.name}").text
    assert "Printed elsewhere: colour: yes; pages: 4." in page


def test_the_faults_of_a_laptop_stand_on_its_page(at: Console) -> None:
    page = at.get(at.session("ingrid"), f"/devices/{at.laptop.name}").text
    assert wording.load()["en"].word("refused") in page
    assert wording.load()["en"].word("malformed") in page


def test_a_laptop_with_many_events_is_read_page_by_page(at: Console) -> None:
    laptop = at.running.laptop()
    laptop.receipt(*(pupil_file() for _ in range(120)))
    session, path, seen = at.session("ingrid"), f"/devices/{laptop.name}", []
    while path:
        page = at.get(session, path).text
        seen += [int(n) for n in re.findall(rf'/devices/{laptop.name}/(\d+)"', page)]
        more = re.search(r'href="(\?before=\d+)" rel="next"', page)
        path = f"/devices/{laptop.name}{more[1]}" if more else ""
    assert seen == list(range(120, 0, -1))


def test_every_language_has_every_text() -> None:
    languages = wording.load()
    english = languages["en"]
    assert set(languages) == {"nl", "da", "en"}
    for one in languages.values():
        for part in ("texts", "words", "names", "kinds"):
            assert set(getattr(one, part)) == set(getattr(english, part)), (one.language, part)
        for key, text in one.texts.items():
            assert set(re.findall(r"{(\w+)}", text)) == set(
                re.findall(r"{(\w+)}", english.texts[key])
            ), (one.language, key)
        for kind, texts in one.kinds.items():
            assert set(re.findall(r"{([\w-]+)}", texts["sentence"])) == set(
                re.findall(r"{([\w-]+)}", english.kinds[kind]["sentence"])
            ), (one.language, kind)


def test_a_sentence_never_fails_for_want_of_a_fact() -> None:
    for one in wording.load().values():
        for kind in one.kinds:
            bare = pupil_file(kind=kind, facts={}, decision=None, outcome=None)
            assert one.sentence(bare).endswith(".")


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [
        (1, 1, "1 person"),
        (28, 28, "28 persons"),
        (20, 28, "20 to 28 persons"),
        (3, None, "3 persons"),
        (None, 9, "at most 9 persons"),
        (None, None, "an unknown number of persons"),
    ],
)
def test_numbers_of_persons_read_well(least: int | None, most: int | None, text: str) -> None:
    assert wording.load()["en"].persons(least, most) == text


@pytest.mark.parametrize(
    ("language", "place", "phrase"),
    [
        ("en", "desktop", "lies on the desktop (mail message"),
        ("nl", "desktop", "staat op het bureaublad (mailbericht"),
        ("da", "desktop", "ligger på skrivebordet (mail"),
        ("en", "other", "lies in another folder ("),
        ("nl", "other", "staat in een andere map ("),
        ("da", "other", "ligger i en anden mappe ("),
        ("en", "mail", "lies in a mail program's folder ("),
    ],
)
def test_a_place_is_said_as_people_say_it(language: str, place: str, phrase: str) -> None:
    """Also where one word means two things: mail is a folder and a format, other is anything."""
    told = pupil_file()
    facts = told.facts | {"place": place, "format": "mail"}
    assert phrase in wording.load()[language].sentence(pupil_file(facts=facts))


def test_the_history_says_which_moment_was_decided_on_and_the_same_one_once(at: Console) -> None:
    officer = at.session("olaf")
    csrf = at.csrf(officer)
    made = at.post(officer, f"/devices/{at.laptop.name}/2/breach", csrf=csrf)
    path = made.headers["Location"]
    page = at.get(officer, path).text
    moment = page.partition('type="datetime-local" value="')[2].partition('"')[0]
    for _ in range(3):
        assert at.post(officer, f"{path}/aware", csrf=csrf, aware_at=moment).status_code == 303
    history = at.get(officer, f"{path}/history").text
    assert history.count(wording.load()["en"].word("aware-set")) == 1
    assert moment.replace("T", " ") in history


def test_an_entry_shows_the_kinds_of_data_of_its_event(at: Console) -> None:
    officer = at.session("olaf")
    path = f"/devices/{at.laptop.name}/2/breach"
    page = at.get(officer, at.post(officer, path, csrf=at.csrf(officer)).headers["Location"]).text
    english = wording.load()["en"]
    assert english.fact(["name", "national-number"], "categories") in page
    assert english.text("entry.sensitive") in page


def test_the_kinds_of_data_stand_in_the_sentence_of_a_file() -> None:
    english = wording.load()["en"]
    assert "some of it sensitive: names, national numbers" in english.sentence(pupil_file())
    older = pupil_file(facts={"class": "care", "place": "mail", "format": "pdf", "size-kb": 3})
    assert english.sentence(older).endswith("(pdf, 3 kB).")


def test_what_was_done_is_said_in_one_sentence() -> None:
    english = wording.load()["en"]
    held = wire.DecisionPart(action="seal-file", rule="r", enforced=False, held="no-notice")
    failed = wire.OutcomePart(result="failed", reason="in-use")
    assert english.done(pupil_file()) == "The file was sealed."
    assert "failed, because it was in use" in english.done(pupil_file(outcome=failed))
    assert "staff have not been told" in english.done(pupil_file(decision=held, outcome=None))
