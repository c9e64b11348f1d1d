"""Rows about requests to open a sealed part, and the setting of how many people that takes.

Every change names the state it changes from, so that of two people at once one is too late.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from server_stub.storage import store_history, store_settings
from server_stub.storage.tables_sealed import opening_requests as requests
from server_stub.two_people import OPEN, People, Request, State

OPENING = "opening"
BY_ITSELF = "dossierwacht"
"""Who did what nobody did."""
LISTED = 50


def people(connection: Connection) -> People:
    """How many people opening takes; a value that nobody knows counts as the stricter one."""
    value = store_settings.value(connection, OPENING)
    return People.ONE if value in (None, People.ONE) else People.TWO


def set_people(connection: Connection, number: People) -> None:
    """Say how many people opening takes."""
    store_settings.write(connection, {OPENING: str(number)})


def add(connection: Connection, asked: Request) -> int:
    """Keep a request; its number."""
    values = {name: getattr(asked, name) for name in Request.__slots__ if name != "id"}
    made = connection.execute(insert(requests).values(**values))
    key = made.inserted_primary_key
    assert key is not None  # every row has one
    return int(key[0])


def numbered(connection: Connection, number: int) -> Request | None:
    """The request with this number."""
    found = connection.execute(select(requests).where(requests.c.id == number)).first()
    return Request(**found._mapping) if found else None


def of_event(connection: Connection, device: str, seq: int) -> list[Request]:
    """Every request about one event, the newest first."""
    return _all(connection, requests.c.device == device, requests.c.seq == seq)


def waiting(connection: Connection) -> list[Request]:
    """What waits for a second person, the newest first."""
    return _all(connection, requests.c.state == State.WAITING)


def latest(connection: Connection) -> list[Request]:
    """The newest requests that wait for nobody's answer."""
    return _all(connection, requests.c.state != State.WAITING)


def under_way(connection: Connection, device: str, seq: int, who: str) -> Request | None:
    """What somebody asked about an event that has not ended yet."""
    mine = (requests.c.device == device, requests.c.seq == seq, requests.c.who == who)
    found = _all(connection, *mine, requests.c.state.in_(OPEN))
    return found[0] if found else None


def answer(
    connection: Connection,
    number: int,
    state: State,
    second: str,
    said: str,
    until: datetime,
    now: datetime,
) -> bool:
    """Note what a second person says; no if it waits no more."""
    values = {"second": second, "said": said, "until": until, "answered_at": now}
    return _move(connection, number, State.WAITING, now, state=state, **values)


def begin(connection: Connection, number: int, until: datetime, now: datetime) -> bool:
    """Let whoever asked fetch it until a moment; no if it is not approved."""
    values = {"until": until, "begun_at": now}
    return _move(connection, number, State.APPROVED, now, state=State.BEGUN, **values)


def fetch(connection: Connection, number: int, now: datetime) -> bool:
    """Use up a request; no if it cannot be fetched now, or was before."""
    return _move(connection, number, State.BEGUN, now, state=State.FETCHED, fetched_at=now)


def begun(connection: Connection, device: str, seq: int, who: str, now: datetime) -> Request | None:
    """The request by which somebody can fetch the sealed part of an event now."""
    found = under_way(connection, device, seq, who)
    return found if found and found.state == State.BEGUN and now <= found.until else None


def expire(connection: Connection, now: datetime) -> None:
    """End what was left alone for too long, with a line each in the log."""
    late = (requests.c.state.in_(OPEN), requests.c.until < now)
    for one in _all(connection, *late):
        here = (requests.c.id == one.id, *late)
        ended = update(requests).where(*here).values(state=str(State.EXPIRED))
        if connection.execute(ended).rowcount:
            store_history.log_view(connection, BY_ITSELF, "expired-opening", one.subject, now)


def _move(connection: Connection, number: int, before: State, now: datetime, **values: Any) -> bool:
    here = (requests.c.id == number, requests.c.state == before, requests.c.until >= now)
    return connection.execute(update(requests).where(*here).values(**values)).rowcount == 1


def _all(connection: Connection, *which: ColumnElement[bool]) -> list[Request]:
    rows = select(requests).where(*which).order_by(requests.c.id.desc()).limit(LISTED)
    return [Request(**row._mapping) for row in connection.execute(rows)]
