"""Policies and orders on their whole way: signed, published, brought, taken up, told."""

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import identity
from agent.cli import main
from agent.commands import enrol
from agent.commands.signing_keys import public_text
from agent.demo import stage
from agent.wire.signed import Signed
from collectors.base import utc_now
from tests.laptop import Chain, chain, running_agent
from tests.signing import Office, encoded, order, text

SOON = 60
LATER = utc_now() + timedelta(days=30)


@pytest.fixture
def laptop() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        yield made


def publish(laptop: Chain, given: Signed, *words: str) -> str:
    file = laptop.folders.top / "document.json"
    file.write_bytes(encoded(given))
    return laptop.ask_collector(*(words or ("policy", "publish")), str(file))


def join(laptop: Chain) -> str:
    state = laptop.folders.agent
    return enrol.enrol(laptop.server, laptop.token(), "issued", state, utc_now()).device


def version(laptop: Chain) -> int:
    return int(laptop.status().get("policy", {}).get("version", -1))


def kinds(laptop: Chain, kind: str) -> list[dict[str, Any]]:
    return [event["facts"] for event in laptop.events() if event["kind"] == kind]


@pytest.mark.slow
def test_a_policy_goes_from_the_desk_of_two_people_to_the_laptop(laptop: Chain) -> None:
    office = Office()
    assert "names it, officer, head" in publish(laptop, office.keyring())
    device = join(laptop)
    who = identity.enrolled(laptop.folders.agent)
    assert who is not None
    assert who.policy_root == public_text(office.root)
    publish(laptop, office.policy(2, text(2, mode="enforce"), "it", "head", until=LATER))
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: version(laptop) == 2, SOON)
        taken = {"policy-version": 2, "people": 2, "scope": "organisation"}
        assert stage.wait_until(lambda: taken in kinds(laptop, "policy-taken"), SOON)
        assert laptop.status()["policy"]["signed"] is True
        # A crash or a stop does not bring the file back.
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: version(laptop) == 2, SOON)
        told = stage.wait_until(lambda: row(laptop, device).get("policy") == 2, SOON)
        assert told, row(laptop, device)


def row(laptop: Chain, device: str) -> dict[str, Any]:
    """What the collector knows of how the laptop is, read from its database file."""
    database = sqlite3.connect(f"file:{laptop.folders.collector}/collector.db?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    found = database.execute("SELECT * FROM contacts WHERE device=?", (device,)).fetchone()
    database.close()
    return dict(found) if found else {}


@pytest.mark.slow
def test_orders_are_brought_once_and_told(laptop: Chain, tmp_path: Path) -> None:
    office = Office()
    publish(laptop, office.keyring())
    device = join(laptop)
    key = office.people["it"]
    toml = text(2, f'[lost]\nkeys = ["{public_text(key)}"]')
    publish(laptop, office.policy(2, toml, until=LATER))
    publish(laptop, order(device, "report", key, now=utc_now()), "order", "send")
    publish(laptop, order(device, "lost", office.root, now=utc_now()), "order", "send")
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: bool(kinds(laptop, "order-followed")), SOON)

        def settled() -> bool:
            listed = json.loads(laptop.ask_collector("order", "list", "--json"))
            return all(one["done_at"] for one in listed)

        assert stage.wait_until(settled, SOON)
        assert kinds(laptop, "order-followed") == [{"order": "report"}]
        (report,) = kinds(laptop, "agent-report")
        assert (report["policy-version"], report["mode"]) == (2, "report")
        assert laptop.status()["lost"] is False


def test_who_publishes_is_told_what_is_wrong(laptop: Chain, capsys: Any) -> None:
    office, other = Office(), Office()
    for given, says in (
        (office.policy(1, until=LATER), "publish the keyring first"),
        (office.keyring(), "keyring 1 is published"),
        (other.keyring(2), "not signed by the root key"),
        (office.keyring(1), "versions rise"),
        (other.policy(1, until=LATER), "nobody who stands in the keyring"),
        (office.policy(1, until=utc_now()), "its time was over"),
        (office.policy(1, until=LATER), "signed by it, officer"),
        (office.policy(1, until=LATER), "versions rise"),
        (order("d" + "a" * 16, "lock"), "neither a keyring nor a policy"),
    ):
        try:
            said = publish(laptop, given)
        except Exception as error:
            said = str(error)
        assert says in said


def test_a_policy_is_signed_at_the_desks_of_two_people(tmp_path: Path, capsys: Any) -> None:
    def made(*words: str) -> str:
        assert main(list(words)) == 0
        return str(capsys.readouterr().out)

    keys = {name: str(tmp_path / f"{name}.pem") for name in ("root", "it", "officer")}
    public = {name: made("policy", "key", "--out", file).strip() for name, file in keys.items()}
    signers = [f"--signer={name}={public[name]}" for name in ("it", "officer")]
    made("policy", "keyring", "--root-key", keys["root"], "--version", "1", *signers)
    draft = tmp_path / "policy.toml"
    draft.write_text(text(7))
    once, twice = tmp_path / "once.json", tmp_path / "twice.json"
    once.write_text(made("policy", "sign", str(draft), "--key", keys["it"]))
    twice.write_text(made("policy", "sign", str(once), "--key", keys["officer"]))
    assert len(json.loads(twice.read_text())["signatures"]) == 2
    assert main(["policy", "sign", str(once), "--key", keys["it"], "--days", "3"]) == 2
    assert "are settled" in capsys.readouterr().err
    assert main(["policy", "sign", str(draft), "--key", keys["it"], "--scope", "Klas"]) == 2
    assert "is no scope" in capsys.readouterr().err
