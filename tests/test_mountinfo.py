"""The table of mounts, with names by which a person would break into other lines of it."""

from pathlib import Path

import pytest

from collectors.folders.mounts_linux import told
from collectors.mountinfo_linux import Row, read, rows
from collectors.stick_files_linux import Sticks

ROW = "36 35 98:0 {inside} {path} rw,noatime master:1 - {kind} /dev/sda1 rw,errors=continue"
ENDS = ["\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x85", "\u2028"]


def line(path: str, inside: str = "/", kind: str = "vfat") -> str:
    return ROW.format(inside=inside, path=path, kind=kind)


def test_a_line_of_the_table_is_read_with_its_octal_numbers() -> None:
    (row,) = rows(line(r"/media/a/groep\0407\134x", r"/sub"))
    place = "/media/a/groep 7\\x"
    assert row == Row(36, "98:0", "/sub", place, "vfat", "rw,errors=continue", "/dev/sda1")


@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_only_the_kernels_own_line_feeds_end_a_line(end: str, tmp_path: Path) -> None:
    name = f"/media/a/x{end}99 1 8:1 / /home rw - ext4 /dev/sdb rw"
    name = name.replace(" ", r"\040")
    table = tmp_path / "mountinfo"
    table.write_bytes((line(name) + "\n" + line("/media/b") + "\n").encode())
    paths = [row.path for row in read(table)]
    assert paths == [name.replace(r"\040", " "), "/media/b"]
    assert "/home" not in [mount.path for mount in told(read(table))]
    assert Sticks(tmp_path, table).sticks() == []


def test_what_makes_no_sense_is_passed_over() -> None:
    odd = ["", "x", "36 35", "a b c d e f - g h i", line("/kept"), "36 35 98:0 / /cut - vfat"]
    assert [row.path for row in rows("\n".join(odd))] == ["/kept"]


def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(line("/media/").encode().replace(b"/media/", b"/media/\xff\xfe"))
    (row,) = read(table)
    assert row.path.encode("utf-8", "surrogateescape") == b"/media/\xff\xfe"


def test_this_machines_own_table_can_be_read() -> None:
    assert "/" in [row.path for row in read()]
