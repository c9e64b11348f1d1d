"""Which of several collectors on one database does what only one of them may do.

Each counts its beats; who stops is seen by the others, each by a clock of its own, so clocks of
different machines need not agree.
"""

from sqlalchemy import Connection, delete, insert, select

from server_stub.storage.tables_mail import leases

Beat = tuple[str, int]
"""Who holds a lease, and how often they said so."""


def seen(connection: Connection, name: str) -> Beat | None:
    """The last beat; None if nobody holds it."""
    row = connection.execute(select(leases).where(leases.c.name == name)).first()
    return (row.holder, row.beat) if row else None


def beat(connection: Connection, name: str, holder: str, known: Beat | None) -> Beat:
    """Say that one holds it, or take it where it still stands as ``known``; how it stands then."""
    before = seen(connection, name)
    if before is not None and before[0] != holder and before != known:
        return before
    after = (holder, before[1] + 1 if before else 1)
    connection.execute(delete(leases).where(leases.c.name == name))
    connection.execute(insert(leases).values(name=name, holder=after[0], beat=after[1]))
    return after


def release(connection: Connection, name: str, holder: str) -> None:
    """Let the others have it at once."""
    mine = (leases.c.name == name, leases.c.holder == holder)
    connection.execute(delete(leases).where(*mine))
