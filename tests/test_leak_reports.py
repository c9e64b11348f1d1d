"""Reports of own slips on the laptop: to the director alone, or not at all."""

import base64
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from agent import policy_file
from agent.control_server import Refused
from agent.errors import ConfigError
from agent.journal import Journal
from agent.leak import event_number
from agent.leak_reports import PER_HOUR, LeakReports
from agent.managed import reach
from agent.own import gap
from agent.own_leak import LeakReported, SlipReported
from agent.policy import DEFAULT_RULE, Mode, Policy, Rule
from agent.recorder import Recorder
from agent.wire.event import OutcomePart
from collectors.base import utc_now
from enforcement import age
from enforcement.base import Recipient
from tests.test_answers import TEACHER, answers, only_event
from tests.test_wire import make_event

OFFICER, DIRECTOR = age.Witness(), age.Witness()
SAID = "I mailed the class list to my own address"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path)
    yield made
    made.close()


def seal_to(whom: age.Witness) -> partial[bytes]:
    return partial(age.seal_bytes, recipients=(Recipient(name="x", key=whom.key, proven=True),))


def closed(whom: age.Witness = DIRECTOR) -> str:
    """What a person wrote, as their own process seals it."""
    written = json.dumps({"text": SAID}).encode()
    return base64.b64encode(seal_to(whom)(written)).decode()


def desk(
    journal: Journal, tmp_path: Path, *, director: bool = True, own_slip: str = ""
) -> LeakReports:
    made = answers(journal, tmp_path)
    made.daemon.recorder = Recorder(
        key=b"k" * 32,
        seal=seal_to(OFFICER),
        now=utc_now,
    )
    made.leaks.can_seal_slips, made.leaks.director = director, own_slip
    return made.leaks


def opens(whom: age.Witness, sealed: str) -> bytes:
    keys = age.read_identities(whom.secret())
    return age.open_bytes(base64.b64decode(sealed), keys)


def test_what_a_person_tells_of_themselves_opens_for_the_director_only(
    journal: Journal, tmp_path: Path
) -> None:
    answer = desk(journal, tmp_path).take_slip(TEACHER, {"sealed": closed()})
    event = only_event(journal)
    assert (event.kind, event.facts, event.outcome) == ("slip-reported", {}, None)
    assert answer["receipt"].replace("-", "")[2:].lower() == event.id[:8]
    assert json.loads(opens(DIRECTOR, event.sealed)) == {"text": SAID}
    with pytest.raises(age.OpenError):
        opens(OFFICER, event.sealed)


def test_a_leak_is_still_for_the_officer_and_not_for_the_director(
    journal: Journal, tmp_path: Path
) -> None:
    desk(journal, tmp_path).take(TEACHER, {"sealed": closed(OFFICER)})
    event = only_event(journal)
    assert json.loads(opens(OFFICER, event.sealed)) == {"text": SAID}
    with pytest.raises(age.OpenError):
        opens(DIRECTOR, event.sealed)


