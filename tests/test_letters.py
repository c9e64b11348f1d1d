"""Letters on the laptop: kept for one user, bounded, and answered by nobody else."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent import asked_by, letter_box
from agent.asked_by import AskedBy
from agent.commands.letter import lines
from agent.control_server import Caller, Refused
from agent.journal import Journal
from agent.letter_box import KEPT_FOR, MOST, PUSHED_OUT_AFTER, LetterBox
from agent.letter_desk import PER_HOUR, LetterDesk
from agent.texts import LANGUAGES
from agent.tray.view import notices
from agent.wire import event as wire
from agent.wire.letters import LONGEST_TEXT, MOST_LETTERS, Letter, plain, reference
from tests.test_answers import answers
from tests.test_daemon import Scripted, build
from tests.test_policy_usb import PLAIN, seen

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANNA, BRAM = 1001, 1002


def event_id(number: int) -> str:
    return str(uuid.UUID(int=number))


def letter(number: int = 1, **changes: Any) -> Letter:
    given: dict[str, Any] = {
        "number": event_id(10**9 + number),
        "about": event_id(7),
        "kind": "leak-reported",
        "happened_at": NOON,
        "what": "question",
        "by": "officer",
        "at": NOON + timedelta(hours=1),
        "text": "Was the stick encrypted?",
    }
    return Letter(**(given | changes))


@dataclass
class Laptop:
    """A box and the table beside it, with a clock that the test sets. Event 7 is Anna's."""

    state: Path
    at: datetime = NOON
    asked: AskedBy = field(init=False)
    box: LetterBox = field(init=False)

    def __post_init__(self) -> None:
        self.asked = AskedBy(state=self.state, now=lambda: self.at)
        self.asked.note(event_id(7), ANNA)
        self.start()

    def start(self) -> None:
        """The agent begins again, with what is on the disk."""
        self.asked = AskedBy(state=self.state, now=lambda: self.at)
        self.box = LetterBox(state=self.state, whose=self.asked.whose, now=lambda: self.at)

    def numbers(self, uid: int) -> list[str]:
        return [one.letter.number for one in self.box.of(uid)]


@pytest.fixture
def laptop(tmp_path: Path) -> Laptop:
    return Laptop(tmp_path)


def test_a_letter_is_for_whoever_asked_for_the_event_and_outlives_the_agent(laptop: Laptop) -> None:
    laptop.box.take([letter()])
    assert laptop.box.to_say() == ([letter().number], [])
    assert laptop.box.to_say() == ([], []), "said once; brought again if that was lost"
    laptop.start()
    assert (laptop.numbers(ANNA), laptop.numbers(BRAM), laptop.numbers(0)) == (
        [letter().number],
        [],
        [],
    )
    laptop.box.take([letter()])
    assert laptop.numbers(ANNA) == [letter().number]
    assert laptop.box.to_say() == ([letter().number], []), "it is not brought a third time"


def test_a_letter_about_an_event_of_nobody_is_for_nobody(laptop: Laptop) -> None:
    laptop.box.take([letter(1, about=event_id(8))])
    assert laptop.box.to_say() == ([], [letter(1).number])
    assert laptop.box.kept == ()


