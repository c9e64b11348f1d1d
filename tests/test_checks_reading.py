"""Reading settings: bounded, beneath the home, and as no more than lines and marks."""

import os
import time
from pathlib import Path

import pytest

from collectors.checks.reading import (
    MOST_OF_HOME,
    MOST_OF_SYSTEM,
    Unreadable,
    home_text,
    ini,
    names,
    number,
    text,
    xfconf,
    yes,
)
from tests.made_up_system import MadeUp


def test_what_is_not_there_is_empty(tmp_path: Path) -> None:
    MadeUp(tmp_path).write("/etc/plain", "x")
    assert text(tmp_path, "/etc/gone") == text(tmp_path, "/etc/plain/below") == ""
    assert home_text(tmp_path, ".config/gone") == ""
    assert names(tmp_path, "/etc/gone") == names(tmp_path, "/etc/plain") == []


def test_a_file_of_the_limit_is_read_and_one_beyond_is_not(tmp_path: Path) -> None:
    system = MadeUp(tmp_path)
    system.write("/etc/full", b"x" * MOST_OF_SYSTEM)
    system.write("/home/anna/full", b"x" * MOST_OF_HOME)
    assert len(text(tmp_path, "/etc/full")) == MOST_OF_SYSTEM
    assert len(home_text(tmp_path / "home/anna", "full")) == MOST_OF_HOME
    system.write("/etc/full", b"x" * (MOST_OF_SYSTEM + 1))
    system.write("/home/anna/full", b"x" * (MOST_OF_HOME + 1))
    with pytest.raises(Unreadable):
        text(tmp_path, "/etc/full")
    with pytest.raises(Unreadable):
        home_text(tmp_path / "home/anna", "full")


def test_a_file_without_an_end_is_not_read_to_it(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        text(tmp_path, os.path.relpath("/dev/zero", tmp_path))


def test_a_link_out_of_a_home_is_not_followed(tmp_path: Path) -> None:
    system = MadeUp(tmp_path)
    secret = system.write("/etc/secret", "[Daemon]\nAutolock=false\n")
    home = system.person("anna")
    (home / ".config").mkdir()
    (home / ".config/file").symlink_to(secret)
    (home / "folder").symlink_to(secret.parent)
    (home / "hop").symlink_to("..")
    for path in (".config/file", "folder/secret", "hop/anna/.config", "../../etc/secret"):
        with pytest.raises(Unreadable):
            home_text(home, path)


def test_a_home_that_is_a_link_is_not_opened(tmp_path: Path) -> None:
    system = MadeUp(tmp_path)
    system.write("/elsewhere/file", "x")
    (tmp_path / "home").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unreadable):
        home_text(tmp_path / "home", "file")


def test_pipes_and_folders_are_no_files_and_hold_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(Unreadable):
            home_text(tmp_path, name)
        with pytest.raises(Unreadable):
            text(tmp_path, f"/{name}")


def test_bytes_that_are_no_text_are_read_as_best_they_can(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"\xff\xfe\x00[Seat:*]\nkey=\xe9\n")
    assert "key=\ufffd" in home_text(tmp_path, "odd")


def test_sections_keys_and_marks_of_settings() -> None:
    content = (
        "top=1\n[Daemon][$i]\n# key=no\n;key=no\nAutolock[$i] = false \nno equals\n[Other\na=b=c"
    )
    assert ini(content) == {
        ("", "top"): "1",
        ("Daemon", "Autolock"): "false",
        ("Other", "a"): "b=c",
    }
    assert ini("[a]\nk=1", "[a]\nk=2") == {("a", "k"): "2"}


def test_values_of_a_channel_have_their_path() -> None:
    content = (
        '<?xml version="1.0"?>\n<channel name="xfce4-screensaver" version="1.0">\n'
        '  <property name="lock" type="empty">\n'
        '    <property name="enabled" type="bool" value="false"/>\n'
        '    <property name="saver-activation" type="empty">\n'
        '      <property name="delay" type="int" value="3"/>\n'
        "    </property>\n  </property>\n"
        '  <property name="saver" type="bool" value="true"></property>\n</channel>\n'
    )
    expected = {"/lock/enabled": "false", "/lock/saver-activation/delay": "3", "/saver": "true"}
    assert xfconf(content) == expected


@pytest.mark.parametrize(
    "content",
    [
        '<property name="a" ' * 3000,
        "<property " + "a" * MOST_OF_HOME,
        "<property " + 'a="' * (MOST_OF_HOME // 3),
        '<property name="a" type="empty">' * 2000,
        "</property>" * 5000,
        '<!DOCTYPE x [<!ENTITY e "' + "e" * 1000 + '">]><property name="&e;" value="&e;"/>',
        "<" * MOST_OF_HOME,
    ],
    ids=range(7),
)
def test_hostile_marks_cost_no_time_and_break_nothing(content: str) -> None:
    begun = time.process_time()
    assert len(xfconf(content)) <= 1
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("odd", ["", "-1", "1.5", "١٢", "1" * 10, "0x10", "²"])
def test_what_is_no_number_is_refused(odd: str) -> None:
    with pytest.raises(Unreadable):
        number(odd)


def test_words_for_yes() -> None:
    assert all(yes(word) for word in ("true", "True", "1", "yes", '"on"'))
    assert not any(yes(word) for word in ("", "false", "0", "no", "truest"))
