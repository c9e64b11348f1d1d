"""What every test shares: the databases, and that a test which cannot run is named and not lost.

A test that could not run is no pass. Whatever was skipped is listed by its own name, with the
reason, at the end of the run; a run of the whole suite therefore says what it did not look at.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from server_stub.storage.store import Store
from tests import databases as made
from tests.databases import FORGETFUL, KINDS, Databases, Server
from tests.side_by_side import SideBySide, long_ones_first


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One server for all tests of a worker; ``databases`` asks for it where it is needed."""
    with made.server(*FORGETFUL) as one:
        yield one


@pytest.fixture(scope="module", params=KINDS)
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Databases of each kind: what uses this runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield made.sqlite_in(tmp_path_factory.mktemp("databases"))
        return
    with made.postgresql_on(request.getfixturevalue("postgresql")) as found:
        yield found


@pytest.fixture
def store(databases: Databases) -> Iterator[Store]:
    """An empty store of each kind."""
    one = databases.store()
    yield one
    one.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SideBySide:
    """Whatever ``--dist`` says: a file's tests share what the file sets up."""
    config.option.loadscopereorder = False  # the order of the collection counts
    return SideBySide(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked ``root`` run as root only; those of several workers in a good order."""
    if hasattr(config, "workerinput"):
        long_ones_first(items)
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("root"):
            item.add_marker(pytest.mark.skip(reason="needs root"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each test that did not run here, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section(f"could not run here: {len(skipped)}", sep="-")
    for report in skipped:
        terminalreporter.line(f"{report.nodeid}: {_reason(report)}")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """A skip's reason without the place it was raised at."""
    told = report.longrepr
    text = told[2] if isinstance(told, tuple) else str(told)
    return text.removeprefix("Skipped: ")
