"""The posture: told at the start, told again when something changes, and never twice."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent import policy_file
from agent.commands.posture import list_posture, sentence
from agent.errors import ConfigError
from agent.recorder import Recorder
from agent.texts import LANGUAGES, has
from collectors.base import CollectorError, Keyed, Observation
from collectors.checks.laptop import Laptop, Shape, System
from collectors.checks.reading import Unreadable
from collectors.checks.since import NAME, Since
from collectors.checks.told import (
    GOOD,
    INAPPLICABLE,
    ONLY_IF_ASKED,
    UNKNOWN,
    Check,
    State,
    Told,
    Why,
)
from collectors.posture import (
    SETTINGS,
    LaptopDescribed,
    PostureChecked,
    PostureCollector,
    judged,
    make,
)
from collectors.posture_linux import Machine, Wishes
from tests.made_up_system import MadeUp

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
LAPTOP = Laptop(
    shape=Shape.LAPTOP,
    model="Invented Note 14",
    system=System.DEBIAN,
    major=12,
    minor=-1,
    memory=8,
    months=7,
)
GOOD_LOCK, BAD_LOCK = Told(Why.LOCK_SET), Told(Why.LOCK_OFF, 1)
USUAL = {name: setting.default for name, setting in SETTINGS.items()}


class Turns(threading.Event):
    """A stop that is set after so many waits."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.left = turns

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        if self.left <= 0:
            self.set()
        return self.is_set()


class Clock:
    """Each look at it is a minute later."""

    def __init__(self) -> None:
        self.minutes = 0

    def __call__(self) -> datetime:
        self.minutes += 1
        return AT.replace(minute=self.minutes % 60, hour=9 + self.minutes // 60)


def play(folder: Path | None, now: Clock, *found: Told) -> list[Observation]:
    """A run of the collector that finds one thing after another."""
    left = iter(found)
    checks: dict[Check, Callable[[], Told]] = {Check.SCREEN_LOCK: lambda: next(left)}
    collector = PostureCollector(checks, lambda: LAPTOP, Since(folder, now), now=now)
    return list(collector.observe(Turns(len(found))))


def locks(seen: list[Observation]) -> list[Why]:
    return [one.told.why for one in seen if isinstance(one, PostureChecked)]


def test_everything_is_told_at_the_start_and_then_only_what_changes() -> None:
    seen = play(None, Clock(), GOOD_LOCK, GOOD_LOCK, BAD_LOCK, BAD_LOCK, GOOD_LOCK)
    assert isinstance(seen[0], LaptopDescribed)
    assert locks(seen) == [Why.LOCK_SET, Why.LOCK_OFF, Why.LOCK_SET]
    assert len(seen) == 4


def test_a_state_that_comes_back_is_news_to_the_journal() -> None:
    seen = play(None, Clock(), GOOD_LOCK, BAD_LOCK, GOOD_LOCK)
    assert len({one.once() for one in seen}) == len(seen) == 4


def test_a_count_that_changes_is_no_news_and_another_program_is() -> None:
    more = Told(Why.LOCK_OFF, 2)
    assert locks(play(None, Clock(), BAD_LOCK, more)) == [Why.LOCK_OFF]
    one, two = Told(Why.PROGRAM_IN_USE, 1, ("mega",)), Told(Why.PROGRAM_IN_USE, 1, ("odrive",))
    assert len(locks(play(None, Clock(), one, two))) == 2


def test_a_restart_repeats_what_the_journal_knows_already(tmp_path: Path) -> None:
    clock = Clock()
    first = play(tmp_path, clock, GOOD_LOCK)
    again = play(tmp_path, clock, GOOD_LOCK)
    assert [one.once() for one in again] == [one.once() for one in first]
    (lock,) = [one for one in play(tmp_path, clock, BAD_LOCK) if isinstance(one, PostureChecked)]
    assert lock.once() not in {one.once() for one in first}


def test_a_memory_that_was_damaged_tells_once_more_and_breaks_nothing(tmp_path: Path) -> None:
    for content in (b"\xff\x00", b"[]", b'{"a": 1}', b'{"screen-lock": ["x"]}', b"{" * 9999):
        (tmp_path / NAME).write_bytes(content)
        assert locks(play(tmp_path, Clock(), GOOD_LOCK)) == [Why.LOCK_SET]


def test_a_memory_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    assert locks(play(tmp_path / "gone", Clock(), GOOD_LOCK, BAD_LOCK)) == [
        Why.LOCK_SET,
        Why.LOCK_OFF,
    ]


def test_the_memory_is_closed_to_others(tmp_path: Path) -> None:
    play(tmp_path, Clock(), GOOD_LOCK)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / NAME).read_text())["screen-lock"][0] == "good/lock-set"


