"""Rows about second factors: sealed secrets, steps of time that were taken, recovery codes."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from server_stub.storage.tables import users
from server_stub.storage.tables_logins import recovery_codes


def set_factor(
    connection: Connection, user: int, sealed: str, step: int, digests: Sequence[str]
) -> bool:
    """Keep a second factor and its recovery codes; no if there is one already."""
    free = update(users).where(users.c.id == user, users.c.factor.is_(None))
    if connection.execute(free.values(factor=sealed, factor_step=step)).rowcount != 1:
        return False
    rows = [{"user_id": user, "digest": digest} for digest in digests]
    connection.execute(insert(recovery_codes), rows)
    return True


def drop_factor(connection: Connection, user: int) -> bool:
    """Take a second factor away; whether there was one. The last step that was taken stays."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user))
    there = update(users).where(users.c.id == user, users.c.factor.is_not(None))
    return connection.execute(there.values(factor=None)).rowcount == 1


def take_step(connection: Connection, user: int, step: int) -> bool:
    """Take the code of a step of time; no if this one or a later one was taken."""
    earlier = or_(users.c.factor_step.is_(None), users.c.factor_step < step)
    row = update(users).where(users.c.id == user, earlier)
    return connection.execute(row.values(factor_step=step)).rowcount == 1


def take_code(connection: Connection, user: int, digest: str) -> bool:
    """Use up a recovery code; no if there is none such any more."""
    mine = recovery_codes.c.user_id == user
    row = delete(recovery_codes).where(mine, recovery_codes.c.digest == digest)
    return connection.execute(row).rowcount == 1


def codes_left(connection: Connection, user: int) -> int:
    """How many recovery codes somebody has left."""
    rows = select(func.count()).select_from(recovery_codes)
    return int(connection.scalar(rows.where(recovery_codes.c.user_id == user)) or 0)