def test_nobody_else_can_read_what_lies_on_the_disk(laptop: Laptop) -> None:
    laptop.box.take([letter()])
    for file in (letter_box.FILE, asked_by.FILE):
        assert (laptop.state / file).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\xfe", b'[{"event": 1}]', b"[" * 10_000])
def test_damaged_files_stop_nothing(laptop: Laptop, damage: bytes) -> None:
    laptop.box.take([letter()])
    for file in (letter_box.FILE, asked_by.FILE):
        (laptop.state / file).write_bytes(damage)
    laptop.start()
    assert laptop.box.kept == ()
    laptop.asked.note(event_id(7), ANNA)
    laptop.box.take([letter()])
    assert laptop.numbers(ANNA) == [letter().number]


def test_thousands_of_letters_push_out_none_that_was_not_read(laptop: Laptop) -> None:
    laptop.box.take([letter(0)])
    for first in range(1, 4000, MOST_LETTERS):
        laptop.box.take([letter(first + n) for n in range(MOST_LETTERS)])
        laptop.box.to_say()
    assert len(laptop.box.kept) == MOST
    assert laptop.numbers(ANNA)[0] == letter(0).number
    assert (laptop.state / letter_box.FILE).stat().st_size < 64 * 1024
    laptop.box.take([letter(5000)])
    assert laptop.box.to_say() == ([], []), "what finds no room is brought again"


def test_what_is_dealt_with_makes_room_and_an_open_question_only_after_a_while(
    laptop: Laptop,
) -> None:
    laptop.box.take([letter(n) for n in range(MOST - 1)])
    laptop.box.take([letter(100, what="opened", purpose="judge")])
    laptop.box.mark_read(ANNA)
    laptop.box.take([letter(101)])
    assert letter(100).number not in laptop.numbers(ANNA)
    laptop.box.take([letter(102)])
    assert letter(102).number not in laptop.numbers(ANNA)
    laptop.box.mark_answered(letter(5).number, "b32:x", event_id(9))
    laptop.box.take([letter(102)])
    assert letter(102).number in laptop.numbers(ANNA)
    assert letter(5).number not in laptop.numbers(ANNA)
    laptop.at += PUSHED_OUT_AFTER + timedelta(days=1)
    laptop.box.take([letter(103)])
    assert letter(0).number not in laptop.numbers(ANNA)
    laptop.at += KEPT_FOR
    laptop.box.take([letter(104)])
    assert laptop.numbers(ANNA) == [letter(104).number]


def test_the_table_of_who_asked_is_bounded_and_forgets(laptop: Laptop) -> None:
    for number in range(asked_by.MOST):
        laptop.asked.note(event_id(1000 + number), BRAM)
    assert len(laptop.asked.rows) == asked_by.MOST
    assert laptop.asked.whose(event_id(7)) is None
    laptop.at += asked_by.KEPT_FOR + timedelta(days=1)
    laptop.asked.note(event_id(7), ANNA)
    assert len(laptop.asked.rows) == 1


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("A line\nand\tanother  one", "A line and another one"),
        ("\x1b[2J\x07gone", "�[2J�gone"),
        ("safe\u202egnp.exe", "safe�gnp.exe"),
        ("zero\u200bwidth\ufeff", "zero�width�"),
        ("log in at https://evil.example/x now", "log in at […] now"),
        ("see WWW.evil.example, or mailto:a@b.example", "see […] or […]"),
        ("\ud800half", "�half"),
        ("Hvornår så du det? Één ‘keer’ – goed", "Hvornår så du det? Één ‘keer’ – goed"),
    ],
)
def test_a_text_is_shown_plain(given: str, shown: str) -> None:
    assert plain(given) == shown


def test_what_is_kept_was_made_plain(laptop: Laptop) -> None:
    laptop.box.take([letter(text="a\u202eb \x1b]8;;http://evil.example\x07here")])
    (kept,) = laptop.box.of(ANNA)
    assert kept.letter.text == "a�b �]8;;[…]"


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "x" * (LONGEST_TEXT + 1)},
        {"what": "order"},
        {"by": "somebody"},
        {"number": "1"},
        {"kind": "Not A Word"},
        {"purpose": "<b>"},
        {"extra": 1},
    ],
)
def test_a_letter_of_another_form_is_none(changes: dict[str, Any]) -> None:
    body = msgspec.json.encode(msgspec.to_builtins(letter()) | changes)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Letter)


def test_a_reference_is_a_fact_and_names_one_letter() -> None:
    assert reference(event_id(1)) != reference(event_id(2))
    assert msgspec.convert(reference(letter().number), type=wire.FactText)


# --- the person at the laptop ---------------------------------------------------------------------

TEACHER, COLLEAGUE = Caller(uid=ANNA, pid=1), Caller(uid=BRAM, pid=2)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


@pytest.fixture
def desk(journal: Journal, tmp_path: Path) -> LetterDesk:
    made = LetterDesk.of(tmp_path, build(journal, Scripted()))
    made.asked.note(event_id(7), ANNA)
    made.box.take([letter()])
    return made


def events(journal: Journal) -> list[wire.Event]:
    return [wire.decode(record.body) for record in journal.pending().records]


