"""A lost laptop: how it comes to count as one, what it does then, and how it is found again."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import policy_file
from agent.contact import SETTLED, Contact
from agent.control_server import Refused
from agent.errors import ConfigError
from agent.expiry import kept_until
from agent.guard import Caps
from agent.journal import Journal
from agent.lost import Cause, Lost, new_code
from agent.lost_keeper import LostKeeper
from agent.lost_questions import TRIES, LostQuestions
from agent.orders import Orders
from agent.own_lost import LaptopFound, LaptopLost, LostScreen, SealedWiped, UnlockCodeMade
from agent.policy import LostPolicy, Mode
from agent.tray.view import State, view_of
from agent.wire.messages import Receipt, to_json
from agent.wire.orders import OrderError
from collectors.base import Observation
from collectors.session_state import DeskError, Session, SessionKind
from enforcement.base import Attempt, Settings
from enforcement.expire_sealed import ExpireSealed
from enforcement.vault import Vault, record
from tests.test_daemon import Scripted, Seen, build, events
from tests.test_orders import HERE, KEY, order, signed, text

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OPEN = Session(
    id="3", user="a.devries", uid=1000, kind=SessionKind.X11, seat="seat0", own=True, active=True,
    remote=False, locked=False, idle_hint=False, idle_since=0.0, started=7,
)  # fmt: skip


class Desk:
    def __init__(self, *there: Session) -> None:
        self.there = list(there)

    def sessions(self) -> list[Session]:
        return self.there

    def close(self) -> None:
        return


class Broken(Desk):
    def sessions(self) -> list[Session]:
        raise DeskError("nobody")


class Laptop:
    """A laptop with clocks that a test turns."""

    def __init__(self, state: Path, silent_days: int = 14, desk: Desk | None = None) -> None:
        self.state, self.wall, self.ran = state, NOW, 0.0
        self.told: list[Observation] = []
        self.sought = 0
        self.desk = desk or Desk()
        self.start(silent_days)

    def start(self, silent_days: int = 14) -> None:
        """The agent begins to run."""
        self.keeper = LostKeeper(
            policy=LostPolicy(silent_days=silent_days),
            lost=Lost(self.state),
            contact=Contact(state=self.state, now=lambda: self.wall, monotonic=lambda: self.ran),
            vault=Vault(self.state / "vault"),
            desk=lambda: self.desk,  # type: ignore[return-value,arg-type]
            record=self._record,
            seek=self._seek,
            can_seal=False,
            now=lambda: self.wall,
        )

    def _record(self, one: Observation) -> str:
        self.told.append(one)
        return "id"

    def _seek(self) -> None:
        self.sought += 1

    def heard(self, at: datetime) -> None:
        said = Receipt(device=HERE, last=1, head="0" * 64, received_at=at)
        (self.state / "receipt.json").write_bytes(to_json(said))

    def goes(self, wall: timedelta = timedelta(), ran: timedelta = timedelta()) -> None:
        self.wall += wall
        self.ran += ran.total_seconds()
        self.keeper.look()

    def kinds(self) -> list[str]:
        return [one.kind for one in self.told]


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path)


def test_a_laptop_that_is_heard_is_not_lost(laptop: Laptop) -> None:
    for _ in range(40):
        laptop.heard(laptop.wall)
        laptop.goes(DAY, DAY)
    assert laptop.told == []


def test_a_laptop_that_never_heard_anything_is_not_lost_of_itself(laptop: Laptop) -> None:
    laptop.goes(400 * DAY, HOUR)
    assert laptop.told == []


def test_a_long_silence_makes_it_lost_and_a_word_of_the_collector_finds_it(laptop: Laptop) -> None:
    laptop.heard(NOW)
    laptop.goes(13 * DAY)
    assert laptop.told == []
    laptop.goes(DAY)
    (told,) = laptop.told
    assert isinstance(told, LaptopLost)
    assert told.facts() == {"cause": Cause.SILENCE}
    assert laptop.sought == 1
    laptop.goes(DAY)
    assert laptop.kinds() == [LaptopLost.kind]
    laptop.heard(laptop.wall)
    laptop.goes()
    assert laptop.kinds() == [LaptopLost.kind, LaptopFound.kind]
    assert not laptop.keeper.lost()


def test_a_policy_that_says_nothing_of_silence_makes_nothing_of_it(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, silent_days=0)
    laptop.heard(NOW)
    laptop.goes(400 * DAY)
    assert laptop.told == []


def test_a_clock_that_is_set_back_each_day_does_not_hide_the_silence(laptop: Laptop) -> None:
    laptop.heard(NOW)
    for _ in range(14):
        laptop.wall = NOW
        laptop.start()
        laptop.goes()
        laptop.goes(DAY, DAY)
    assert laptop.kinds() == [LaptopLost.kind]


def test_a_clock_before_the_last_word_of_the_collector_makes_it_lost(laptop: Laptop) -> None:
    laptop.heard(NOW)
    laptop.goes()
    laptop.goes(-3 * DAY, SETTLED / 2)
    assert laptop.told == []  # the network may still set it
    laptop.goes(HOUR, SETTLED)
    (told,) = laptop.told
    assert told.facts() == {"cause": Cause.CLOCK}


def test_a_restart_ends_nothing(laptop: Laptop) -> None:
    laptop.heard(NOW)
    laptop.goes(20 * DAY)
    laptop.start()
    laptop.goes()
    assert laptop.kinds() == [LaptopLost.kind]
    assert laptop.keeper.lost()


def test_a_damaged_note_counts_as_lost(tmp_path: Path) -> None:
    (tmp_path / "lost.json").write_bytes(b"\xff")
    since = Lost(tmp_path).since()
    assert since is not None
    assert since.cause is Cause.ORDER


def test_a_damaged_count_begins_anew(laptop: Laptop) -> None:
    laptop.heard(NOW)
    laptop.goes()
    for content in (b"{", b"[]", b'{"heard": "x"}', b'{"heard": 1e999, "latest": 0, "ran": 0}'):
        (laptop.state / "contact.json").write_bytes(content)
        laptop.start()
        laptop.goes(HOUR)
    assert laptop.told == []


def test_while_it_is_lost_each_open_screen_is_locked(tmp_path: Path) -> None:
    locked, away = replace(OPEN, id="4", locked=True), replace(OPEN, id="5", active=False)
    laptop = Laptop(tmp_path, desk=Desk(OPEN, locked, away))
    laptop.goes()
    assert laptop.told == []
    laptop.keeper.declare(Cause.ORDER)
    laptop.goes()
    laptop.goes()
    screens = [one for one in laptop.told if isinstance(one, LostScreen)]
    assert [(one.subject, one.proof()) for one in screens] == [("3", {"started": 7})] * 2
    laptop.desk = Broken()
    laptop.goes()


def test_an_order_locks_the_screens_at_once(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, silent_days=0, desk=Desk(OPEN))
    laptop.keeper.follow(order())
    assert laptop.kinds() == [LaptopLost.kind, LostScreen.kind]
    assert not (tmp_path / "contact.json").exists()  # nobody asked for silence to be counted


def test_an_order_that_says_found_ends_it_and_silence_alone_does_not(laptop: Laptop) -> None:
    laptop.heard(NOW)
    laptop.keeper.follow(order())
    laptop.goes(HOUR)
    laptop.heard(laptop.wall)
    laptop.goes()
    assert laptop.keeper.lost()
    laptop.keeper.follow(order(kind="found"))
    assert laptop.kinds() == [LaptopLost.kind, LaptopFound.kind]


def test_lost_by_silence_and_then_by_order_it_waits_for_an_order(laptop: Laptop) -> None:
    laptop.heard(NOW)
    laptop.goes(20 * DAY)
    laptop.keeper.follow(order())
    laptop.heard(laptop.wall)
    laptop.goes()
    assert laptop.keeper.lost()


def sealed_copy(laptop: Laptop, number: str, **about: int) -> None:
    folder = laptop.state / "vault"
    folder.mkdir(mode=0o700, exist_ok=True)
    record = {"version": 1, "id": number, "state": "sealed", "sealed_at": NOW.isoformat(),
              "size": 3, "sealed_size": 5, "sealed_sha256": "ab", "about": about}  # fmt: skip
    (folder / f"{number}.json").write_text(json.dumps(record))
    (folder / f"{number}.age").write_bytes(b"12345")
    (folder / f"{number}.meta.age").write_bytes(b"1")


def test_a_wipe_tells_of_each_sealed_copy_until_the_laptop_is_found(laptop: Laptop) -> None:
    for number in ("a", "b"):
        sealed_copy(laptop, number)
    (laptop.state / "vault" / "b.age").write_bytes(b"short")
    (laptop.state / "vault" / "b.json").write_text("{")
    laptop.keeper.follow(order(kind="wipe"))
    wiped = [one for one in laptop.told if isinstance(one, SealedWiped)]
    assert [(one.subject, one.proof()) for one in wiped] == [("a", {"sealed_sha256": "ab"})]
    laptop.keeper.follow(order(kind="found"))
    laptop.told.clear()
    laptop.keeper.look()
    laptop.keeper.declare(Cause.SILENCE)
    laptop.keeper.look()
    assert not [one for one in laptop.told if isinstance(one, SealedWiped)]


def test_an_order_that_says_handed_over_lets_a_copy_expire(laptop: Laptop) -> None:
    number = "00000000-0000-4000-8000-000000000001"
    sealed_copy(laptop, number, keep_days=30, hand_over=1)
    assert kept_until(record(laptop.state / "vault", number)) is None
    laptop.keeper.follow(order(kind="handed-over", item=number))
    assert kept_until(record(laptop.state / "vault", number)) == NOW + 30 * DAY
    assert not laptop.keeper.lost()


@pytest.mark.parametrize("item", [None, "00000000-0000-4000-8000-000000000002"])
def test_what_is_not_sealed_cannot_be_handed_over(laptop: Laptop, item: str | None) -> None:
    with pytest.raises(OrderError, match="nothing is sealed"):
        laptop.keeper.follow(order(kind="handed-over", item=item))


def questions(laptop: Laptop) -> LostQuestions:
    orders = Orders(
        state=laptop.state,
        keys=(text(KEY),),
        device=lambda: HERE,
        follow=laptop.keeper.follow,
        now=lambda: NOW,
    )
    return LostQuestions(orders=orders, keeper=laptop.keeper)


def test_the_code_is_told_to_the_officers_before_it_counts_and_is_kept_nowhere(
    laptop: Laptop,
) -> None:
    laptop.keeper.can_seal = True
    laptop.goes()
    laptop.goes()
    (told,) = laptop.told
    assert isinstance(told, UnlockCodeMade)
    code = str(told.details()["code"])
    assert len(code.replace("-", "")) == 26
    for file in laptop.state.iterdir():
        assert code.encode() not in file.read_bytes()
        assert code.replace("-", "").encode() not in file.read_bytes()
    assert laptop.keeper.lost.opens(code.lower().replace("-", " "))
    assert not laptop.keeper.lost.opens(code[:-1])


def test_a_code_that_nobody_heard_of_does_not_count(laptop: Laptop) -> None:
    laptop.keeper.can_seal = True
    laptop.keeper.record = lambda one: None
    laptop.goes()
    assert not laptop.keeper.lost.has_code()


def test_the_right_code_ends_it_and_silence_is_counted_anew(laptop: Laptop) -> None:
    code = new_code()
    laptop.keeper.lost.keep_code(code)
    laptop.heard(NOW)
    laptop.goes(20 * DAY)
    asked = questions(laptop)
    with pytest.raises(Refused, match="not this laptop's code"):
        asked.unlock({"code": new_code()})
    assert asked.unlock({"code": code}) == {"was_lost": True}
    laptop.goes(10 * DAY)
    assert not laptop.keeper.lost()
    laptop.goes(4 * DAY)
    assert laptop.keeper.lost()


def test_codes_cannot_be_tried_without_end(laptop: Laptop) -> None:
    code = new_code()
    laptop.keeper.lost.keep_code(code)
    asked = questions(laptop)
    for _ in range(TRIES):
        with pytest.raises(Refused):
            asked.unlock({"code": "x"})
    with pytest.raises(Refused, match="too many"):
        asked.unlock({"code": code})
    laptop.wall += 2 * HOUR
    assert asked.unlock({"code": code}) == {"was_lost": False}


@pytest.mark.parametrize("given", [{}, {"order": 3}, {"order": "{}"}, {"order": "\udcff"}])
def test_an_order_that_is_none_is_refused(laptop: Laptop, given: dict[str, object]) -> None:
    with pytest.raises(Refused, match="not followed"):
        questions(laptop).order(given)
    assert laptop.told == []


def test_an_order_is_followed_through_the_agents_door(laptop: Laptop) -> None:
    answer = questions(laptop).order({"order": signed(order()).decode("ascii")})
    assert answer["followed"] == "lost"
    assert laptop.keeper.lost()


def test_it_ends_when_told_to(laptop: Laptop) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=laptop.keeper.keep, args=(stop,))
    thread.start()
    laptop.keeper.follow(order())
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def test_what_is_found_on_a_lost_laptop_is_sealed_whatever_the_mode_up_to_the_caps(
    journal: Journal,
) -> None:
    action = Scripted()
    daemon = build(journal, action, mode=Mode.REPORT, noticed=False)
    daemon.guard = replace(daemon.guard, caps=Caps(files_per_hour=3))
    daemon.is_lost = lambda: True
    for number in range(5):
        daemon.record(Seen(observed_at=NOW, subject=f"/home/x/{number}.csv"))
    found = [event.decision for event in events(journal) if event.decision]
    assert [(one.rule, one.enforced, one.held) for one in found] == [
        *[("lost", True, None)] * 3,
        *[("lost", False, "hour-cap")] * 2,
    ]


def test_a_wipe_deletes_up_to_the_caps_and_what_must_be_handed_over_stays(
    journal: Journal, laptop: Laptop
) -> None:
    for number in ("a", "b", "c", "d"):
        sealed_copy(laptop, number, hand_over=int(number == "a"))
    action = ExpireSealed(Settings(state=laptop.state))
    daemon = build(journal, action, mode=Mode.REPORT, noticed=False)
    daemon.guard = replace(daemon.guard, caps=Caps(files_per_hour=3))
    daemon.is_lost = laptop.keeper.lost
    laptop.keeper.record = daemon.record
    laptop.keeper.follow(order(kind="wipe"))
    left = sorted(path.name for path in (laptop.state / "vault").glob("*.age"))
    assert left == ["a.age", "a.meta.age", "d.age", "d.meta.age"]
    ends = [(e.decision, e.outcome) for e in events(journal) if e.kind == SealedWiped.kind]
    assert [end.reason if end else said and said.held for said, end in ends] == [
        "refused", "none", "none", "hour-cap",
    ]  # fmt: skip


def test_an_open_screen_of_a_lost_laptop_is_locked_whatever_the_mode(journal: Journal) -> None:
    action = Scripted(name="lock-session")
    daemon = build(journal, action, mode=Mode.REPORT, noticed=False)
    daemon.record(
        LostScreen(
            observed_at=NOW, subject="3", user="a.devries", session=SessionKind.X11, started=7
        )
    )
    (event,) = events(journal)
    assert event.decision is not None
    assert (event.decision.action, event.decision.rule) == ("lock-session", "lost")
    (attempt,) = action.asked
    assert isinstance(attempt, Attempt)
    assert dict(attempt.proof) == {"started": 7}


def policy_text(tmp_path: Path, section: str) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(f'name = "p"\nversion = 1\n[lost]\n{section}\n', "utf-8")
    return path


def test_a_policy_says_when_a_laptop_is_lost_and_whose_orders_count(tmp_path: Path) -> None:
    read = policy_file.read(policy_text(tmp_path, f'silent_days = 14\nkeys = ["{text(KEY)}"]'))
    assert read.lost == LostPolicy(silent_days=14, keys=(text(KEY),))
    assert policy_file.read(policy_text(tmp_path, "")).lost == LostPolicy()


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("silent_days = 3", "line 4: give 'silent_days' as 0 or"),
        ("silent_days = 400", "line 4: give 'silent_days'"),
        ('keys = ["AAAA"]', "line 4: 'keys' are those that 'dossierwacht order key' prints"),
        ("keys = [3]", "line 4: 'keys' are those"),
        ('two_signers = ["release"]', "line 4: 'two_signers' needs the keys of two people"),
        ('two_signers = ["rm"]', "'rm' is none of them: lost, found, wipe"),
        ("two_signers = [[1], {a = 2}]", "is none of them"),
        ("silence = 3", "line 4: unknown key 'silence'"),
    ],
)
def test_a_mistake_in_a_policy_is_named(tmp_path: Path, section: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        policy_file.read(policy_text(tmp_path, section))
    assert says in str(refused.value)


def test_a_laptop_that_counts_as_lost_says_so_to_whoever_sits_at_it(journal: Journal) -> None:
    view = view_of({"state": "lost", "lost": True, "mode": "report"}, "en")
    assert view.state is State.LOOK
    assert any("counts as lost" in line for line in view.lines)
