"""The life of an override: a stick is blocked, given for a reason, and taken back by itself.

The person asks over the real control socket; beside it run the real daemon, collector, gatekeeper
and actions on a device tree in a folder, with a kernel that obeys the switches in it.
"""

import base64
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent import config, control, parts, run
from agent.answers import Answers
from agent.config import Config
from agent.control import ControlError
from agent.control_server import ControlServer
from agent.daemon import Daemon
from agent.gatekeeper import Gatekeeper
from agent.guard import Caps, Guard
from agent.journal import Journal
from agent.leak_reports import LeakReports
from agent.notice import Notice
from agent.override_requests import OverrideRequests
from agent.overrides import Overrides
from agent.policy import Mode, Policy
from agent.policy_usb import UsbMode, UsbPolicy
from agent.recorder import Recorder
from agent.wire import event as wire
from collectors.base import Stop
from collectors.media.verdict import Volume, VolumeKind
from collectors.usb import UsbCollector
from collectors.usb_device import Disk
from collectors.usb_linux import UsbTree
from enforcement.allow_usb import AllowUsb
from enforcement.base import Settings
from enforcement.block_usb import BlockUsb
from enforcement.usb_gate import Gate, Pass
from tests.device_trees import Tree, gate_in, is_off
from tests.test_outbox import outbox
from tests.test_override_requests import NOW, USB, WHY

PATIENCE = 30.0


class ReadOnlyStandIn(AllowUsb):
    """As the action, without the kernel's switch: the disks of the test have no device files."""

    name = "allow-usb-read-only"


class Attached(UsbTree):
    """The real reader of sysfs; instead of udev it sees which disks were announced."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree.top, tree.top / "dev", tree.top / "no-udev")

    def answers(self) -> bool:
        return True

    def volumes(self, disk: Disk) -> tuple[Volume, ...]:
        return (Volume(offset=0, size=disk.size, kind=VolumeKind.EXFAT),)

    def wait(self, stop: Stop, settle: float, most: float) -> frozenset[str]:
        stop.wait(0.02)
        spoken = [file for file in self.sysfs.glob("block/*/uevent") if file.read_text()]
        for file in spoken:
            file.write_text("")
        return frozenset(self.devices()) if spoken else frozenset()


class Kernel:
    """Takes a stick's disk away when it is switched off, and brings it anew when it is on."""

    def __init__(self, tree: Tree, home: Path) -> None:
        self.tree, self.home, self.sequence = tree, home, 17
        self.plug()

    def plug(self) -> None:
        self.tree.disk(self.home, sequence=self.sequence)
        block = self.tree.top / "block" / "sda"
        for name, value in (("size", "131072"), ("dev", "8:0")):
            (block / name).write_text(f"{value}\n")

    def obey(self, stop: threading.Event) -> None:
        interface = self.home / f"{self.home.name}:1.0"
        while not stop.wait(0.01):
            if is_off(self.home) and interface.exists():
                (self.tree.top / "block/sda").unlink()
                shutil.rmtree(interface)
            elif not is_off(self.home) and not interface.exists():
                interface.mkdir()
                (interface / "bInterfaceClass").write_text("08\n")
                (interface / "authorized").write_text("1\n")
                self.sequence += 1
                self.plug()


@dataclass
class Laptop:
    """Everything that takes part, and a clock to turn."""

    home: Path
    gate: Gate
    journal: Journal
    socket: Path
    keeper: Gatekeeper
    now: datetime = NOW

    def events(self, kind: str) -> list[wire.Event]:
        found = (wire.decode(record.body) for record in self.journal.pending().records)
        return [event for event in found if event.kind == kind]

    def decided(self) -> list[str]:
        attached = self.events("usb-storage-attached")
        return [f"{e.decision.action} {e.decision.rule}" for e in attached if e.decision]

    def ask(self, **given: Any) -> Mapping[str, Any]:
        return control.ask(self.socket, "usb-override", **{"device": "1-2", "reason": WHY, **given})

    def messages(self) -> list[Mapping[str, Any]]:
        return list(control.ask(self.socket, "status")["messages"])

    def possible(self) -> list[str]:
        return list(control.ask(self.socket, "status")["override"]["devices"])


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@contextmanager
def running(tmp_path: Path, usb: UsbPolicy, tree: Tree, kernel: Kernel) -> Iterator[Laptop]:
    """The agent's parts as ``agent.run`` joins them, on the tree of the test."""
    gate, journal = gate_in(tmp_path), Journal(tmp_path)
    policy = Policy(version=1, mode=Mode.ENFORCE, usb=usb)
    notice = Notice(policy_version=1, given_on=NOW.date() - timedelta(days=30), language="nl")
    guard = Guard(
        policy=policy, notice=notice, installed_at=NOW - timedelta(days=90), journal=journal
    )
    settings = Settings(state=tmp_path, sysfs=tree.top, gate=gate)
    overrides = Overrides(file=gate.verdicts / "overrides")
    now = lambda: laptop.now  # noqa: E731 (the laptop is made last)
    keeper = Gatekeeper(
        policy=policy, guard=guard, gate=gate, now=now, overrides=overrides, sysfs=tree.top
    )
    laptop = Laptop(kernel.home, gate, journal, tmp_path / "control.sock", keeper)
    actions: Sequence[Any] = (BlockUsb(settings), AllowUsb(settings), ReadOnlyStandIn(settings))
    daemon = Daemon(
        policy=policy,
        guard=guard,
        journal=journal,
        recorder=Recorder(key=b"k" * 32, seal=lambda plain: plain, now=now),
        collectors={"usb": lambda: UsbCollector(Attached(tree), settle=0.0, now=now)},
        actions={action.name: action for action in actions},
        now=now,
        overrides=overrides,
    )
    requests = OverrideRequests(
        policy=policy,
        overrides=overrides,
        record=daemon.record,
        judge_again=keeper.judge_again,
        now=now,
    )
    loaded = Config(
        folder=tmp_path,
        state=tmp_path,
        socket=laptop.socket,
        sender_user="x",
        journal_bytes=10**6,
        stage=None,
        policy=policy,
        notice=notice,
        gate=gate,
    )
    answers = Answers(
        config=loaded,
        daemon=daemon,
        outbox=outbox(journal),
        identity=lambda: None,
        sender_uid=998,
        leaks=LeakReports.of(loaded.policy, daemon),
        overrides=requests,
    )
    server = ControlServer(laptop.socket, answers.table(), answers.allowed)
    server.start()
    stop = threading.Event()
    threads = [threading.Thread(target=work, args=(stop,)) for work in (daemon.run, kernel.obey)]
    keeper.turn()
    for thread in threads:
        thread.start()
    try:
        yield laptop
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
        server.close()
        journal.close()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")
    return Tree(tmp_path / "sys")


