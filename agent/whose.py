"""Whose an event is, and what is kept of it so that this person can recognise it.

The path of a file or the name of a stick is kept for its person alone, sealed to a key of theirs
before it touches the disk (``agent.person_keys``); without such a key it is not kept at all.
"""

import logging
import os
import pwd
import stat
from collections.abc import Callable
from dataclasses import dataclass

import pyrage

from agent import seat
from agent.concerns import World, uid_of
from agent.journal_record import LAPTOP, Whose
from agent.person_keys import PersonKeys
from collectors.base import Observation

log = logging.getLogger(__name__)

LARGEST_SHOWN = 96 * 1024
"""Bytes; details that are larger are not kept for the person."""
_ROOT = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Persons:
    """Works out whose an observation is. ``details`` gives what a person needs to recognise it."""

    world: World
    keys: PersonKeys
    details: Callable[[Observation], bytes]

    def __call__(self, observation: Observation) -> Whose:
        """Whom it concerns, with what is kept for them."""
        uid = uid_of(observation, self.world)
        key = self.keys.of(uid) if uid is not None else None
        if uid is None or key is None:
            return Whose(uid=uid) if uid is not None else LAPTOP
        plain = self.details(observation)
        if not plain or len(plain) > LARGEST_SHOWN:
            return Whose(uid=uid)
        return Whose(uid=uid, shown=pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(key)]))


def world_of(earlier: Callable[[str], int | None]) -> World:
    """This laptop; ``earlier`` looks an event up in its record."""
    return World(owner=owner, account=account, there=seat.who_is_there, earlier=earlier)


def owner(path: str) -> int | None:
    """Whose a path is: of the topmost folder on it that is not root's, such as a home, else of the
    file itself. None for what is root's, which is nobody's in particular, and what is not there.

    No link is followed, so nobody makes a path theirs by a link of their own.
    """
    parts = path.split("/")
    for end in range(2, len(parts) + 1):
        try:
            found = os.lstat("/".join(parts[:end]))
        except (OSError, ValueError):
            return None
        if found.st_uid != _ROOT:
            return found.st_uid
        if not stat.S_ISDIR(found.st_mode):
            return None
    return None


def account(name: str) -> int | None:
    """The number of an account; None if there is none of that name."""
    try:
        return pwd.getpwnam(name).pw_uid
    except (KeyError, ValueError):
        return None