def test_facts_are_words_and_a_number_and_names_are_sealed() -> None:
    told = Told(Why.PROGRAM_IN_USE, 2, ("dropbox", "mega"))
    seen = PostureChecked(
        observed_at=AT, subject="x", check=Check.SYNC_PROGRAMS, told=told, since="s"
    )
    assert seen.facts() == {
        "check": Check.SYNC_PROGRAMS,
        "state": State.BAD,
        "why": Why.PROGRAM_IN_USE,
        "count": 2,
    }
    assert seen.details() == {"names": "dropbox, mega"}
    assert seen.proof() == {}


def test_the_model_of_a_laptop_is_only_readable_as_a_digest() -> None:
    seen = LaptopDescribed(observed_at=AT, subject="laptop", laptop=LAPTOP, since="s")
    assert seen.facts()["model"] == Keyed("Invented Note 14")
    assert seen.details() == {"model": "Invented Note 14"}


def test_an_event_of_it_is_fit_to_leave() -> None:
    recorder = Recorder(key=b"k" * 32, seal=None, now=lambda: AT)
    for seen in play(None, Clock(), BAD_LOCK):
        facts = recorder.event(seen).facts
        assert facts.keys() == seen.facts().keys()
    assert facts == {"check": "screen-lock", "state": "bad", "why": "lock-off", "count": 1}


def test_every_reason_has_one_state() -> None:
    assert not (GOOD & UNKNOWN or GOOD & INAPPLICABLE or UNKNOWN & INAPPLICABLE)
    assert {Told(why).state for why in Why} == set(State)
    assert Told(Why.NOT_READABLE).state is State.UNKNOWN


@pytest.mark.parametrize(
    "error", [Unreadable("x"), PermissionError(), ValueError(), KeyError("x"), TypeError()]
)
def test_what_makes_no_sense_to_a_check_is_unknown(error: Exception) -> None:
    def fail() -> Told:
        raise error

    assert judged(fail) == Told(Why.NOT_READABLE)


def test_the_collector_ends_soon_after_it_is_told_to() -> None:
    stop = threading.Event()
    collector = PostureCollector({}, lambda: LAPTOP, Since(None, Clock()))
    thread = threading.Thread(target=lambda: list(collector.observe(stop)))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_the_settings_make_a_collector_and_nonsense_is_refused(tmp_path: Path) -> None:
    collector = make({**USUAL, "state": tmp_path, "skip": ["sync-programs"]})
    assert (collector.name, collector.every) == ("posture", 900.0)
    assert set(collector.checks) == set(Check) - {Check.SYNC_PROGRAMS} - ONLY_IF_ASKED
    asked = make({**USUAL, "state": tmp_path, "also": ["printers"]})
    assert set(asked.checks) == set(Check) - {Check.MEDIA_FILES}
    odd = [
        {"look_minutes": 0},
        {"skip": ["colour"]},
        {"also": ["updates"]},
        {"approved": [3]},
        {"connections": [""]},
    ]
    for one in odd:
        with pytest.raises(CollectorError):
            make({**USUAL, **one})