@pytest.mark.parametrize(
    ("own_slip", "says"),
    [
        ("the head of school", r"nothing was kept or sent\. .*tell the head of school.*\+31"),
        ("", r"nothing was kept or sent\. .*Noor \+31"),
    ],
)
def test_without_a_director_it_is_refused_and_says_whom_to_tell(
    journal: Journal, tmp_path: Path, own_slip: str, says: str
) -> None:
    made = desk(journal, tmp_path, director=False, own_slip=own_slip)
    with pytest.raises(Refused, match=says) as caught:
        made.take_slip(TEACHER, {"sealed": closed()})
    assert caught.value.code == "nobody"
    assert journal.count() == 0


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "text"),
        ({"sealed": ""}, "text"),
        ({"text": SAID}, "sealed"),
        ({"reach": "Noor", "sealed": closed()}, "sealed"),
        ({"sealed": closed(), "noticed_at": "yesterday"}, "noticed-at"),
        ({"sealed": closed(), "number": "x"}, "number"),
        ({"sealed": closed(), "number": ["x"]}, "number"),
        ({"sealed": "aGVsbG8="}, "sealed"),
        ({"sealed": "x"}, "sealed"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_is_kept(
    journal: Journal, tmp_path: Path, given: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        desk(journal, tmp_path).take_slip(TEACHER, given)
    assert caught.value.code == code
    assert journal.count() == 0


def test_a_second_try_with_the_same_number_is_answered_as_the_first(
    journal: Journal, tmp_path: Path
) -> None:
    given = {"sealed": closed(), "number": "0d3f9c1e-0000-4000-8000-000000000001"}
    first = desk(journal, tmp_path).take_slip(TEACHER, given)
    for _ in range(3):  # also by an agent that was started anew
        assert desk(journal, tmp_path).take_slip(TEACHER, given) == first
    assert journal.count() == 1
    assert first["event"] == event_number(TEACHER.uid, given["number"])


def test_nobody_can_choose_the_number_of_another_event(journal: Journal, tmp_path: Path) -> None:
    """The number of an event that is under way is known to its person, and taken by nobody."""
    under_way = make_event()
    journal.begin(under_way, once=None, action="seal-file", size=1)
    told = desk(journal, tmp_path).take(TEACHER, {"number": under_way.id})
    assert told["event"] != under_way.id
    assert journal.complete(under_way.id, OutcomePart(result="done", reason="none"))
    assert journal.count() == 2


def test_slips_and_leaks_share_one_limit(journal: Journal, tmp_path: Path) -> None:
    made = desk(journal, tmp_path)
    for number in range(PER_HOUR):
        (made.take if number % 2 else made.take_slip)(TEACHER, {"sealed": closed()})
    with pytest.raises(Refused, match="ten reports"):
        made.take_slip(TEACHER, {"sealed": closed()})


def test_no_rule_acts_on_a_slip() -> None:
    rule = Rule(name="on-slips", kind=SlipReported.kind, action="lock-session")
    slip = SlipReported(observed_at=utc_now(), subject="person", closed=closed())
    decision = Policy(version=1, mode=Mode.ENFORCE, rules=(rule,)).decide(slip)
    assert (decision.action, decision.rule, decision.enforced) == ("report", DEFAULT_RULE, False)


def test_a_gap_does_not_name_the_kind() -> None:
    told = gap("size-limit", 3, [SlipReported.kind, LeakReported.kind, SlipReported.kind])
    assert told.facts["kinds"] == [LeakReported.kind]


def test_a_policy_names_directors_apart_from_those_who_open_the_rest() -> None:
    head = 'name = "p"\nversion = 1\n'
    officers = f'[[recipients]]\nname = "o"\nkey = "{OFFICER.key}"\nproven = true\n'
    told = f'[[directors]]\nname = "d"\nkey = "{DIRECTOR.key}"\n'
    read = policy_file.read_text(head + officers + told, "p")
    assert [one.key for one in read.directors] == [DIRECTOR.key]
    assert opens(DIRECTOR, base64.b64encode(age.seal_bytes(b"x", read.directors)).decode()) == b"x"
    assert [one.key for one in read.recipients] == [OFFICER.key]
    without = policy_file.read_text(head + officers, "p")
    assert reach.people_needed(read, without) == 2
    assert reach.people_needed(without, read) == 1
    for wrong, says in (
        (
            f'[[directors]]\nname = "d"\nkey = "{OFFICER.key}"\n',
            "a director has a key of their own",
        ),
        ('[[directors]]\nname = "d"\nkey = "age2x"\n', "is no age recipient"),
        ('[[directors]]\nname = "d"\nproven = true\n', "unknown key 'proven'"),
    ):
        with pytest.raises(ConfigError, match=says):
            policy_file.read_text(head + officers + wrong, "p")
