"""200 planted names, numbers and paths: none in all that the collector holds, all with the key.

They go the real way: an observation of the agent, its recorder, which seals the details to the
officer, a signed batch, the collector's database. Then IT looks at every page and pulls everything.
"""

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pyrage
import pytest

from agent.recorder import Recorder
from agent.wire import event as wire
from agent.wire.shapes import passes_elfproef
from collectors.base import CoverageLost, Gap
from collectors.folders.found import Watched
from tests.console_visit import Console, console

COUNT = 200
NOW = datetime.now(UTC)


def planted() -> list[str]:
    """Invented names, numbers that pass the check of a BSN and are nobody's, and paths."""
    chance = random.Random(8)
    syllables = ("ba", "ki", "lo", "mu", "ne", "ru", "sa", "ti", "vo", "ze")
    made: list[str] = []
    while len(made) < COUNT:
        word = "".join(chance.choice(syllables) for _ in range(5)).capitalize()
        number = f"{chance.randrange(10**8, 10**9)}"
        made.append(f"{word} van Verzonnen{word[:3]}")
        if passes_elfproef(number):
            made.append(number)
        made.append(f"/home/{word.lower()}/Leerlingen/{word}.xlsx")
    return list(dict.fromkeys(made))[:COUNT]


PLANTED = planted()
KEY = pyrage.x25519.Identity.generate()


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    recorder = Recorder(
        key=b"k" * 32,
        seal=lambda data: pyrage.encrypt(data, [KEY.to_public()]),
        now=lambda: NOW,
    )
    report = CoverageLost(observed_at=NOW, subject="", what=Watched.CHANGES, gap=Gap.UNREADABLE)
    with console(tmp_path_factory.mktemp("canaries") / "state") as made:
        for begin in range(0, COUNT, 50):
            found = [replace(report, subject=text) for text in PLANTED[begin : begin + 50]]
            made.laptop.receipt(*(recorder.event(one) for one in found))
        yield made


def test_they_were_planted() -> None:
    assert len(set(PLANTED)) == COUNT
    assert sum(one.isdecimal() for one in PLANTED) >= 10


def test_none_stands_in_the_whole_database(at: Console) -> None:
    dump = at.running.dump()
    assert [one for one in PLANTED if one.encode() in dump] == []


def test_none_is_shown_to_it_or_pulled_by_it(at: Console) -> None:
    ingrid, seen = at.session("ingrid"), []
    token = at.running.command("token", "api", "siem").strip()
    for seq in range(at.laptop.seq - COUNT + 1, at.laptop.seq + 1, 17):
        seen.append(at.get(ingrid, f"/devices/{at.laptop.name}/{seq}").text)
    for path in ("/overview", "/devices", f"/devices/{at.laptop.name}"):
        seen.append(at.get(ingrid, path).text)
    stranger = at.stranger()
    stranger.headers["Authorization"] = f"Bearer {token}"
    seen += [at.get(stranger, f"/api/v1/{what}?limit=1000").text for what in ("events", "devices")]
    assert "leak-reported" in seen[-2], "the events themselves are there"
    assert [one for one in PLANTED if any(one in text for text in seen)] == []


def test_the_officers_key_opens_every_one(at: Console) -> None:
    bodies = at.running.rows(
        "SELECT body FROM events WHERE device = :device AND seq > :before",
        device=at.laptop.name,
        before=at.laptop.seq - COUNT,
    )
    sealed = [base64.b64decode(wire.decode(body).sealed) for (body,) in bodies]
    texts = [json.loads(pyrage.decrypt(one, [KEY]))["what"] for one in sealed]
    assert sorted(texts) == sorted(PLANTED)
