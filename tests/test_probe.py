"""The probe's child: what it says is bounded, and so is its silence."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.media import probe_linux


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "disk").write_bytes(b"")
    descriptor = os.open(tmp_path / "disk", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the place of the interpreter: a script whose text a test writes."""
    script = tmp_path / "child"
    monkeypatch.setattr(sys, "executable", str(script))
    return script


def says(script: Path, text: str) -> None:
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o755)


def test_what_a_child_says_comes_back_whole(child: Path, disk: int) -> None:
    says(child, "printf hello; printf world")
    assert probe_linux.ask_child("module", "argument", disk, 10) == b"helloworld"


def test_a_child_that_never_ends_its_answer_is_stopped_at_the_limit(child: Path, disk: int) -> None:
    says(child, "exec /usr/bin/yes")
    with pytest.raises(OSError, match="more than 1000"):
        probe_linux.ask_child("module", "argument", disk, 1000)


@pytest.mark.parametrize("words", ["exec sleep 60", "exec >&-; exec sleep 60"])
def test_a_child_that_hangs_is_given_up(
    child: Path, disk: int, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr(probe_linux, "SECONDS", 0.2)
    monkeypatch.setattr(probe_linux, "_GRACE", 0.5)
    says(child, words)
    with pytest.raises(TimeoutError):
        probe_linux.ask_child("module", "argument", disk, 1000)


def test_a_child_that_fails_is_an_error(child: Path, disk: int) -> None:
    says(child, "exit 3")
    with pytest.raises(OSError, match="ended with 3"):
        probe_linux.ask_child("module", "argument", disk, 1000)
