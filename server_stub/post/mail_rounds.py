"""Once a minute: what has to be told of the register goes out by mail, and is noted as sent.

It is noted only after the mail server took it, one mail at a time: a crash in between repeats that
one mail and no other. If it cannot be noted (a full disk), nothing more is sent until it was. What
does not get through is tried again, later each time, and stands where people see it.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from server_stub import rounds, wording
from server_stub.breaches import profiles, routing
from server_stub.breaches.duties import dues
from server_stub.breaches.routing import Channel, Routing
from server_stub.collector import Collector
from server_stub.errors import ConfigError, MailDown, MailRefused, StoreError
from server_stub.leases import Lease
from server_stub.logins.auth import Role
from server_stub.post import letters, mail, mail_settings, reminders
from server_stub.post.letters import Desk
from server_stub.post.mail import Courier
from server_stub.post.mail_settings import Settings
from server_stub.post.reminders import Case, Key, Reader, Reminder, Step, TeamCall
from server_stub.post.route_hooks import Hooks
from server_stub.rounds import Round
from server_stub.storage import (
    store_calls,
    store_dossier,
    store_duties,
    store_mail,
    store_people,
    store_register,
    store_requests,
    store_routing,
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
    """The rounds of one collector, until ``stop`` is set; ``may`` says whether it is the one of
    several that sends."""

    def __init__(
        self,
        collector: Collector,
        stop: threading.Event,
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self._collector = collector
        self._stop = stop
        self._may = may
        self._unwritten: list[tuple[str, list[Key], datetime]] = []

    def tried(self) -> None:
        """One round; what nobody foresaw stands where people see it as well. Raises it."""
        try:
            self.go()
        except StoreError:
            raise
        except Exception as error:
            self._note_fault(error)
            raise

    def go(self) -> None:
        """One round. Raises StoreError."""
        self._write_down()
        now = self._collector.now()
        try:
            settings = mail_settings.read(self._collector.config.state)
            if settings is not None and self._may():  # else another one may send
                self._send_all(settings, now)
        except (MailDown, ConfigError) as error:
            self._note(SERVER, str(error), now)

    def _send_all(self, settings: Settings, now: datetime) -> None:
        waiting = waiting_now(self._collector, settings, now)
        troubles = self._troubles()
        mine = {who for who in troubles if not who.startswith(store_routing.BY_HOOK)}
        self._forget(mine - {one.reader.who for one in waiting} - {SERVER})
        ready = [one for one in waiting if _may_try(troubles.get(one.reader.who), now)]
        down = troubles.get(SERVER)
        if not _may_try(down, now) or not (ready or down):
            return
        secret = mail_settings.password(self._collector.config.state) if settings.user else ""
        with mail.connected(settings, secret) as courier:
            for one in ready:
                if self._stop.is_set() or not self._may():
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


def start(collector: Collector, stop: threading.Event) -> tuple[threading.Thread, ...]:
    """Begin the rounds of mail and of hooks, each in a thread."""
    lease, of_hooks = Lease(collector.store, "mail"), Lease(collector.store, "hooks")
    hooks = Hooks(collector, of_hooks.held)
    mine = Rounds(collector, stop, lease.held)
    both = (
        _round("hooks", hooks.go, of_hooks, "reports went to no hook"),
        _round("reminders", mine.tried, lease, "no reminders are sent"),
    )
    return tuple(rounds.start(one, stop) for one in both)


def _round(name: str, work: Callable[[], None], lease: Lease, failed: str) -> Round:
    return Round(name=name, seconds=ROUND_SECONDS, work=work, failed=failed, last=lease.end)


def waiting_now(collector: Collector, settings: Settings, now: datetime) -> list[Waiting]:
    """What has to be told now, by reader. Raises StoreError."""
    news_since = max(settings.since, now - reminders.NEWS_KEEPS)
    with collector.store.read() as connection:
        times = profiles.profile_now(connection).times
        waiting = store_register.open_or_closed_since(connection, news_since)
        marks = store_duties.of_all(connection, waiting)
        intended = store_dossier.written_at(connection, "intended-actions", waiting)
        cases = [
            Case(
                breach=one,
                dues=dues(one, times, noted, now),
                marks=noted,
                intended_at=intended.get(one.id),
            )
            for one in waiting
            for noted in [marks.get(one.id, [])]
        ]
        found = store_routing.now(connection)
        routed = routing.readers_of(found, store_routing.BY_MAIL, Channel.MAIL)
        reports = store_mail.reports(connection, news_since, routed)
        whom, sent = readers(connection, settings), store_mail.sent(connection)
        calls = [
            TeamCall(id=one.id, number=one.number, called_at=one.called_at)
            for one in store_calls.calls_since(connection, news_since)
        ]
        asked = [one for one in store_requests.waiting(connection) if now <= one.until]
    due = reminders.due_now(cases, reports, times, news_since, now, calls, asked)
    mine = {one: reminders.for_reader(one, due, sent) for one in whom}
    kept = [
        Waiting(reader=one, reminders=reminders.not_too_many(one, some, sent, now))
        for one, some in mine.items()
    ]
    return [one for one in kept if one.reminders]


def _steps_of(user: User, team: Set[str]) -> frozenset[Step]:
    called = frozenset({Step.CALLED}) if user.name in team else frozenset()
    return reminders.BY_ROLE.get(user.role, frozenset()) | called


def readers(connection: Connection, settings: Settings) -> list[Reader]:
    """Everybody who is told something: people with an address, the two mailboxes, and those of the
    routing who have an address of their own."""
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
    return (
        found
        + [
            Reader(who=who, address=address, language=settings.language, steps=steps, acts=False)
            for who, address, steps in boxes
            if address
        ]
        + _routed(store_routing.now(connection), settings.language)
    )


def _routed(found: Routing, language: str) -> list[Reader]:
    return [
        Reader(
            who=store_routing.BY_MAIL + name,
            address=one.address,
            language=one.language or language,
            steps=frozenset({Step.REPORTED}),
            acts=False,
            routed=True,
        )
        for name, one in found.recipients.items()
        if name in found.own(Channel.MAIL)
    ]


def desk_for(collector: Collector, reader: Reader) -> Desk:
    """Where this reader's mail is written."""
    languages: Mapping[str, wording.Wording] = collector.languages
    chosen = wording.choose(languages, reader.language, None)
    return Desk(wording=chosen, zone=collector.config.zone, url=collector.url)


def _may_try(trouble: Trouble | None, now: datetime) -> bool:
    return trouble is None or trouble.retry_at <= now
