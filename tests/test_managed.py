"""A signed policy: taken up when enough people signed it, and nothing else ever is."""

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from agent import policy_file
from agent.commands.signing_keys import public_text
from agent.errors import ConfigError
from agent.managed import kept, reach
from agent.managed.intake import Intake
from agent.own_policy import Against, PolicyRefused, PolicyTaken
from agent.wire import signed
from agent.wire.policies import POLICY_LINE, Scope
from agent.wire.signed import DocumentError, Signed
from collectors.base import Observation
from tests.signing import NOW, Office, encoded, new_key, text

HERE = "d" + "a" * 16
OFFICE = Office()
ENFORCE = text(2, mode="enforce")
ROOTS = '[collectors.pupil_files]\nroots = ["/home", "/srv"]'


@dataclass
class Laptop:
    """A state folder, and what was told and taken up there."""

    state: Path
    office: Office = field(default_factory=lambda: OFFICE)
    now: datetime = NOW
    told: list[Observation] = field(default_factory=list)
    changes: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """As the agent does: by what is kept, and by the defaults where nothing is."""
        found = kept.managed(self.state)
        self.intake = Intake(
            state=self.state,
            root=lambda: public_text(self.office.root),
            running=found.policy if found else policy_file.default(),
            version=found.document.version if found else 0,
            record=self.record,
            changed=self.changed,
            now=lambda: self.now,
        )

    def record(self, observation: Observation) -> str:
        self.told.append(observation)
        return "an id"

    def changed(self) -> None:
        self.changes += 1

    def knows(self) -> "Laptop":
        self.intake.take_keyring(self.office.keyring())
        return self

    def takes(self, given: Signed, group: str = "") -> bool:
        before = self.changes
        self.intake.take_policy(given, HERE, group)
        taken = self.changes > before
        if taken:
            self.start()
        return taken

    def why(self) -> Against:
        last = self.told[-1]
        assert isinstance(last, PolicyRefused)
        return last.why

    def version(self) -> int:
        found = kept.managed(self.state)
        return found.document.version if found else 0


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    yield Laptop(tmp_path).knows()


def test_two_people_start_enforcing_and_one_can_stop_it(laptop: Laptop) -> None:
    assert laptop.takes(OFFICE.policy(2, ENFORCE, "it", "officer"))
    taken = laptop.told[-1]
    assert isinstance(taken, PolicyTaken)
    assert taken.facts() == {"policy-version": 2, "people": 2, "scope": "organisation"}
    assert not laptop.takes(OFFICE.policy(3, text(3, mode="enforce"), "it"))
    assert laptop.why() is Against.TOO_FEW
    assert laptop.takes(OFFICE.policy(4, text(4), "it"))
    assert laptop.version() == 4


def test_looking_further_takes_two_people_and_looking_less_takes_one(laptop: Laptop) -> None:
    assert not laptop.takes(OFFICE.policy(2, text(2, ROOTS), "it"))
    assert laptop.why() is Against.TOO_FEW
    assert laptop.takes(OFFICE.policy(3, text(3, ROOTS)))
    fewer = '[collectors.pupil_files]\nroots = ["/home"]'
    assert laptop.takes(OFFICE.policy(4, text(4, fewer), "head"))
    assert not laptop.takes(OFFICE.policy(5, text(5, ROOTS), "head"))


@pytest.mark.parametrize(
    "more",
    [
        '[contact]\nmail = "elsewhere@example.org"',
        pytest.param(f'[lost]\nkeys = ["{public_text(new_key())}"]', id="lost-keys"),
        "[lost]\nsilent_days = 7",
        "[collectors.session]\nlimit_minutes = 3",
    ],
)
def test_whom_one_turns_to_and_what_is_looked_at_is_no_single_persons(
    laptop: Laptop, more: str
) -> None:
    given = text(2, more)
    assert reach.people_needed(policy_file.read_text(given, "new"), policy_file.default()) == 2
    assert not laptop.takes(OFFICE.policy(2, given, "it"))


