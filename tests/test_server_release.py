"""The console tells the officer how a file that is wanted back goes back, and nobody else."""

from collections.abc import Iterator

import pytest

from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console, console


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("release")) as made:
        yield made


@pytest.mark.parametrize(("can", "shown"), [(True, True), (False, False)])
def test_the_command_is_shown_where_there_is_a_return_key(
    at: Console, can: bool, shown: bool
) -> None:
    facts = {"file": "b32:" + "a" * 26, "can-release": can}
    event = pupil_file(kind="file-wanted-back", facts=facts, decision=None, outcome=None)
    at.laptop.receipt(event)
    path = f"/devices/{at.laptop.name}/{at.laptop.seq}"
    command = f"dossierwacht order release {at.laptop.name}-{at.laptop.seq}.age"
    assert (command in at.get(at.session("olaf"), path).text) is shown
    assert command not in at.get(at.session("ingrid"), path).text
