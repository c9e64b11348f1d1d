"""The public halves of the keys that open: entered by page and by command, for the policy."""

import json
import tomllib
from collections.abc import Iterator

import pyrage
import pytest

from server_stub import wording
from server_stub.console import pages_keys
from server_stub.recipients import SLOTS
from tests.collector_on_loopback import ROOT, run
from tests.console_visit import Console, console

SCRIPT = ROOT / "server_stub/console/static/opener/keys.js"


def public() -> str:
    return str(pyrage.x25519.Identity.generate().to_public())


@pytest.fixture
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("keys") / "state") as made:
        yield made


def enter(at: Console, slot: str, key: str) -> tuple[int, str]:
    officer = at.session("olaf")
    reply = at.post(officer, "/keys", csrf=at.csrf(officer), slot=slot, key=key)
    return reply.status_code, reply.text


def test_both_public_halves_are_entered_and_come_out_as_lines_for_the_policy(at: Console) -> None:
    given = {slot: public() for slot in SLOTS}
    words = wording.load()["en"]
    assert words.text("first.keys") in at.get(at.session("olaf"), "/overview").text
    assert words.text("first.keys.wait") in at.get(at.session("ingrid"), "/devices").text
    assert words.text("first.title") not in at.get(at.session("maaike"), "/overview").text
    for slot, key in given.items():
        assert run(at.running.state, "keys", "show").returncode == 1
        assert enter(at, slot, key)[0] == 303
    lines = at.running.command("keys", "show")
    assert tomllib.loads(lines)["recipients"] == [
        {"name": slot, "key": key, "proven": True} for slot, key in given.items()
    ]
    assert lines.replace('"', "&#34;").strip() in at.get(at.session("olaf"), "/keys").text
    assert words.text("first.title") not in at.get(at.session("olaf"), "/devices").text
    told = at.running.rows("SELECT who, subject FROM audit WHERE act = 'set-recipient' ORDER BY id")
    assert told == [("olaf", f"{slot} {key}") for slot, key in given.items()]


def test_what_is_no_public_half_or_the_same_twice_is_refused_and_changes_nothing(
    at: Console,
) -> None:
    words, key = wording.load()["en"], public()
    secret = str(pyrage.x25519.Identity.generate())
    assert enter(at, "officer", key)[0] == 303
    for slot, given, word in (
        ("reserve", key, "same"),
        ("reserve", key.upper(), "no-recipient"),
        ("reserve", secret, "no-recipient"),
        ("officer", "", "no-recipient"),
        ("officer", "ssh-ed25519 AAAA", "no-recipient"),
    ):
        status, page = enter(at, slot, given)
        assert (status, words.text(f"keys.wrong.{word}") in page) == (422, True)
        assert run(at.running.state, "keys", "enter", slot, given).returncode == 1
    assert enter(at, "third", public())[0] == 404
    known = json.loads(run(at.running.state, "keys", "show", "--json").stdout)
    assert (known["officer"]["key"], known["reserve"]) == (key, None)
    assert secret.encode() not in at.running.dump()


def test_a_key_that_was_made_elsewhere_is_entered_by_command(at: Console) -> None:
    given = {slot: public() for slot in SLOTS}
    for slot, key in given.items():
        at.running.command("keys", "enter", slot, key)
    found = json.loads(at.running.command("keys", "show", "--json"))
    assert {slot: one["key"] for slot, one in found.items()} == given


def test_the_script_keeps_nothing_asks_nothing_and_has_every_text_it_may_say() -> None:
    own = SCRIPT.read_text("utf-8")
    for barred in ("innerHTML", "fetch(", "Storage", "indexedDB", "cookie", "eval", "XMLHttp"):
        assert barred not in own
    for word in pages_keys.SAID:
        assert f'"{word}"' in own
    for one in wording.load().values():
        assert pages_keys.texts(one)
