"""The commands about the collector as a whole: serve, migrate, report."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from server_stub import organisations, serve_many
from server_stub import serve as serving
from server_stub import state as states
from server_stub.collector import utc_now
from server_stub.config import Config, configure, read_listen
from server_stub.errors import AskedError, ConfigError
from server_stub.pull import pull_endpoints, pull_rows
from server_stub.pull import report as reports
from server_stub.pull.pull_models import EventRow
from server_stub.storage import store_people
from server_stub.storage.store import Store
from server_stub.storage.store_events import Wanted
from server_stub.storage.store_people import User

Command = Callable[[argparse.Namespace], int]
TERMINAL = "terminal"
"""Who did what is done by a command; there is no login."""


def config_of(arguments: argparse.Namespace) -> Config:
    """The configuration that the options and the environment give."""
    zone = getattr(arguments, "timezone", None)
    return configure(
        state=arguments.state,
        database=arguments.database,
        organisation=arguments.organisation,
        zone=zone,
    )


def serve(arguments: argparse.Namespace) -> int:
    """``serve``."""
    listen, config = read_listen(arguments.listen), config_of(arguments)
    if config.organisation or not organisations.holds(config.state):
        given = Path(arguments.certificate) if arguments.certificate else None
        return serving.serve(config, listen, arguments.public_url, given)
    if arguments.public_url or arguments.database or arguments.certificate:
        raise ConfigError(
            "each organisation has its own --public-url and --database, given with "
            "`organisation add`, and no --certificate: leave them out, or serve one with "
            "--organisation NAME"
        )
    return serve_many.serve(config, listen)


def migrate(arguments: argparse.Namespace) -> int:
    """``migrate``."""
    config = config_of(arguments)
    states.prepare(config, utc_now())
    print(f"keys and database are ready in {config.state}")
    return 0


def report(arguments: argparse.Namespace) -> int:
    """``report``: every event asked for, in the form the API gives them a page at a time."""
    wanted = Wanted(
        device=arguments.device,
        kinds=tuple(arguments.kind or ()),
        since=_moment(arguments.since),
        until=_moment(arguments.until),
    )
    with opened(config_of(arguments)) as store:
        _print_events(_pages(store, wanted), arguments.format)
    return 0


@contextmanager
def opened(config: Config) -> Iterator[Store]:
    """The store of a prepared collector, for as long as a command needs it."""
    store = states.open_prepared(config)
    try:
        yield store
    finally:
        store.close()


def write(config: Config, work: Callable[[Connection], Any]) -> Any:
    """What ``work`` gives, done in one transaction on the store of a prepared collector."""
    with opened(config) as store:
        return store.write(work)


def user_asked(connection: Connection, name: str) -> User:
    """Whom a command is about. Raises AskedError if nobody has this name."""
    user = store_people.user_by(connection, name)
    if user is None:
        raise AskedError(f"there is no user {name!r}: see `user list`")
    return user


def show(rows: list[dict[str, Any]], as_json: bool, empty: str) -> int:
    """Print a listing: JSON, or aligned columns; ``empty`` goes to the terminal only."""
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(rows), indent=2).decode())
        return 0
    if not rows:
        print(empty, file=sys.stderr)
        return 0
    table = [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[at]) for line in table) for at in range(len(rows[0]))]
    for line in table:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
    return 0


def _moment(text: str | None) -> datetime | None:
    return pull_endpoints.read_moment(text) if text else None


def _pages(store: Store, wanted: Wanted) -> Iterator[list[EventRow]]:
    after, more = 0, True
    while more:
        with store.read() as connection:
            page = pull_rows.events(connection, after, reports.PAGE, wanted)
        after, more = page.last, page.more
        yield page.rows


def _print_events(pages: Iterator[list[EventRow]], form: str) -> None:
    if form == "json":
        rows = [row for page in pages for row in page]
        print(reports.to_json("events", rows, None).decode())
        return
    if form == "csv":
        sys.stdout.write(reports.to_csv(reports.EVENT_COLUMNS, ()))
    for page in pages:
        sys.stdout.write(_PRINTED[form](page))


def _without_head(page: list[EventRow]) -> str:
    return reports.to_csv(reports.EVENT_COLUMNS, page).partition("\r\n")[2]


_PRINTED: dict[str, Callable[[list[EventRow]], str]] = {
    "csv": _without_head,
    "jsonl": lambda page: reports.to_lines(page).decode(),
    "ocsf": lambda page: reports.to_ocsf_lines(page).decode(),
}


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')
