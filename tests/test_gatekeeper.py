"""The gatekeeper: when the gate closes and opens, and when media are looked at again."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from agent.gatekeeper import SHORT_TURN, TURN, Gatekeeper
from agent.guard import Guard
from agent.journal import Journal
from agent.notice import Notice
from agent.overrides import Given
from agent.policy import Mode, Policy
from agent.policy_usb import Listed, Override, Treat, UsbMode, UsbPolicy
from enforcement.usb_gate import Gate, Pass
from tests.device_trees import Tree, gate_in, is_off

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ONLY_ENCRYPTED = UsbPolicy(mode=UsbMode.ENCRYPTED_ONLY)


@dataclass
class Laptop:
    """A laptop with a gate and a device tree, which counts how often media are looked at again."""

    top: Path
    journal: Journal
    gate: Gate
    tree: Tree
    now: datetime = NOW
    locked: bool = False
    looks: int = 0
    started: list[Gatekeeper] = field(default_factory=list)

    def start(
        self, usb: UsbPolicy, mode: Mode = Mode.ENFORCE, version: int = 1, told: int | None = None
    ) -> Gatekeeper:
        policy = Policy(version=version, mode=mode, usb=usb)
        notice = Notice(policy_version=told or version, given_on=date(2026, 1, 1), language="nl")
        guard = Guard(
            policy=policy,
            notice=notice,
            installed_at=NOW - timedelta(days=100),
            journal=self.journal,
            locked=lambda: self.locked,
        )
        return Gatekeeper(
            policy=policy,
            guard=guard,
            gate=self.gate,
            now=lambda: self.now,
            sysfs=self.tree.top,
            look_again=self.look,
        )

    def look(self, sysfs: Path) -> None:
        self.looks += 1


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    journal = Journal(tmp_path)
    tree = Tree(tmp_path / "sys")
    yield Laptop(tmp_path, journal, gate_in(tmp_path), tree)
    journal.close()
    tree.stop.set()


def test_the_gate_closes_when_the_policy_withholds_and_opens_when_it_does_not(
    laptop: Laptop,
) -> None:
    laptop.start(ONLY_ENCRYPTED).turn()
    assert laptop.gate.is_closed()
    laptop.start(UsbPolicy(), version=2).turn()
    assert not laptop.gate.is_closed()
    assert laptop.looks == 2


@pytest.mark.parametrize(
    ("usb", "mode", "told"),
    [
        (ONLY_ENCRYPTED, Mode.REPORT, 1),
        (ONLY_ENCRYPTED, Mode.ENFORCE, 7),
        (UsbPolicy(), Mode.ENFORCE, 1),
    ],
    ids=["only reporting", "staff were told of another version", "mode report"],
)
def test_the_gate_stays_open_while_nothing_may_be_enforced(
    laptop: Laptop, usb: UsbPolicy, mode: Mode, told: int
) -> None:
    laptop.start(usb, mode=mode, told=told).turn()
    assert not laptop.gate.is_closed()
    assert laptop.looks == 0


def test_nothing_is_looked_at_again_while_nothing_changes(laptop: Laptop) -> None:
    keeper = laptop.start(ONLY_ENCRYPTED)
    for _ in range(5):
        keeper.turn()
    assert laptop.looks == 1


def test_after_a_restart_with_the_same_policy_media_are_looked_at_once(laptop: Laptop) -> None:
    laptop.start(ONLY_ENCRYPTED).turn()
    laptop.start(ONLY_ENCRYPTED).turn()
    assert laptop.looks == 2


def test_media_are_looked_at_again_when_a_permission_ends(laptop: Laptop) -> None:
    listed = Listed(vendor=1, product=2, treat=Treat.PERMITTED, until=NOW.date())
    keeper = laptop.start(replace(ONLY_ENCRYPTED, devices=(listed,)))
    keeper.turn()
    laptop.now += timedelta(hours=11)
    keeper.turn()
    assert laptop.looks == 1
    laptop.now += timedelta(hours=2)
    keeper.turn()
    assert laptop.looks == 2


def test_media_are_looked_at_again_when_an_override_begins_and_when_it_ends(
    laptop: Laptop,
) -> None:
    keeper = laptop.start(replace(ONLY_ENCRYPTED, override_for=timedelta(minutes=30)))
    keeper.turn()
    override = Override(vendor=1, product=2, serial="A", busnum=1, devnum=7, at=NOW)
    keeper.overrides.add("1-2", Given(uid=1001, override=override))
    for minutes, looks in ((0, 2), (29, 2), (30, 3), (31, 3)):
        laptop.now = NOW + timedelta(minutes=minutes)
        keeper.turn()
        assert laptop.looks == looks


def test_while_an_override_is_in_force_its_end_is_not_waited_for_by_the_minute(
    laptop: Laptop,
) -> None:
    keeper = laptop.start(replace(ONLY_ENCRYPTED, override_for=timedelta(minutes=1)))
    override = Override(vendor=1, product=2, serial="A", busnum=1, devnum=7, at=NOW)
    assert keeper.pause() == TURN
    keeper.overrides.add("1-2", Given(uid=1001, override=override))
    assert keeper.pause() == SHORT_TURN
    laptop.now += timedelta(minutes=1)
    assert keeper.pause() == TURN


def test_one_stick_is_switched_on_for_the_judge_and_no_other(laptop: Laptop) -> None:
    home = laptop.tree.device(interfaces=(), authorized="0")
    other = laptop.tree.device("1-3", interfaces=(), authorized="0", devnum="8")
    for name, place in (("1-2", "1/7"), ("1-3", "1/8")):
        laptop.gate.note_blocked(name, place)
    laptop.start(ONLY_ENCRYPTED).judge_again("1-2")
    assert (is_off(home), is_off(other)) == (False, True)
    assert laptop.gate.blocked() == (("1-3", "1/8"),)
    assert laptop.looks == 1


def test_media_are_looked_at_again_when_somebody_unlocks_the_screen(laptop: Laptop) -> None:
    keeper = laptop.start(replace(ONLY_ENCRYPTED, withhold_while_locked=True))
    keeper.turn()
    for locked, looks in ((True, 2), (True, 2), (False, 3)):
        laptop.locked = locked
        keeper.turn()
        assert laptop.looks == looks


def test_what_was_switched_off_is_switched_on_under_another_policy_behind_the_closed_gate(
    laptop: Laptop,
) -> None:
    home = laptop.tree.device(interfaces=(), authorized="0")
    other = laptop.tree.device("1-3", interfaces=(), authorized="0", devnum="8")
    laptop.start(replace(ONLY_ENCRYPTED, mode=UsbMode.NONE)).turn()
    laptop.gate.note_blocked("1-2", "1/7")
    laptop.start(ONLY_ENCRYPTED, version=2).turn()
    assert laptop.gate.is_closed()
    assert not is_off(home)
    assert is_off(other), "somebody else switched it off"
    assert laptop.gate.blocked() == ()


def test_the_passes_of_media_that_are_gone_are_tidied_away(laptop: Laptop) -> None:
    laptop.tree.disk(laptop.tree.device(), sequence=17)
    laptop.gate.let_in([16, 17], Pass.UNLOCK)
    laptop.start(ONLY_ENCRYPTED).turn()
    assert (laptop.gate.pass_of(16), laptop.gate.pass_of(17)) == (None, Pass.UNLOCK)


def test_a_newcomer_in_the_port_of_a_blocked_device_is_left_alone(laptop: Laptop) -> None:
    home = laptop.tree.device(interfaces=(), authorized="0", devnum="9")
    laptop.start(ONLY_ENCRYPTED).turn()
    laptop.gate.note_blocked("1-2", "1/7")
    laptop.start(ONLY_ENCRYPTED, version=2).turn()
    assert is_off(home)


def test_a_gate_that_cannot_be_set_does_not_end_the_agent(
    laptop: Laptop, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = laptop.start(ONLY_ENCRYPTED)
    keeper.gate = Gate(closed=laptop.top / "nowhere" / "closed", verdicts=laptop.top / "verdicts")
    stop = threading.Event()
    turns: list[int] = []
    keeper.now = _counting(turns, stop)
    keeper.keep(stop)
    assert turns
    assert "could not be set" in caplog.text


def _counting(turns: list[int], stop: threading.Event) -> Callable[[], datetime]:
    def now() -> datetime:
        turns.append(1)
        stop.set()
        return NOW

    return now
