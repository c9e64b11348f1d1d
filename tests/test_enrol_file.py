"""A roll-out without a person: the file is closed to others, serves once, and can come again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import cli, enrol_file, identity
from agent.errors import ConfigError
from tests.laptop import Chain, chain


@pytest.fixture(scope="module")
def real() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        yield made


def put(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / enrol_file.NAME
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def run(folder: Path) -> int:
    return cli.main(["enrol", "--file", "--config", str(folder), "--state", str(folder / "state")])


def test_a_laptop_is_enrolled_and_the_token_is_gone(real: Chain, tmp_path: Path) -> None:
    path = put(tmp_path, f'server = "{real.server}/"\ntoken = "{real.token()}"\n')
    assert run(tmp_path) == 0
    who = identity.enrolled(tmp_path / "state")
    assert who is not None
    assert who.server == real.server
    assert not path.exists()


def test_the_same_roll_out_again_changes_nothing(real: Chain, tmp_path: Path) -> None:
    put(tmp_path, f'server = "{real.server}"\ntoken = "{real.token()}"\n')
    assert run(tmp_path) == 0
    first = identity.enrolled(tmp_path / "state")
    put(tmp_path, f'server = "{real.server}"\ntoken = "used up long ago"\n')
    assert run(tmp_path) == 0
    assert identity.enrolled(tmp_path / "state") == first


def test_another_collector_needs_a_person(real: Chain, tmp_path: Path) -> None:
    put(tmp_path, f'server = "{real.server}"\ntoken = "{real.token()}"\n')
    assert run(tmp_path) == 0
    first = identity.enrolled(tmp_path / "state")
    path = put(tmp_path, 'server = "https://other.example"\ntoken = "t"\n')
    assert run(tmp_path) == 1
    assert identity.enrolled(tmp_path / "state") == first
    assert path.exists()


def test_what_did_not_serve_stays_for_the_next_try(tmp_path: Path) -> None:
    path = put(tmp_path, f'server = "https://127.0.0.1:1"\ntoken = "dw1-{"a" * 26}-{"a" * 26}"\n')
    assert run(tmp_path) == 1
    assert path.exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "give server and token"),
        ('server = "https://c.example"', "give server and token"),
        ("server = 1\ntoken = 2", "give server and token"),
        ('server = "https://c.example"\ntoken = "t"\ntokne = "t"', "unknown key 'tokne'"),
        ("server = ", "Invalid value"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        enrol_file.read(put(tmp_path, text))


def test_a_file_open_to_others_is_not_used(tmp_path: Path) -> None:
    path = put(tmp_path, 'server = "https://c.example"\ntoken = "t"\n', 0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        enrol_file.read(path)


def test_a_file_that_is_not_there_is_an_error_of_settings(tmp_path: Path) -> None:
    assert run(tmp_path) == 2
