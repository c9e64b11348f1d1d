"""What is shown and asked before a stick is wiped; without a sure answer nothing is changed."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent.commands import stick_questions
from agent.commands.stick_questions import NotEncrypted, agreed, losses, name_of, word_for
from agent.passphrases import fault
from tests.test_policy_usb import PLAIN, STICK, seen

SECRET = "four invented words here"
ASK = (
    "from agent.commands import stick_questions as q\n"
    "try: print('got', {})\n"
    "except q.NotEncrypted as error: print(error)\n"
)


def asked(call: str, given: bytes | None = None) -> str:
    """What a call answers in a process without a terminal, with that as its standard input."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", ASK.format(call)],
        stdin=subprocess.DEVNULL if given is None else None,
        input=given,
        capture_output=True,
        start_new_session=True,
        timeout=60,
        check=True,
    )
    return done.stdout.decode()


# --- passphrases ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("short", "too short"),
        ("", "too short"),
        ("a" * 40, "same few characters"),
        ("abababababababab", "same few characters"),
        ("x" * 600 + "abcdef", "longer than"),
        ("tab\tinside it is bad", "cannot be typed"),
        ("Invented stick", "little more than"),
        ("KLAS4invented stick", "little more than"),
    ],
)
def test_a_passphrase_that_will_not_do_is_refused_with_the_reason(given: str, says: str) -> None:
    assert says in (fault(given, "Invented stick", "") or "")


@pytest.mark.parametrize("given", [SECRET, "zwaluw fiets lamp kaas", "Blåbær og grød i dag"])
def test_four_words_will_do(given: str) -> None:
    assert fault(given, "Invented stick", "KLAS4") is None


def test_a_passphrase_comes_from_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for ending in ("\n", "\r\n", ""):
        file.write_bytes(f"{SECRET}{ending}".encode())
        assert stick_questions.passphrase(str(file)) == SECRET
    file.write_text(f"{SECRET}\nsecond line\n")
    assert stick_questions.passphrase(str(file)) == SECRET


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no passphrase in the first line"),
        (b"\n" + SECRET.encode(), "no passphrase in the first line"),
        (b"Bl\xe5b\xe6r og gr\xf8d i dag\n", "no UTF-8"),
        (b"\0" * 10_000, "will not do"),
        ("four invented\x85words here".encode(), "cannot be typed"),
    ],
)
def test_a_file_without_a_passphrase_changes_nothing(
    tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    with pytest.raises(NotEncrypted, match=f"nothing was changed: .*{says}"):
        stick_questions.passphrase(str(file))


def test_what_is_no_file_changes_nothing(tmp_path: Path) -> None:
    for place, says in (
        (tmp_path, "directory"),
        (tmp_path / "missing", "No such file"),
        ("a\0b", "null"),
    ):
        with pytest.raises(NotEncrypted, match=f"nothing was changed: .*{says}"):
            stick_questions.passphrase(str(place))


def test_a_passphrase_can_come_through_the_standard_input() -> None:
    assert asked("q.passphrase('-')", f"{SECRET}\n".encode()) == f"got {SECRET}\n"
    for given in (None, b"", b"Bl\xe5b\xe6r og gr\xf8d i dag\n"):
        assert asked("q.passphrase('-')", given).startswith("nothing was changed")


def test_a_passphrase_is_not_asked_for_where_it_would_be_seen() -> None:
    for given in (None, f"{SECRET}\n{SECRET}\n".encode()):
        said = asked("q.passphrase(None)", given)
        assert said.startswith("nothing was changed") and "--passphrase-file" in said


# --- which stick ----------------------------------------------------------------------------------


def test_what_will_be_lost_is_shown_with_the_name_to_type() -> None:
    said = "\n".join(losses(seen(PLAIN, label="KLAS4")))
    assert '"KLAS4"' in said
    for part in ("Invented stick", "60A44C41", "sda", "luks2, 67 MB", "will be lost"):
        assert part in said


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"label": "KLAS4"}, "KLAS4"),
        ({}, "Invented stick"),
        ({"model": ""}, "sda"),
        ({"label": "groep \u0430"}, "sda"),
    ],
)
def test_the_name_shown_is_one_that_can_be_typed(changes: dict[str, str], name: str) -> None:
    assert name_of(replace(STICK, **changes)) == name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "mistakable", "expected", "says"),
    [
        ({"label": "KLAS4"}, [], "KLAS4", 'name of the stick, "KLAS4"'),
        ({}, [], "Invented stick", "name of the stick"),
        ({"label": "KLAS4"}, ["60A44C42"], "60A44C41", 'another stick here is called "KLAS4"'),
        ({"label": "KLAS4"}, [""], "60A44C41", "serial number, 60A44C41"),
        ({"model": ""}, [], "60A44C41", "does not tell which"),
        ({"label": "groep \u0430"}, [], "60A44C41", "does not tell which"),
        ({"model": "", "serial": ""}, [], "sda", "no name or serial"),
    ],
)
def test_where_the_name_could_mean_another_stick_the_serial_number_is_typed(
    changes: dict[str, str], mistakable: list[str], expected: str, says: str
) -> None:
    word = word_for(replace(STICK, **changes), mistakable)  # type: ignore[arg-type]
    assert word.expected == expected
    assert says in word.question


@pytest.mark.parametrize("serial", ["60A44C41", "", "\u0430bc"])
def test_sticks_that_nothing_tells_apart_are_not_asked_about(serial: str) -> None:
    with pytest.raises(NotEncrypted, match=r"nothing was changed: .*pull the others out"):
        word_for(replace(STICK, serial=serial), ["60A44C41"])


def test_only_the_very_word_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    word = word_for(replace(STICK, label="KLAS4"), [])
    for typed, right in ((" KLAS4 ", True), ("klas4", False), ("", False), ("yes", False)):
        monkeypatch.setattr("builtins.input", lambda _, typed=typed: typed)
        assert agreed(word, None) is right
    assert agreed(word, "KLAS4")
    assert not agreed(word_for(replace(STICK, label="KLAS4"), [""]), "KLAS4")


def test_where_nobody_answers_nothing_is_changed() -> None:
    call = "q.agreed(q.Word(expected='KLAS4', question='type'), None)"
    assert "nothing was changed: nobody answers here" in asked(call)
    assert "got False" in asked(call, b"\xff\xfe\n")
    assert "got True" in asked(call, b"KLAS4\n")
