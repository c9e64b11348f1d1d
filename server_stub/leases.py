"""One of several collectors on one database: who holds a lease does the work, the others wait.

Who holds it beats with each piece of work. Another takes it over when no beat came for a while by
its own clock, so a collector that was killed is replaced, and one that ends lets it go at once.
"""

import logging
import secrets
import time
from collections.abc import Callable

from server_stub.errors import StoreError
from server_stub.storage import store_leases
from server_stub.storage.store import Store
from server_stub.storage.store_leases import Beat

log = logging.getLogger(__name__)
SILENT_SECONDS = 300.0
"""Longer than any one piece of work between two beats: a mail to a server that hardly answers."""


class Lease:
    """A lease by its name, as one collector sees it."""

    def __init__(
        self, store: Store, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._name = name
        self._clock = clock
        self._me = secrets.token_hex(16)
        self._seen: Beat | None = None
        self._since = 0.0

    def held(self) -> bool:
        """Whether this collector holds it now, taking it where it is free. Raises StoreError."""
        with self._store.read() as connection:
            before = store_leases.seen(connection, self._name)
        if before is None or before[0] == self._me or self._is_silent(before):
            before = self._store.write(lambda c: store_leases.beat(c, self._name, self._me, before))
        return before[0] == self._me

    def end(self) -> None:
        """Let another have it; a database that cannot be reached frees it by silence."""
        try:
            self._store.write(lambda c: store_leases.release(c, self._name, self._me))
        except StoreError as error:
            log.warning("%s", error)

    def _is_silent(self, before: Beat) -> bool:
        """Whether the other's last beat is the one that was there long ago."""
        if before != self._seen:
            self._seen, self._since = before, self._clock()
        return self._clock() - self._since >= SILENT_SECONDS
