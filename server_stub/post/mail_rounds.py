"""Once a minute: what has to be told of the register goes out by mail, and is noted as sent.

It is noted only after the mail server took it, one mail at a time: a crash in between repeats that
one mail and no other. If it cannot be noted (a full disk), nothing more is sent until it was. What
does not get through is tried again, later each time, and stands where people see it.
"""

import logging
import threading
import traceback
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from server_stub import wording
from server_stub.breaches import profiles
from server_stub.breaches.duties import dues
from server_stub.collector import Collector
from server_stub.errors import ConfigError, MailDown, MailRefused, StoreError
from server_stub.logins.auth import Role
from server_stub.post import letters, mail, mail_settings, reminders
from server_stub.post.letters import Desk
from server_stub.post.mail import Courier
from server_stub.post.mail_settings import Settings
from server_stub.post.reminders import Case, Key, Reader, Reminder, Step, TeamCall
from server_stub.storage import (
    store_calls,
    store_duties,
    store_mail,
    store_people,
    store_register,
    store_requests,
)
from server_stub.storage.store_mail import SERVER, Trouble
from server_stub.storage.store_people import User

log = logging.getLogger(__name__)
ROUND_SECONDS = 60
REPORTS_TO, COPY_TO = "mailbox:reports-to", "mailbox:copy-to"


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What a reader has to be told now."""

    reader: Reader
    reminders: list[Reminder]


class Rounds:
    """The rounds of one collector, until ``stop`` is set."""

    def __init__(self, collector: Collector, stop: threading.Event) -> None:
        self._collector = collector
        self._stop = stop
        self._unwritten: list[tuple[str, list[Key], datetime]] = []

    def run(self) -> None:
        """One round at once, then one each minute."""
        while True:
            self.tried()
            if self._stop.wait(ROUND_SECONDS):
                return

    def tried(self) -> None:
        """One round, whatever goes wrong in it."""
        try:
            self.go()
        except StoreError as error:
            log.error("no reminders are sent: %s", error)
        except Exception as error:
            # Not the error's own text, which may hold an address.
            place = "".join(traceback.format_tb(error.__traceback__))
            log.error("unforeseen %s while sending reminders:\n%s", type(error).__name__, place)
            self._note_fault(error)

    def go(self) -> None:
        """One round. Raises StoreError."""
        self._write_down()
        now = self._collector.now()
        try:
            settings = mail_settings.read(self._collector.config.state)
            if settings is None:
                return  # another collector on this database may send
            else:
                self._send_all(settings, now)
        except (MailDown, ConfigError) as error:
            self._note(SERVER, str(error), now)

    def _send_all(self, settings: Settings, now: datetime) -> None:
        waiting = waiting_now(self._collector, settings, now)
        troubles = self._troubles()
        self._forget(troubles.keys() - {one.reader.who for one in waiting} - {SERVER})
        ready = [one for one in waiting if _may_try(troubles.get(one.reader.who), now)]
        down = troubles.get(SERVER)
        if not _may_try(down, now) or not (ready or down):
            return
        secret = mail_settings.password(self._collector.config.state) if settings.user else ""
        with mail.connected(settings, secret) as courier:
            for one in ready:
                if self._stop.is_set():
                    return
                self._send(courier, one, now)
        self._forget([SERVER] if down else [])

    def _send(self, courier: Courier, one: Waiting, now: datetime) -> None:
        """One mail to one reader. Raises MailDown, StoreError."""
        letter = letters.letter(desk_for(self._collector, one.reader), one.reader, one.reminders)
        try:
            courier.send(letter, now)
        except MailRefused as error:
            self._note(one.reader.who, str(error), now)
            return
        # A clock that was set back meanwhile must not make what was told untold.
        at = max([now, *(each.moment for each in one.reminders)])
        self._unwritten.append((one.reader.who, [each.key for each in one.reminders], at))
        self._write_down()

    def _write_down(self) -> None:
        """Note what the server took and what is not noted yet. Raises StoreError."""
        while self._unwritten:
            who, keys, at = self._unwritten[0]
            self._collector.store.write(
                partial(store_mail.add_sent, who=who, keys=keys, at=at),
            )
            del self._unwritten[0]

    def _troubles(self) -> dict[str, Trouble]:
        with self._collector.store.read() as connection:
            return {one.to_whom: one for one in store_mail.troubles(connection)}

    def _note(self, who: str, reason: str, now: datetime) -> None:
        made = self._collector.store.write(lambda c: store_mail.add_trouble(c, who, reason, now))
        if made.tries == 1:  # not once a minute, and no address
            log.error("reminders do not get through: see `dossierwacht-collector mail status`")

    def _note_fault(self, fault: Exception) -> None:
        reason = f"unforeseen {type(fault).__name__} in the collector: see its log"
        with suppress(StoreError):
            self._note(SERVER, reason, self._collector.now())

    def _forget(self, whom: Iterable[str]) -> None:
        for who in whom:
            self._collector.store.write(partial(store_mail.drop_trouble, who=who))


def start(collector: Collector, stop: threading.Event) -> threading.Thread:
    """Begin the rounds in a thread of their own."""
    thread = threading.Thread(target=Rounds(collector, stop).run, name="reminders", daemon=True)
    thread.start()
    return thread


def waiting_now(collector: Collector, settings: Settings, now: datetime) -> list[Waiting]:
    """What has to be told now, by reader. Raises StoreError."""
    news_since = max(settings.since, now - reminders.NEWS_KEEPS)
    with collector.store.read() as connection:
        times = profiles.profile_now(connection).times
        waiting = store_register.open_or_closed_since(connection, news_since)
        marks = store_duties.of_all(connection, waiting)
        cases = [
            Case(breach=one, dues=dues(one, times, noted, now), marks=noted)
            for one in waiting
            for noted in [marks.get(one.id, [])]
        ]
        reports = store_mail.reports(connection, news_since)
        whom, sent = readers(connection, settings), store_mail.sent(connection)
        calls = [
            TeamCall(id=one.id, number=one.number, called_at=one.called_at)
            for one in store_calls.calls_since(connection, news_since)
        ]
        asked = [one for one in store_requests.waiting(connection) if now <= one.until]
    due = reminders.due_now(cases, reports, times, news_since, now, calls, asked)
    found = {one: reminders.for_reader(one, due, sent) for one in whom}
    kept = [
        Waiting(reader=one, reminders=reminders.not_too_many(one, mine, sent, now))
        for one, mine in found.items()
    ]
    return [one for one in kept if one.reminders]


def _steps_of(user: User, team: Set[str]) -> frozenset[Step]:
    called = frozenset({Step.CALLED}) if user.name in team else frozenset()
    return reminders.BY_ROLE.get(user.role, frozenset()) | called


def readers(connection: Connection, settings: Settings) -> list[Reader]:
    """Everybody who is told something: people with an address, and the two mailboxes."""
    team = set(store_calls.team(connection))
    found = [
        Reader(
            who=f"user:{user.name}",
            address=user.mail,
            language=user.language,
            steps=steps,
            brief=user.role == Role.MANAGEMENT,
        )
        for user in store_people.all_users(connection)
        if user.mail and (steps := _steps_of(user, team))
    ]
    boxes = (
        (REPORTS_TO, settings.reports_to, reminders.OF_REPORTING_POINT),
        (COPY_TO, settings.copy_to, reminders.OF_COPIES),
    )
    return found + [
        Reader(who=who, address=address, language=settings.language, steps=steps, acts=False)
        for who, address, steps in boxes
        if address
    ]


def desk_for(collector: Collector, reader: Reader) -> Desk:
    """Where this reader's mail is written."""
    languages: Mapping[str, wording.Wording] = collector.languages
    chosen = wording.choose(languages, reader.language, None)
    return Desk(wording=chosen, zone=collector.config.zone, url=collector.url)


def _may_try(trouble: Trouble | None, now: datetime) -> bool:
    return trouble is None or trouble.retry_at <= now
