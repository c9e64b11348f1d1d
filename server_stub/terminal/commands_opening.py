"""The commands about how many people opening sealed details takes."""

import argparse

from sqlalchemy import Connection

from server_stub.collector import utc_now
from server_stub.storage import store_history, store_requests
from server_stub.terminal.commands import TERMINAL, config_of, opened, write
from server_stub.two_people import People


def set_people(arguments: argparse.Namespace) -> int:
    """``opening set``: a line in the log says what it was before. Raises ConfigError, StoreError.

    There is no other way to it: one person in the console cannot make two people one.
    """
    chosen = People(arguments.people)

    def work(connection: Connection) -> None:
        before = store_requests.people(connection)
        if before is not chosen:
            store_requests.set_people(connection, chosen)
            subject = f"{before} to {chosen}"
            store_history.log_view(connection, TERMINAL, "set-opening", subject, utc_now())

    write(config_of(arguments), work)
    print(_said(chosen))
    return 0


def show(arguments: argparse.Namespace) -> int:
    """``opening show``. Raises ConfigError, StoreError."""
    with opened(config_of(arguments)) as store, store.read() as connection:
        print(_said(store_requests.people(connection)))
    return 0


def _said(people: People) -> str:
    if people is People.TWO:
        return "two: one person asks to open sealed details, and another approves"
    return "one: one person opens sealed details, with a reason that is kept"