def test_asking_two_people_for_an_order_takes_one_person_and_asking_one_again_takes_two() -> None:
    keys = [base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
    given = f'name = "x"\nversion = 1\n[lost]\nkeys = ["{keys[0]}", "{keys[1]}"]\n'
    one = policy_file.read_text(given, "one")
    two = policy_file.read_text(given + 'two_signers = ["release"]\n', "two")
    assert two.lost.two_signers == ("release",)
    assert reach.people_needed(two, one) == 1
    assert reach.people_needed(one, two) == 2


def test_one_person_with_two_keys_is_one_person(laptop: Laptop, tmp_path: Path) -> None:
    office = Office()
    ring = office.keyring()
    keyring = msgspec.json.decode(signed.content(ring))
    second = new_key()
    keyring["signers"].append({"name": "it", "key": public_text(second)})
    doubled = Signed(document=signed.text_of(msgspec.json.encode(keyring)), signatures=[])
    place = tmp_path / "other"
    place.mkdir()
    other = Laptop(place, office)
    other.intake.take_keyring(signed.sign(doubled, office.root, b"dossierwacht keyring 1\n"))
    given = signed.sign(office.policy(2, ENFORCE, "it"), second, POLICY_LINE)
    assert len(given.signatures) == 2
    assert not other.takes(given)
    assert other.why() is Against.TOO_FEW


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (Office().policy(2), Against.SIGNATURE),
        (OFFICE.policy(2, until=NOW), Against.EXPIRED),
        (OFFICE.policy(2, scope=Scope(kind="group", names=["care"])), Against.OTHER_SCOPE),
        (OFFICE.policy(2, scope=Scope(kind="device", names=["d" * 17])), Against.OTHER_SCOPE),
        (OFFICE.policy(2, text(3)), Against.UNREADABLE),
        (OFFICE.policy(2, "modus = 1"), Against.UNREADABLE),
        (Signed(document="AAAA", signatures=[]), Against.SIGNATURE),
    ],
)
def test_what_is_refused_changes_nothing_and_is_told_once(
    laptop: Laptop, given: Signed, why: Against
) -> None:
    assert laptop.takes(OFFICE.policy(1, text(1), "it"))
    told = len(laptop.told)
    for _ in range(3):
        assert not laptop.takes(given)
    assert laptop.why() is why
    assert (len(laptop.told), laptop.version()) == (told + 1, 1)


def test_an_older_policy_is_never_gone_back_to(laptop: Laptop) -> None:
    assert laptop.takes(OFFICE.policy(5))
    for version in (5, 4, 1):
        assert not laptop.takes(OFFICE.policy(version))
        assert laptop.why() is Against.OLDER
    assert laptop.version() == 5


def test_a_policy_for_a_group_or_a_laptop_is_taken_up_there(laptop: Laptop) -> None:
    assert laptop.takes(OFFICE.policy(2, scope=Scope(kind="group", names=["care"])), "care")
    assert laptop.takes(OFFICE.policy(3, scope=Scope(kind="device", names=[HERE])))


def test_a_running_policy_outlives_its_time_and_its_signers(laptop: Laptop) -> None:
    assert laptop.takes(OFFICE.policy(2))
    laptop.now = NOW + timedelta(days=1000)
    without = Office(root=OFFICE.root, people={"head": new_key()})
    laptop.intake.take_keyring(without.keyring(2))
    found = kept.managed(laptop.state)
    assert found is not None
    assert found.document.expired(laptop.now)
    assert found.people == ("it", "officer")
    assert not laptop.takes(OFFICE.policy(3, until=NOW + timedelta(days=2000)))
    assert laptop.why() is Against.SIGNATURE


def test_without_a_root_key_nothing_is_believed(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path)
    laptop.intake.root = lambda: None
    laptop.knows()
    assert laptop.why() is Against.NO_ROOT
    assert not laptop.takes(OFFICE.policy(2))
    assert laptop.why() is Against.NO_ROOT


def test_a_keyring_comes_from_the_root_key_alone_and_rises(laptop: Laptop) -> None:
    for other, why in (
        (Office().keyring(2), Against.SIGNATURE),
        (Office(root=new_key()).keyring(9), Against.SIGNATURE),
        (OFFICE.keyring(1), Against.OLDER),
    ):
        laptop.intake.take_keyring(other)
        assert laptop.why() is why
    assert laptop.intake.keyring_version() == 1


def test_a_new_root_key_is_vouched_for_by_the_old_one(laptop: Laptop) -> None:
    new = Office()
    laptop.intake.take_keyring(Office(root=OFFICE.root).keyring(2, new_root=new.root))
    assert laptop.intake.keyring_version() == 2
    laptop.intake.take_keyring(OFFICE.keyring(3))
    assert laptop.why() is Against.SIGNATURE
    laptop.intake.take_keyring(new.keyring(3))
    assert laptop.intake.keyring_version() == 3
    assert laptop.takes(new.policy(2))


def test_damage_to_the_newest_policy_leaves_the_one_before(laptop: Laptop) -> None:
    assert laptop.takes(OFFICE.policy(2))
    assert laptop.takes(OFFICE.policy(3))
    (laptop.state / kept.FILE).write_bytes(b"{")
    found = kept.managed(laptop.state)
    assert found is not None
    assert (found.document.version, found.damaged) == (2, True)
    (laptop.state / kept.BEFORE).write_bytes(b"")
    with pytest.raises(ConfigError, match="damaged"):
        kept.managed(laptop.state)


def test_a_thousand_bent_policies_are_taken_up_by_nobody(laptop: Laptop) -> None:
    whole, chance = encoded(OFFICE.policy(2, ENFORCE)), random.Random(8)
    for _ in range(1000):
        at = chance.randrange(len(whole))
        bent = whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        try:
            given = signed.read(bent)
        except DocumentError:
            continue
        assert not laptop.takes(given), bent
    assert laptop.changes == 0