def test_everybody_sees_their_own_letters_and_root_no_other(desk: LetterDesk) -> None:
    (mine,) = desk.listing(TEACHER, {})["letters"]
    assert (mine["text"], mine["new"]) == ("Was the stick encrypted?", True)
    assert desk.listing(TEACHER, {})["letters"][0]["new"] is False
    for other in (COLLEAGUE, Caller(uid=0, pid=3)):
        assert desk.listing(other, {"uid": ANNA})["letters"] == []


def test_an_answer_is_recorded_once_sealed_and_names_its_letter(
    desk: LetterDesk, journal: Journal
) -> None:
    given = {"number": letter().number, "text": "No, it was Sofie's list, unencrypted."}
    first = desk.answer(TEACHER, given)
    assert desk.answer(TEACHER, given) == first
    (event,) = events(journal)
    assert (event.kind, event.facts) == ("leak-answered", {"letter": reference(letter().number)})
    assert event.sealed
    assert "Sofie" not in wire.encode(event).decode()
    assert desk.listing(TEACHER, {})["letters"][0]["answered"] is True
    again = desk.answer(TEACHER, given | {"text": "I was wrong: it was encrypted."})
    assert again["event"] != first["event"]
    assert len(events(journal)) == 2
    kept = (desk.box.state / letter_box.FILE).read_text()
    assert "Sofie" not in kept


def test_an_answer_outlives_the_agent_as_the_same_answer(
    desk: LetterDesk, journal: Journal, tmp_path: Path
) -> None:
    given = {"number": letter().number, "text": "No."}
    first = desk.answer(TEACHER, given)
    assert LetterDesk.of(tmp_path, desk.daemon).answer(TEACHER, given) == first
    assert len(events(journal)) == 1


@pytest.mark.parametrize("number", [letter().number, event_id(1), None, 7, "", ["x"]])
def test_nobody_answers_for_another_and_no_refusal_tells_what_there_is(
    desk: LetterDesk, journal: Journal, number: object
) -> None:
    for caller in (COLLEAGUE, Caller(uid=0, pid=1)):
        with pytest.raises(Refused) as caught:
            desk.answer(caller, {"number": number, "text": "It was me."})
        assert caught.value.code == "unknown"
    assert events(journal) == []


@pytest.mark.parametrize("text", ["", "   ", None, 7, "x" * 4001])
def test_an_answer_without_words_or_with_too_many_is_refused(
    desk: LetterDesk, journal: Journal, text: object
) -> None:
    with pytest.raises(Refused) as caught:
        desk.answer(TEACHER, {"number": letter().number, "text": text})
    assert caught.value.code == "text"
    assert events(journal) == []


def test_only_a_question_is_answered(desk: LetterDesk) -> None:
    desk.box.take([letter(2, what="opened", purpose="judge")])
    with pytest.raises(Refused) as caught:
        desk.answer(TEACHER, {"number": letter(2).number, "text": "Why?"})
    assert caught.value.code == "no-question"


def test_a_flood_of_answers_is_stopped_for_its_sender_alone(
    desk: LetterDesk, journal: Journal
) -> None:
    desk.asked.note(event_id(8), BRAM)
    desk.box.take([letter(2, about=event_id(8))])
    for n in range(PER_HOUR):
        desk.answer(TEACHER, {"number": letter().number, "text": f"Answer {n}"})
    with pytest.raises(Refused) as caught:
        desk.answer(TEACHER, {"number": letter().number, "text": "One more"})
    assert caught.value.code == "too-many"
    assert desk.answer(COLLEAGUE, {"number": letter(2).number, "text": "Mine"})["receipt"]
    assert len(events(journal)) == PER_HOUR + 1


def test_without_an_officer_nothing_is_written_down(desk: LetterDesk, journal: Journal) -> None:
    object.__setattr__(desk.daemon.recorder, "seal", None)
    for ask in (
        lambda: desk.answer(TEACHER, {"number": letter().number, "text": "x"}),
        lambda: desk.ask(TEACHER, {"what": "app", "text": "x"}),
    ):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.code == "nobody"
    assert events(journal) == []


