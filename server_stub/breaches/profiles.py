"""Which times run for a breach here: from the organisation's policy, else from the law.

A policy names an authority by the word of a profile (``laws/*.toml``), which is data, since the
law is moving; ``[clocks]`` of the newest policy for the whole organisation gives the hours. What it
leaves open is the profile's. A policy that cannot be read here changes nothing: it was checked
where it was signed, and every laptop checks it again.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from sqlalchemy import Connection

from agent.wire import policies
from agent.wire.signed import DocumentError
from server_stub.breaches import toml_folder
from server_stub.breaches.advice import Threshold
from server_stub.breaches.duties import Duty
from server_stub.breaches.plan import Plan, plan_named
from server_stub.storage import store_documents

FOLDER = Path(__file__).parent / "laws"
LAW = "law"
Hours = Annotated[int, msgspec.Meta(ge=0, le=24 * 90)]


class _Clocks(msgspec.Struct, frozen=True):
    """The keys of ``[clocks]`` that the register goes by; others are for other readers."""

    authority: str = ""
    authority_hours: Hours = 0
    board_hours: Hours = 0
    measure_hours: Hours = 0
    subjects: str = ""
    clients: str = ""
    plan: str = ""
    source: str = ""


class _Contact(msgspec.Struct, frozen=True):
    """Whom people and the authority can ask."""

    name: str = ""
    phone: str = ""
    mail: str = ""


class _Report(msgspec.Struct, frozen=True):
    """The key of ``[report]`` that the register goes by."""

    hours: Hours = 0


class _Policy(msgspec.Struct, frozen=True):
    """What of a policy concerns the register."""

    name: str = ""
    contact: _Contact = _Contact()
    report: _Report = _Report()
    clocks: _Clocks = _Clocks()


class _Law(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hours: Hours
    source: str
    names: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """``times`` has each duty there is, with None for "without undue delay". ``names`` is what the
    authority is called, by language; ``source`` the sentence these follow from."""

    times: Mapping[Duty, timedelta | None]
    names: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    authority: str = ""
    """The name of the authority's profile; empty where the policy names none."""
    threshold: Threshold = Threshold.LAW
    """From when on people are told."""
    report: timedelta | None = None
    """How long there is from noticing a breach to reporting it within the organisation."""
    plan: Plan = field(default_factory=lambda: plan_named(""))
    organisation: str = ""
    """The name of the policy."""
    contact: str = ""
    """Whom people and the authority can ask, in one line."""

    @property
    def for_authority(self) -> timedelta:
        """How long there is to tell the authority."""
        return self.times.get(Duty.AUTHORITY) or timedelta(0)


def profile_now(connection: Connection) -> Profile:
    """The profile of the newest policy for everybody that is handed on."""
    return profile_of(_newest_text(connection))


@cache
def profile_of(text: str) -> Profile:
    """The profile of a policy's text."""
    policy = _read(text)
    clocks, hours, contact = policy.clocks, policy.report.hours, policy.contact
    law = _laws().get(clocks.authority) or _laws()[LAW]
    return Profile(
        times=_times(clocks, law),
        names=law.names,
        source=clocks.source or law.source,
        authority=clocks.authority,
        threshold=_threshold(clocks),
        report=timedelta(hours=hours) if hours else None,
        plan=plan_named(clocks.plan),
        organisation=policy.name,
        contact=", ".join(filter(None, (contact.name, contact.phone, contact.mail))),
    )


def _threshold(clocks: _Clocks) -> Threshold:
    known = clocks.subjects in tuple(Threshold)
    return Threshold(clocks.subjects) if known else Threshold.LAW


def _times(clocks: _Clocks, law: _Law) -> dict[Duty, timedelta | None]:
    times: dict[Duty, timedelta | None] = {
        Duty.AUTHORITY: timedelta(hours=clocks.authority_hours or law.hours)
    }
    for duty, hours in ((Duty.BOARD, clocks.board_hours), (Duty.MEASURE, clocks.measure_hours)):
        if hours:
            times[duty] = timedelta(hours=hours)
    if clocks.clients:
        times[Duty.CLIENTS] = None
    if clocks.subjects != "client-decides":
        times[Duty.SUBJECTS] = None
    return times


@cache
def _laws() -> Mapping[str, _Law]:
    return toml_folder.read(FOLDER, _Law)


def _read(text: str) -> _Policy:
    try:
        return msgspec.convert(tomllib.loads(text), type=_Policy)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError):
        return _Policy()


def _newest_text(connection: Connection) -> str:
    known = store_documents.published(connection, store_documents.POLICY)
    for one in reversed([one for one in known if one.scope == "organisation"]):
        try:
            return policies.policy_in(store_documents.document(connection, one)).toml
        except DocumentError:
            continue
    return ""