@pytest.mark.parametrize("writes", [False, True], ids=["read-only", "read-write"])
def test_a_blocked_stick_is_given_for_a_reason_and_taken_back_when_the_time_is_over(
    tmp_path: Path, tree: Tree, writes: bool
) -> None:
    kernel = Kernel(tree, tree.device())
    usb = replace(USB, override_writes=writes)
    allow = "allow-usb" if writes else "allow-usb-read-only"
    with running(tmp_path, usb, tree, kernel) as laptop:
        until(lambda: laptop.possible() == ["1-2"])
        assert is_off(laptop.home)
        assert [one["override"] for one in laptop.messages()] == [30]
        answer = laptop.ask()
        assert (answer["minutes"], answer["access"]) == (
            30,
            "read-write" if writes else "read-only",
        )
        until(lambda: laptop.gate.pass_of(18) is Pass.MOUNT)
        assert laptop.possible() == []
        laptop.now += timedelta(minutes=29, seconds=59)
        laptop.keeper.turn()
        assert laptop.gate.pass_of(18) is Pass.MOUNT
        laptop.now += timedelta(seconds=1)
        laptop.keeper.turn()
        until(lambda: is_off(laptop.home) and len(laptop.decided()) == 3)
        assert laptop.gate.pass_of(18) is None
        block = "block-usb usb-encrypted-only"
        assert laptop.decided() == [block, f"{allow} usb-override", block]
        (said,) = laptop.events("usb-override")
        assert said.facts == {
            "device": laptop.events("usb-storage-attached")[0].facts["device"],
            "verdict": "unencrypted",
            "minutes": 30,
        }
        assert json.loads(base64.b64decode(said.sealed))["reason"] == WHY


def test_it_can_be_had_again_after_it_was_taken_back(tmp_path: Path, tree: Tree) -> None:
    kernel = Kernel(tree, tree.device())
    with running(tmp_path, USB, tree, kernel) as laptop:
        for sequence in (18, 19):
            until(lambda: laptop.possible() == ["1-2"])
            laptop.ask()
            until(lambda number=sequence: laptop.gate.pass_of(number) is Pass.MOUNT)
            laptop.keeper.turn()
            laptop.now += timedelta(hours=1)
            laptop.keeper.turn()


def test_an_override_is_in_force_for_the_agent_that_comes_after(tmp_path: Path, tree: Tree) -> None:
    kernel = Kernel(tree, tree.device())
    with running(tmp_path, USB, tree, kernel) as laptop:
        until(lambda: laptop.possible() == ["1-2"])
        laptop.ask()
        until(lambda: laptop.gate.pass_of(18) is Pass.MOUNT)
    with running(tmp_path, USB, tree, kernel) as laptop:
        until(lambda: laptop.keeper.overrides.all())
        laptop.now += timedelta(minutes=10)
        laptop.keeper.turn()
        assert laptop.gate.pass_of(18) is Pass.MOUNT
        laptop.now += timedelta(minutes=20)
        laptop.keeper.turn()
        until(lambda: is_off(laptop.home))


def test_the_agent_joins_its_parts_by_the_same_overrides(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(
        'name = "school"\nversion = 1\n[usb]\nmode = "ask"\noverride_minutes = 5\n', "utf-8"
    )
    loaded = config.load(tmp_path, tmp_path, tmp_path / "s")
    journal = Journal(tmp_path)
    try:
        daemon = parts.daemon_of(loaded, journal, Caps(), parts.left_alone_of(loaded.state))
        keeper = run._keeper(loaded, daemon)
        requests = run._override_requests(daemon, keeper)
        assert requests.minutes == 5
        assert requests.overrides is keeper.overrides is daemon.overrides
        assert daemon.overrides.file == loaded.gate.verdicts / "overrides"
    finally:
        journal.close()


def test_a_refusal_reaches_the_person_with_its_reason(tmp_path: Path, tree: Tree) -> None:
    kernel = Kernel(tree, tree.device())
    with running(tmp_path, replace(USB, mode=UsbMode.NONE), tree, kernel) as laptop:
        until(lambda: is_off(laptop.home) and len(laptop.decided()) == 1)
        with pytest.raises(ControlError, match="lets nobody") as refused:
            laptop.ask()
        assert refused.value.code == "not-allowed"
        assert is_off(laptop.home)
        assert laptop.events("usb-override") == []
        assert [one["override"] for one in laptop.messages()] == [0]
