"""What this product did wrong itself becomes an entry of the register, as anybody's breach would.

A file that was sealed and should not have been is data that somebody could not use; an event that
was lost is a breach that nobody hears of; a drill that failed says that files may not come back.
The officer judges the entry like any other. One a day for each laptop: what goes on failing is one
thing, and a laptop that was taken over cannot fill the register.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from agent.wire.event import Event
from server_stub.breaches.register import draft_from
from server_stub.storage import store_register

WHO = "dossierwacht"
"""Who opened such an entry."""
AGAIN = timedelta(days=1)


def is_own_fault(event: Event) -> bool:
    """Whether an event tells of a fault of the product by itself."""
    failed_drill = event.kind == "restore-drill" and event.facts.get("result") == "failed"
    return failed_drill or event.kind == "journal-gap"


def was_sealed(event: Event) -> bool:
    """Whether a file was sealed: if an officer says that this was wrong, it was our fault."""
    decision, outcome = event.decision, event.outcome
    sealed = decision is not None and decision.action == "seal-file"
    return sealed and outcome is not None and outcome.result == "done"


def note(connection: Connection, device: str, seq: int, event: Event, now: datetime) -> None:
    """Open an entry about this event, inside a transaction."""
    if not store_register.opened_since(connection, device, WHO, now - AGAIN):
        draft = draft_from(device, seq, event, now)
        store_register.open_breach(connection, draft, WHO, now)
