"""Another key for a laptop: it counts when the collector says so; no crash leaves it without."""

import base64
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import identity, sender
from agent.cli import main
from agent.commands import enrol
from agent.commands.signing_keys import public_text
from agent.demo import stage
from agent.identity import Enrolled
from agent.journal import Journal
from agent.outbox import Outbox
from agent.rotation import TRY_AGAIN, Rotation
from agent.trouble import Trouble
from agent.wire import messages, signatures
from collectors.base import utc_now
from tests.collector_on_loopback import Laptop, Running, collector, problem, pupil_file
from tests.laptop import Chain, chain, running_agent
from tests.signing import Office, order, text
from tests.test_journal import new_event
from tests.test_policy_delivery import LATER, SOON, kinds, publish


@pytest.fixture
def laptop() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        enrol.enrol(made.server, made.token(), "issued", made.folders.agent, utc_now())
        yield made


def public(key: Ed25519PrivateKey) -> str:
    return identity.key_text(signatures.public_bytes(key))


class Carried:
    """An outbox whose requests the test carries by hand, to lose what it likes."""

    def __init__(self, laptop: Chain, journal: Journal) -> None:
        state = laptop.folders.agent
        self.at = 0.0
        self.rotation = Rotation(state=state, monotonic=lambda: self.at)
        self.box = Outbox(
            journal,
            key=lambda: identity.device_key(state),
            identity=lambda: identity.enrolled(state),
            ca=lambda: (state / "ca.pem").read_text("ascii"),
            boot_id="0" * 8 + "-0000-0000-0000-" + "0" * 12,
            now=utc_now,
            rotation=self.rotation,
        )

    def send(self, *, lose_reply: bool = False) -> str:
        """Carry one request; the path it was for."""
        request = self.box.request(0)
        if "uri" not in request:
            return ""
        body = request["body"].encode()
        answer = sender.post(request["ca"], request["uri"], request["headers"], body)
        if lose_reply:
            self.box.failed(Trouble.UNREACHABLE)
        else:
            self.box.reply(answer["status"], answer["headers"], answer["body"].encode())
        return str(request["uri"]).rpartition("/")[2]


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_the_new_key_counts_also_when_replies_are_lost(
    laptop: Chain, tmp_path: Path, lost: int
) -> None:
    state, journal = laptop.folders.agent, Journal(tmp_path)
    try:
        carried = Carried(laptop, journal)
        old, who = identity.device_key(state), identity.enrolled(state)
        new = identity.next_key(state)
        for _ in range(lost):
            assert carried.send(lose_reply=True) == "rotate"
            carried.at += TRY_AGAIN
        journal.append(new_event())
        for _ in range(4):
            carried.send()
        assert (carried.box.trouble, journal.count()) == (Trouble.NONE, 0)
        assert public(identity.device_key(state)) == public(new) != public(old)
        assert not identity.has_next_key(state)
        assert identity.enrolled(state) == who, "the name stays"
    finally:
        journal.close()


def test_while_the_collector_does_not_answer_events_are_tried_as_well(
    laptop: Chain, tmp_path: Path
) -> None:
    journal = Journal(tmp_path)
    try:
        carried = Carried(laptop, journal)
        identity.next_key(laptop.folders.agent)
        journal.append(new_event())
        assert carried.send(lose_reply=False) == "rotate"
        assert carried.send() == "events"
    finally:
        journal.close()


@pytest.mark.slow
def test_an_order_changes_the_key_of_a_running_laptop(laptop: Chain) -> None:
    state, office = laptop.folders.agent, Office()
    publish(laptop, office.keyring())
    who = identity.enrolled(state)
    assert who is not None
    identity.save(state, _with_root(who, office), (state / "ca.pem").read_bytes())
    key = office.people["it"]
    toml = text(2, f'[lost]\nkeys = ["{public_text(key)}"]')
    publish(laptop, office.policy(2, toml, until=LATER))
    before = public(identity.device_key(state))
    publish(laptop, order(who.device, "rotate-key", key, now=utc_now()), "order", "send")
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: public(identity.device_key(state)) != before, SOON)
        followed = {"order": "rotate-key"}
        assert stage.wait_until(lambda: followed in kinds(laptop, "order-followed"), SOON)


def _with_root(who: Enrolled, office: Office) -> Enrolled:
    return Enrolled(
        device=who.device,
        server=who.server,
        collector_key=who.collector_key,
        owner=who.owner,
        policy_root=public_text(office.root),
    )


def test_the_command_makes_a_key_and_needs_a_name(tmp_path: Path, capsys: Any) -> None:
    assert main(["enrol", "--rotate", "--state", str(tmp_path / "agent")]) == 1
    assert "not enrolled yet" in capsys.readouterr().err
    assert main(["enrol", "--state", str(tmp_path / "agent")]) == 2


# --- at the collector -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with collector(tmp_path_factory.mktemp("rotate") / "state") as made:
        yield made


def rotate(laptop: Laptop, new: Ed25519PrivateKey, *, proof: Any = None, device: str = "") -> Any:
    name = device or laptop.name
    signer = proof or new
    made = base64.b64encode(signer.sign(messages.rotation(name, public(new)))).decode()
    asked = messages.RotateRequest(device=name, public_key=public(new), proof=made)
    return laptop.post(messages.ROTATE_PATH, messages.to_json(asked), keyid=laptop.name)


def test_only_who_has_both_keys_changes_one(running: Running) -> None:
    laptop, other, new = running.laptop(), running.laptop(), Ed25519PrivateKey.generate()
    for reply, says in (
        (rotate(laptop, new, proof=Ed25519PrivateKey.generate()), "proof"),
        (rotate(laptop, new, device=other.name), "wrong-device"),
        (rotate(Laptop(running), new), "unknown-device"),
        (rotate(laptop, other.key), "key-used"),
    ):
        assert problem(reply) == says
    assert laptop.send(pupil_file()).status_code == 200


def test_the_old_key_is_believed_no_more_and_never_again(running: Running) -> None:
    laptop, new = running.laptop(), Ed25519PrivateKey.generate()
    name, old = laptop.name, laptop.key
    assert rotate(laptop, new).status_code == 200
    assert problem(laptop.send(pupil_file())) == "signature"
    moved = Laptop(running, key=new, called=name)
    assert moved.send(pupil_file()).status_code == 200
    assert rotate(moved, new).status_code == 200, "asked again, answered again"
    assert problem(rotate(moved, old)) == "key-used"
    for key in (old, new):
        assert problem(Laptop(running, key=key).enrol(running.token())) == "key-used"


def test_of_many_new_keys_that_one_old_key_vouches_for_one_counts(running: Running) -> None:
    """Each signature is good when it is checked; only in the database can one of them be first."""
    for _ in range(3):
        laptop, keys = running.laptop(), [Ed25519PrivateKey.generate() for _ in range(20)]
        start = threading.Barrier(len(keys))

        def ask(new: Ed25519PrivateKey, laptop: Laptop = laptop, start: Any = start) -> Any:
            start.wait()
            return rotate(laptop, new)

        with ThreadPoolExecutor(len(keys)) as pool:
            replies = list(pool.map(ask, keys))
        assert [reply.status_code for reply in replies].count(200) == 1
        assert {problem(one) for one in replies if one.status_code != 200} == {"signature"}
        (taken,) = [key for key, one in zip(keys, replies, strict=True) if one.status_code == 200]
        assert Laptop(running, key=taken, called=laptop.name).send(pupil_file()).status_code == 200
