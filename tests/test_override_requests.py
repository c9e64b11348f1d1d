"""A person says why they need a stick: who gets it, who does not, and what the officer hears."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.control_server import Caller, Refused
from agent.override_requests import MOST_A_DAY, MOST_OF_ONE, OverrideRequests
from agent.overrides import Overrides
from agent.policy import Decision, Mode, Policy
from agent.policy_usb import UsbMode, UsbPolicy
from agent.recorder import Recorder
from collectors.base import Observation
from collectors.usb import UsbStorageRemoved
from tests.test_policy_usb import PLAIN, STICK, seen

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
USB = UsbPolicy(mode=UsbMode.ENCRYPTED_ONLY, override_for=timedelta(minutes=30))
WHY = "The photographs of the school trip are on it."
BLOCK = Decision(action="block-usb", rule="usb-encrypted-only", enforced=True)


@dataclass
class Desk:
    """The requests with a clock to turn; remembers what was recorded and brought back."""

    usb: UsbPolicy = USB
    file: Path | None = None
    now: datetime = NOW
    full: bool = False
    recorded: list[Observation] = field(default_factory=list)
    again: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        policy = Policy(version=1, mode=Mode.ENFORCE, usb=self.usb)
        self.overrides = Overrides(file=self.file)
        self.requests = OverrideRequests(
            policy=policy,
            overrides=self.overrides,
            record=self.record,
            judge_again=self.again.append,
            now=lambda: self.now,
        )

    def record(self, observation: Observation) -> str | None:
        self.recorded.append(observation)
        return None if self.full else f"{len(self.recorded):08}-0000"

    def withhold(self, **changes: object) -> None:
        stick = seen(PLAIN, self.now, **changes)
        self.overrides.note(replace(stick, subject=str(changes.get("name", "1-2"))), BLOCK)

    def ask(self, reason: str = WHY, device: object = "1-2", uid: int = 1001) -> dict[str, Any]:
        caller = Caller(uid=uid, pid=1)
        return self.requests.take(caller, {"device": device, "reason": reason})

    def refusal(self, **asked: Any) -> str:
        before = (len(self.recorded), self.overrides.all(), list(self.again))
        with pytest.raises(Refused) as error:
            self.ask(**asked)
        assert (len(self.recorded), self.overrides.all(), self.again) == before, "nothing was done"
        return error.value.code


def test_who_says_why_gets_the_stick_and_the_officer_hears_of_it() -> None:
    desk = Desk()
    desk.withhold()
    assert desk.requests.possible() == ["1-2"]
    answer = desk.ask()
    assert (answer["device"], answer["access"], answer["minutes"]) == ("1-2", "read-only", 30)
    (event,) = desk.recorded
    facts = event.facts()
    assert (facts["minutes"], facts["verdict"]) == (30, "unencrypted")
    assert facts["device"] == seen(PLAIN).facts()["device"], "the two events can be joined"
    assert event.details() == {"reason": WHY, "serial": STICK.serial, "model": STICK.model}
    assert desk.again == ["1-2"]
    assert desk.refusal() == "not-blocked", "it was given already"
    assert USB.decide(seen(PLAIN, NOW), desk.overrides.all()) == (
        "allow-usb-read-only",
        "usb-override",
    )


@pytest.mark.parametrize(
    ("reason", "taken"),
    [
        ("x" * 9, False),
        ("x" * 10, True),
        ("x" * 500, True),
        ("x" * 501, False),
        (" " * 12, False),
        ("turned \u202e round here", False),
        ("a bell \a rings in here", False),
        ("on\ntwo lines, of a terminal", True),
        (7, False),
    ],
)
def test_a_reason_has_ten_to_five_hundred_characters_that_can_be_shown(
    reason: str, taken: bool
) -> None:
    desk = Desk()
    desk.withhold()
    if taken:
        assert desk.ask(reason)
    else:
        assert desk.refusal(reason=reason) == "reason"


@pytest.mark.parametrize("device", ["1-3", "", None, 7, ["1-2"]])
def test_only_a_stick_that_is_withheld_now_can_be_had(device: object) -> None:
    desk = Desk()
    desk.withhold()
    assert desk.refusal(device=device) == "not-blocked"


def test_a_stick_that_was_pulled_or_let_in_meanwhile_cannot_be_had() -> None:
    desk = Desk()
    gone = UsbStorageRemoved(observed_at=NOW, subject="1-2", device=STICK)
    report = Decision(action="report", rule="default", enforced=False)
    for observation, decision in (
        (gone, report),
        (seen(PLAIN), replace(BLOCK, action="allow-usb")),
    ):
        desk.withhold()
        desk.overrides.note(observation, decision)
        assert desk.refusal() == "not-blocked"


def test_what_was_decided_and_not_done_is_not_withheld() -> None:
    desk = Desk()
    desk.overrides.note(seen(PLAIN), replace(BLOCK, enforced=False, held="first-days"))
    assert desk.refusal() == "not-blocked"


@pytest.mark.parametrize(
    ("usb", "changes"),
    [
        (replace(USB, override_for=timedelta(0)), {}),
        (replace(USB, mode=UsbMode.NONE), {}),
        (replace(USB, own_only=True), {}),
        (USB, {"keyboard": True}),
    ],
    ids=["not allowed", "mode none", "own devices only", "also a keyboard"],
)
def test_where_the_policy_would_not_give_it_no_reason_helps(
    usb: UsbPolicy, changes: dict[str, object]
) -> None:
    desk = Desk(usb)
    desk.withhold(**changes)
    assert desk.requests.possible() == []
    assert desk.refusal() == "not-allowed"


@pytest.mark.parametrize(
    ("action", "rule", "keyboard", "minutes"),
    [
        ("block-usb", "usb-encrypted-only", False, 30),
        ("block-usb", "usb-encrypted-only", True, 0),
        ("block-usb", "usb-own-only", False, 0),
        ("block-usb", "a-rule-of-the-policy", False, 0),
        ("allow-usb", "usb-encrypted-only", False, 0),
    ],
)
def test_a_block_is_told_with_a_way_out_only_where_there_is_one(
    action: str, rule: str, keyboard: bool, minutes: int
) -> None:
    recorder = Recorder(key=b"k" * 32, seal=None, now=lambda: NOW)
    decision = Decision(action=action, rule=rule, enforced=True)
    event = recorder.event(seen(PLAIN, keyboard=keyboard), decision)
    assert Desk().requests.minutes_for(event) == minutes
    assert Desk(replace(USB, override_for=timedelta(0))).requests.minutes_for(event) == 0


def test_one_person_gets_one_stick_three_times_a_day_and_another_person_still_does() -> None:
    desk = Desk()
    for number in range(MOST_OF_ONE):
        desk.now = NOW + timedelta(hours=number)
        desk.withhold()
        desk.ask()
    desk.now += timedelta(hours=1)
    desk.withhold()
    assert desk.refusal() == "too-many"
    assert desk.ask(uid=1002)
    desk.now = NOW + timedelta(days=1)
    desk.withhold()
    assert desk.ask(), "the first is a day old"


def test_a_laptop_gives_ten_a_day_whoever_asks_for_whatever() -> None:
    desk = Desk()
    for number in range(MOST_A_DAY):
        desk.withhold(serial=f"S{number}")
        desk.ask(uid=1001 + number)
    desk.withhold(serial="another")
    assert desk.refusal(uid=2000) == "too-many"


def test_what_could_not_be_recorded_is_not_given() -> None:
    desk = Desk(full=True)
    desk.withhold()
    with pytest.raises(Refused) as error:
        desk.ask()
    assert (error.value.code, desk.overrides.all(), desk.again) == ("full", (), [])
