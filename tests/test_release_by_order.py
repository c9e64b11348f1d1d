"""The whole way of a file: sealed by the agent, asked for, given back by order, left alone."""

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main
from agent.demo import stage
from tests.laptop import Chain, chain, running_agent

SOON = 90


def facts(laptop: Chain, kind: str) -> list[dict[str, Any]]:
    return [event["facts"] for event in laptop.events() if event["kind"] == kind]


def say(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(list(words)) == 0
    return capsys.readouterr().out


@pytest.mark.slow
def test_an_officer_gives_a_file_back_without_leaving_the_desk(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as laptop:
        folders = laptop.folders
        made = say(capsys, "order", "key", "--out", f"{top}/sign.key")
        policy = folders.settings / "policy.toml"
        policy.write_text(policy.read_text() + f'\n[lost]\nkeys = ["{made.strip()}"]\n')
        device = stage.enrol_laptop(folders, laptop.server)
        path = folders.home / "Groep 3B.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pupil_list(), "utf-8")
        data = path.read_bytes()
        with running_agent(folders):
            assert stage.wait_until(lambda: not path.exists(), SOON)
            assert stage.wait_until(lambda: bool(facts(laptop, "pupil-file-found")), SOON)
            (number,) = {one.name.split(".")[0] for one in (folders.agent / "vault").iterdir()}
            place = ["--socket", str(laptop.socket)]
            say(capsys, "sealed", "ask", number, "--reason", "the meeting is today", *place)
            assert stage.wait_until(lambda: bool(facts(laptop, "file-wanted-back")), SOON)
            (wanted,) = (one for one in laptop.events() if one["kind"] == "file-wanted-back")
            assert wanted["facts"]["can-release"] is True
            details = Path(top) / "details.age"
            details.write_bytes(base64.b64decode(wanted["sealed"]))
            officer = next(iter(sorted(folders.keys.glob("*"))))
            order = say(
                capsys, "order", "release", str(details), "--device", device,
                "--identity", str(officer), "--key", f"{top}/sign.key",
            )  # fmt: skip
            (Path(top) / "order.json").write_text(order)
            laptop.ask_collector("order", "send", f"{top}/order.json")
        with running_agent(folders):  # a start is a contact
            assert stage.wait_until(lambda: bool(facts(laptop, "file-returned")), SOON)
            assert path.read_bytes() == data
            assert facts(laptop, "file-returned")[0]["how"] == "done"
            held = lambda: [  # noqa: E731
                one["decision"]["held"] for one in laptop.events() if one["decision"]
            ]
            assert stage.wait_until(lambda: "grace" in held(), SOON), laptop.events()
            assert path.read_bytes() == data, "what was given back is left alone"
        (listed,) = json.loads(laptop.ask_collector("order", "list", "--json"))
        assert listed["done_at"]


FIRST = ("Sanne", "Daan", "Lotte", "Bram", "Fenna", "Joris", "Noor", "Thijs", "Yara", "Mats")
LAST = ("de Vries", "Jansen", "Bakker", "Visser", "Mulder", "Smit")


def pupil_list() -> str:
    """Invented children, with what it takes to be known as a list of pupils."""
    lines = ["Voornaam;Achternaam;Geboortedatum;Groep;Leerlingnummer"]
    for number in range(30):
        born = f"{number % 27 + 1:02}-0{number % 9 + 1}-2018"
        name = f"{FIRST[number % len(FIRST)]};{LAST[number // 5]}"
        lines.append(f"{name};{born};Groep 3B;{70000 + number}")
    return "\n".join(lines) + "\n"
