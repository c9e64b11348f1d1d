"""Who is told of a reported leak, in which order and by which channel; pure.

It depends on what the leak is about and on who reports it: somebody who works for a school board
goes by that board's protocol first. That is data (``routes/default.toml``, or what the organisation
set in its place). What the collector sends goes out at once, whatever stands before it in the
order: nobody waits for a person. What a person tells is noted with the entry.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec

from agent.wire.event import Event
from server_stub.breaches.dossier_questions import REPORT_ABOUT, REPORTER_ROLES
from server_stub.breaches.duties import wrong_reason
from server_stub.breaches.register import said_of
from server_stub.errors import ConfigError
from server_stub.post.mail_settings import check_address
from server_stub.pull import feed_targets

DEFAULT = Path(__file__).parent / "routes" / "default.toml"
LARGEST = 20_000
"""Characters of a routing."""
ABOUT, ROLE = "report-about", "reporter-role"
"""The questions of the register by which a route is chosen."""
REPORTS_TO, COPY_TO = "reports-to", "copy-to"
"""In the place of an address: the mailbox of that name of the mail's settings."""
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
Hours = Annotated[int, msgspec.Meta(ge=0, le=24 * 90)]


class Channel(StrEnum):
    """How somebody is told."""

    HAND = "hand"
    MAIL = "mail"
    WEBHOOK = "webhook"
    TICKET = "ticket"


SENT_BY_HTTP = frozenset({Channel.WEBHOOK, Channel.TICKET})


class Recipient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told. ``address`` is a mail address or the URL of a hook; ``hours`` within
    which they are told, from when it was noticed; ``names`` what they are called, by language."""

    channel: Channel
    address: str = ""
    ca: str = ""
    hours: Hours = 0
    language: str = ""
    names: Mapping[str, Annotated[str, msgspec.Meta(max_length=120)]] = {}

    def called(self, language: str) -> str:
        """What they are called in a language, or else in any; empty if nobody named them."""
        return self.names.get(language) or next(iter(self.names.values()), "")


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom a leak that fits is told, the first first; without words it fits any."""

    to: Annotated[Sequence[Name], msgspec.Meta(min_length=1, max_length=12)]
    about: Sequence[str] = ()
    roles: Sequence[str] = ()
    source: str = ""

    def fits(self, about: str, role: str) -> bool:
        """Whether it is for a leak of this kind, reported by somebody of this role."""
        return about in (self.about or (about,)) and role in (self.roles or (role,))


class Routing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All routes, of which the first that fits counts, and all recipients."""

    routes: Annotated[Sequence[Route], msgspec.Meta(min_length=1, max_length=50)]
    recipients: Mapping[Name, Recipient]

    def route(self, about: str, role: str) -> Route:
        """The route of a leak; the last one fits any."""
        return next(one for one in self.routes if one.fits(about, role))

    def own(self, *channels: Channel) -> list[str]:
        """Those who are sent something at an address of their own, by these channels."""
        boxes = (REPORTS_TO, COPY_TO)
        return [
            name
            for name, one in self.recipients.items()
            if one.channel in channels and one.address not in boxes
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a person noted of a recipient: told ``at`` a moment or, without one, not needed."""

    recipient: str
    at: datetime | None
    reason: str
    who: str
    noted_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """One recipient of an entry's route, and how it stands. ``sent_at`` is when the collector sent
    it; what a person noted counts before it."""

    name: str
    recipient: Recipient
    by: datetime | None
    sent_at: datetime | None
    told: Told | None

    @property
    def at(self) -> datetime | None:
        """When they were told."""
        return self.told.at if self.told else self.sent_at

    @property
    def open(self) -> bool:
        """Whether somebody still has to tell them, or to say that it is not needed."""
        return self.told is None and self.sent_at is None

    def late(self, now: datetime) -> bool:
        """Whether they were told after their time, or are not told and it is over."""
        until = self.at or (now if self.open else None)
        return self.by is not None and until is not None and until > self.by


def stops(
    routing: Routing,
    route: Route,
    noticed: datetime | None,
    sent: Mapping[str, datetime],
    marks: Sequence[Told],
) -> list[Stop]:
    """How each recipient of a route stands; ``sent`` has when something went out, by name."""
    last = {mark.recipient: mark for mark in marks}
    found = []
    for name in route.to:
        one = routing.recipients[name]
        by = noticed + timedelta(hours=one.hours) if noticed and one.hours else None
        stop = Stop(name=name, recipient=one, by=by, sent_at=sent.get(name), told=last.get(name))
        found.append(stop)
    return found


def why_not(stop: Stop | None, at: datetime | None, reason: str, now: datetime) -> str | None:
    """Why a mark cannot be noted, as a closed word; None: it can."""
    if stop is None:
        return "which"
    if unfit := wrong_reason(reason):
        return unfit
    if at is None:
        return None if reason else "why-not-needed"
    if at > now:
        return "in-the-future"
    return "why-late" if stop.by and at > stop.by and not reason else None


def readers_of(
    found: Routing, begins: str, *channels: Channel
) -> Callable[[Event], frozenset[str]] | None:
    """Who is told of an event at an address of their own, by these channels, each after a word;
    None where nobody ever is."""
    own = set(found.own(*channels))

    def of(event: Event) -> frozenset[str]:
        return frozenset(begins + name for name in found.route(*said_of(event)).to if name in own)

    return of if own else None


@cache
def read(text: str) -> Routing:
    """A routing as an administrator wrote it; empty for the product's. Raises ConfigError."""
    if len(text) > LARGEST:
        raise ConfigError(f"the routing is longer than {LARGEST} characters")
    try:
        content = tomllib.loads(text or DEFAULT.read_text("utf-8"))
        found = msgspec.convert(content, type=Routing)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise ConfigError(f"the routing cannot be read: {error}") from error
    _check(found)
    return found


def read_if_good(text: str) -> Routing:
    """A routing that was kept; the product's where this version cannot read it."""
    try:
        return read(text)
    except ConfigError:
        return read("")


def _check(found: Routing) -> None:
    last = found.routes[-1]
    if last.about or last.roles:
        raise ConfigError("the last route has to fit any leak: give it neither about nor roles")
    for route in found.routes:
        for given, known, key in (
            (route.about, REPORT_ABOUT, "about"),
            (route.roles, REPORTER_ROLES, "roles"),
            (route.to, found.recipients, "to"),
        ):
            if unknown := [word for word in given if word not in known]:
                raise ConfigError(f"{key} names {unknown[0]!r}: use one of {', '.join(known)}")
    for name, one in found.recipients.items():
        _check_recipient(name, one)


def _check_recipient(name: str, one: Recipient) -> None:
    if one.channel is Channel.MAIL and one.address not in (REPORTS_TO, COPY_TO):
        check_address(one.address)
    elif one.channel in SENT_BY_HTTP:
        feed_targets.read_target(feed_targets.WEBHOOK, one.address)
        feed_targets.trusting(one.ca)
    elif one.channel is Channel.HAND and one.address:
        raise ConfigError(f"{name} is told by hand: leave its address out")
