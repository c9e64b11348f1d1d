"""Which programs run that copy files to a cloud, or share them with strangers.

They are told by the names of their processes (``programs.toml``), which anybody can choose: it
shows what is used in the open, and nothing else. Of all other processes nothing is kept.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib import resources

import psutil

from collectors.checks.told import Check, Told, Why

_LONGEST_NAME = 64

Programs = Mapping[str, frozenset[str]]


@cache
def table(check: Check) -> Programs:
    """The programs of one check: the names of the processes of each."""
    read = resources.files(__package__).joinpath("programs.toml").read_text("utf-8")
    return {name: frozenset(processes) for name, processes in tomllib.loads(read)[check].items()}


def known() -> set[str]:
    """Every program by the word a policy calls it."""
    return {name for check in (Check.SYNC_PROGRAMS, Check.FILE_SHARING) for name in table(check)}


def in_use(check: Check, running: Collection[str], approved: Collection[str]) -> Told:
    """Which programs of a check are among the running processes and not approved."""
    found = {name for name, processes in table(check).items() if processes & set(running)}
    others = sorted(found - set(approved))
    if others:
        return Told(Why.PROGRAM_IN_USE, len(others), tuple(others))
    return Told(Why.ONLY_APPROVED if found else Why.NO_SUCH_PROGRAM)


def running() -> Collection[str]:
    """The processes of everybody that are in the table, as it names them."""
    wanted = frozenset().union(*(one for check in _CHECKS for one in table(check).values()))
    return wanted & set(_named(psutil.process_iter(["name", "cmdline"])))


_CHECKS = (Check.SYNC_PROGRAMS, Check.FILE_SHARING)


def _named(processes: Iterable[psutil.Process]) -> Iterable[str]:
    for process in processes:
        name = str(process.info["name"] or "")[:_LONGEST_NAME].lower()
        yield name
        first = (process.info["cmdline"] or ["", ""])[1:2]
        yield f"{name} {first[0][:_LONGEST_NAME] if first else ''}"