def test_a_policy_names_the_check_it_cannot_leave_out(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('name = "x"\nversion = 1\n[collectors.posture]\nskip = ["colour"]\n')
    with pytest.raises(ConfigError, match=r"line 4: 'skip' cannot hold 'colour'"):
        policy_file.read(policy)


# --- the whole, on a made-up system ---------------------------------------------------------------


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A laptop without any care: plain disk, automatic login, an open home, Dropbox."""
    system = MadeUp(tmp_path)
    system.block("sda", "8:0")
    system.mount("/", "8:0")
    system.swaps()
    system.person("anna", mode=0o755)
    system.write("/etc/shadow", "anna::1::::::\n")
    system.write("/etc/lightdm/lightdm.conf", "[Seat:*]\nautologin-user=anna\n")
    return Machine(
        root=tmp_path,
        now=lambda: AT,
        rules=lambda: '{"nftables": []}',
        upgrade=lambda: "",
        running=lambda: {"dropbox"},
    )


def test_every_check_looks_at_the_system_it_was_given(machine: Machine) -> None:
    found = {check: judged(one) for check, one in machine.checks(Wishes()).items()}
    assert set(found) == set(Check)
    bad = {check: told.why for check, told in found.items() if told.state is State.BAD}
    assert bad == {
        Check.DISK_ENCRYPTION: Why.NOT_ENCRYPTED,
        Check.AUTOMATIC_LOGIN: Why.LOGIN_NOT_ASKED,
        Check.EMPTY_PASSWORDS: Why.PASSWORD_EMPTY,
        Check.HOME_FOLDERS: Why.HOMES_OPEN,
        Check.FIREWALL: Why.NO_FIREWALL,
        Check.SYNC_PROGRAMS: Why.PROGRAM_IN_USE,
    }


def test_nothing_on_the_system_is_changed(machine: Machine) -> None:
    def everything() -> list[tuple[str, int, int]]:
        found = [(one, one.lstat()) for one in sorted(machine.root.rglob("*"))]
        return [(str(one), status.st_mode, status.st_mtime_ns) for one, status in found]

    before = everything()
    for find_out in machine.checks(Wishes()).values():
        judged(find_out)
    assert everything() == before


def test_a_system_of_nothing_is_nowhere_good_by_accident(tmp_path: Path) -> None:
    machine = Machine(root=tmp_path, rules=lambda: None, upgrade=lambda: None, running=set)
    found = {check: judged(one) for check, one in machine.checks(Wishes()).items()}
    good = {check for check, told in found.items() if told.state is State.GOOD}
    assert good == {Check.SYNC_PROGRAMS, Check.FILE_SHARING}


# --- the command ----------------------------------------------------------------------------------


def test_the_command_says_each_check_in_a_sentence(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list_posture(machine.checks(Wishes()), "nl", as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(Check)
    assert "bad           Automatisch aanmelden: niet in orde; " in "\n".join(lines)
    assert any(line.endswith("(dropbox).") for line in lines)


def test_the_command_gives_programs_what_they_need(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list_posture(machine.checks(Wishes()), "en", as_json=True) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["check"] for row in rows] == list(Check)
    assert rows[0] == {
        "check": "disk-encryption",
        "state": "bad",
        "why": "not-encrypted",
        "count": 0,
        "names": [],
        "says": sentence(Check.DISK_ENCRYPTION, Told(Why.NOT_ENCRYPTED), "en"),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_and_reason_has_its_words(language: str) -> None:
    keys = [f"check-{one}" for one in Check] + [f"state-{one}" for one in State]
    assert all(has(key) for key in (*keys, *(f"posture-{one}" for one in Why)))
    for why in Why:
        assert "…" not in sentence(Check.UPDATES, Told(why), language)


def test_every_word_is_explained_where_people_look_it_up() -> None:
    text = (Path(__file__).parent.parent / "docs/what-is-sent.md").read_text("utf-8")
    for why in Why:
        assert f"| `{why}` | {Told(why).state} |" in text
    assert not [check for check in Check if f"| `{check}` |" not in text]
