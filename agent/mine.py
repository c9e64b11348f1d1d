"""What a person is answered who asks what is recorded about them: their own rows and the laptop's.

Whose question it is the kernel says, and nothing in it can ask for anybody else. Root is a user
like any other here, so IT sees no person by it.
"""

import base64
import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from agent import journal_record
from agent.config import Config
from agent.control_server import Answer, Caller, Refused
from agent.errors import AgentError
from agent.journal import Journal
from agent.journal_record import Row
from agent.objections import Objections
from agent.person_keys import PersonKeys
from agent.wire import event as wire
from collectors.base import Clock, Stop

log = logging.getLogger(__name__)

MOST = 200
"""Rows of one answer."""
LARGEST = 1024 * 1024
"""Bytes of bodies and details in one answer."""
HOUR = 3600.0
_LAST = 2**62


@dataclass(kw_only=True)
class Mine:
    """Answers from the record. ``running`` are the collectors, and whether each works now."""

    journal: Journal
    keys: PersonKeys
    config: Config
    running: Callable[[], Mapping[str, bool]]
    objections: Objections
    now: Clock

    def table(self) -> dict[str, Answer]:
        """Each question about a person's own record and who answers it."""
        return {
            "mine": self.take,
            "mine-key": self.keys.take,
            "objection": self.objections.take,
        }

    def take(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, Any]:
        """A page of the caller's record, newest first. Raises Refused.

        ``before`` is what the answer before said comes ``next``; ``since`` and ``until`` are
        seconds since 1970. ``number`` asks for one event, ``sealed`` for those of files that are
        sealed here.
        """
        uid = caller.uid
        rows = self.journal.reading(self._look(uid, given))
        shown = _fitting(rows)
        return {
            "records": [self._told(row) for row in shown],
            "next": shown[-1].place if len(shown) < len(rows) else None,
            "cut": self.journal.reading(partial(journal_record.cut_of, uid=uid)),
            "key": self.keys.of(uid) or "",
            "key_since": self.keys.since(uid),
            "looks": self._looks(),
        }

    def keep(self, stop: Stop) -> None:
        """Forget what is too old, now and every hour, until told to stop."""
        while not stop.is_set():
            try:
                self.forget()
            except AgentError as error:
                log.error("old events stay in the record for now: %s", error)
            stop.wait(HOUR)

    def forget(self) -> None:
        """Drop what is older than the days of the settings. Raises JournalFull."""
        oldest = self.now() - timedelta(days=self.config.record_days)
        sealed = {one.stem for one in self._vault().glob("*.json")}
        self.journal.forget_record(oldest, sealed)

    def _look(
        self, uid: int, given: Mapping[str, Any]
    ) -> Callable[[sqlite3.Connection], list[Row]]:
        if number := given.get("number"):
            return lambda db: list(journal_record.named(db, uid, [str(number)]))
        if given.get("sealed") is True:
            sealed = [one.stem for one in self._vault().glob("*.json")]
            return lambda db: list(journal_record.named(db, uid, sealed))
        look = partial(
            journal_record.page,
            uid=uid,
            before=int(_number(given, "before", _LAST)),
            since=_number(given, "since", -_LAST),
            until=_number(given, "until", _LAST),
            most=MOST + 1,
        )
        return lambda db: list(look(db))

    def _told(self, row: Row) -> dict[str, Any]:
        """One row. The source is that of the rule as it is in force now."""
        decision = _decision(row.body)
        return {
            "id": row.id,
            "at": _iso(row.at),
            "mine": row.uid is not None,
            "state": row.state,
            "received": _iso(row.received) if row.received is not None else None,
            "body": row.body.decode("utf-8"),
            "shown": base64.b64encode(row.shown).decode("ascii"),
            "source": self.config.policy.source_of(decision.rule) if decision else "",
            "sealed_here": row.uid is not None and (self._vault() / f"{row.id}.age").exists(),
        }

    def _looks(self) -> dict[str, Any]:
        """What is looked at here, what follows, and for how long it is kept."""
        policy = self.config.policy
        keeps = {rule.name: rule.terms.keep_days for rule in policy.rules if rule.terms.keep_days}
        return {
            "roots": [str(root) for root in policy.roots()],
            "collectors": dict(self.running()),
            "mode": policy.mode,
            "usb": policy.usb.mode,
            "record_days": self.config.record_days,
            "dispute_days": self.config.dispute_days,
            "keep_days": keeps,
        }

    def _vault(self) -> Path:
        return self.config.state / "vault"


def _fitting(rows: list[Row]) -> list[Row]:
    """As many as one answer holds, at least one if there is one."""
    size, shown = 0, list[Row]()
    for row in rows[:MOST]:
        size += len(row.body) + len(row.shown) * 4 // 3
        if shown and size > LARGEST:
            break
        shown.append(row)
    return shown


def _decision(body: bytes) -> wire.DecisionPart | None:
    return wire.decode(body).decision if body else None


def _number(given: Mapping[str, Any], name: str, default: int) -> float:
    number = given.get(name, default)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise Refused(name, f"'{name}' is a number")
    if not -_LAST <= number <= _LAST:
        raise Refused(name, f"'{name}' is out of all proportion")
    return number


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