def test_a_wish_is_told_in_closed_words_and_its_answer_finds_the_one_who_asked(
    desk: LetterDesk, journal: Journal
) -> None:
    last = (desk.daemon.now().astimezone().date() + timedelta(days=9)).isoformat()
    told = desk.ask(COLLEAGUE, {"what": "app", "text": "WhatsApp, for class 7", "until": last})
    (event,) = events(journal)
    assert event.facts == {"what": "app", "wanted-days": 10}
    assert event.sealed
    desk.box.take([letter(3, about=told["event"], what="granted", until=date(2026, 12, 24))])
    assert [one["until"] for one in desk.listing(COLLEAGUE, {})["letters"]] == ["2026-12-24"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"what": "laptop"}, "what"),
        ({"what": None}, "what"),
        ({"what": ["app"]}, "what"),
        ({"text": " "}, "text"),
        ({"until": "tomorrow"}, "until"),
        ({"until": "2020-01-01"}, "until"),
        ({"until": "9999-01-01"}, "until"),
        ({"what": "stick", "device": "9-9"}, "not-blocked"),
        ({"what": "stick", "device": 7}, "not-blocked"),
    ],
)
def test_a_wish_that_cannot_be_understood_is_refused(
    desk: LetterDesk, journal: Journal, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        desk.ask(TEACHER, {"what": "app", "text": "A sum app"} | changes)
    assert caught.value.code == code
    assert events(journal) == []


def test_a_wish_about_a_blocked_stick_names_it_as_its_other_events_do(
    desk: LetterDesk, journal: Journal
) -> None:
    stick = seen(PLAIN, desk.daemon.now())
    desk.daemon.overrides.withheld["1-2"] = stick
    desk.ask(TEACHER, {"what": "stick", "text": "The film of the school trip"})
    desk.daemon.record(stick)
    wish, seen_there = events(journal)
    assert wish.facts["device"] == seen_there.facts["device"]
    for name in ("vendor", "product", "verdict"):
        assert wish.facts[name] == seen_there.facts[name]
    assert wish.facts["wanted-days"] == 0


def test_a_new_letter_is_told_without_a_word_of_it_until_it_is_read(desk: LetterDesk) -> None:
    desk.box.take([letter(2), letter(3, what="opened", purpose="judge", text="Ask Sofie")])
    given = desk.messages(ANNA)
    assert [one["id"] for one in given] == [letter(n).number for n in (1, 2, 3)]
    for language in LANGUAGES:
        told = notices(given, language)
        assert len(told) == 2, "many alike are one notice"
        assert all("dossierwacht letter list" in one.text for one in told)
        assert not any("stick" in one.text or "Sofie" in one.text for one in told)
    assert desk.messages(BRAM) == desk.messages(0) == []
    desk.listing(TEACHER, {})
    assert desk.messages(ANNA) == []


def test_who_reported_a_leak_is_who_is_asked_about_it(journal: Journal, tmp_path: Path) -> None:
    given = answers(journal, tmp_path)
    given.letters = LetterDesk.of(tmp_path, given.daemon)
    told = given.table()["leak-report"](TEACHER, {"kind": "paper"})
    assert given.letters.asked.whose(str(told["event"])) == ANNA
    given.letters.box.take([letter(about=str(told["event"]))])
    assert [one["id"] for one in given.status(TEACHER, {})["messages"]] == [letter().number]
    assert given.status(COLLEAGUE, {})["messages"] == []
    assert given.table()["letters"](TEACHER, {})["letters"]


def test_an_agent_without_a_desk_says_so(journal: Journal, tmp_path: Path) -> None:
    for verb in ("letters", "answer", "ask-permission"):
        with pytest.raises(Refused) as caught:
            answers(journal, tmp_path).table()[verb](TEACHER, {})
        assert caught.value.code == "no-letters"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_reads_as_letters(desk: LetterDesk, language: str) -> None:
    assert len(list(lines([], language))) == 1
    desk.box.take(
        [
            letter(2, what="granted", by="it", until=date(2026, 12, 24), text="Only in class"),
            letter(3, what="opened", purpose="judge", kind="a-kind-of-later"),
        ]
    )
    shown = "\n".join(lines(desk.listing(TEACHER, {})["letters"], language))
    for words in ("2026-12-24", "“Only in class”", "dossierwacht letter answer 00000000"):
        assert words in shown
    assert "…" not in shown
