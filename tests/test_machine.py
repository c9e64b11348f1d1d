"""What an enrolment token can be bound to."""

import socket
from pathlib import Path

import pytest

from agent import machine


@pytest.mark.parametrize("text", ["", "  ", "None", "To Be Filled By O.E.M.", "0\n"])
def test_a_serial_number_that_nobody_filled_in_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "serial").write_text(text)
    assert machine.serial(tmp_path / "serial") == ""
    assert machine.serial(tmp_path / "missing") == ""


def test_a_serial_number_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "serial").write_text("PF-1A2B\n")
    assert machine.serial(tmp_path / "serial") == "PF-1A2B"


def test_a_host_name_has_no_domain() -> None:
    assert machine.host()
    assert socket.gethostname().split(".")[0] == machine.host()
