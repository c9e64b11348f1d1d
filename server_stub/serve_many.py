"""``dossierwacht-collector serve`` on a folder of several organisations: all of them, one process.

Each is a collector of its own with its own threads, database and limits; they share the listening
socket and the loop that holds the connections. An organisation that cannot be opened answers 503
and is named on stderr, and the others are served. SIGHUP has the folder looked through again: what
is new is opened, and what could not be opened is tried once more.
"""

import logging
import signal
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace

from server_stub import named_log, organisations, rounds, served, state, tls
from server_stub.app import make_app
from server_stub.collector import utc_now
from server_stub.config import Config, Listen, configure
from server_stub.errors import CollectorError, ConfigError
from server_stub.front import Caller, Door, Front, no_word_of_bad_names
from server_stub.intake.patience import allow_open_files
from server_stub.intake.rush import MOST_INSIDE
from server_stub.organisations import Found
from server_stub.serve import (
    MOST_CONNECTIONS,
    Server,
    bind,
    end_when_told,
    make_collector,
    settings,
)
from server_stub.served import Served

log = logging.getLogger(__name__)
FEWEST_INSIDE = 20
"""Requests of laptops that each organisation is allowed at a time, however many there are."""


class ManyServer(Server):
    """A server whose connections know by which door they came in."""

    front: Front

    def protocol(self) -> Caller:
        made = Caller(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        made.front = self.front
        return made


class House:
    """The organisations of an installation, as far as they could be opened."""

    def __init__(self, config: Config, front: Front) -> None:
        self._config, self._front = config, front
        self._doors: dict[str, Door] = {}
        self._served: dict[str, Served] = {}
        self._looking = threading.Lock()

    def look(self) -> None:
        """Open what is not open yet. Raises ConfigError if the folder cannot be read."""
        with self._looking:  # a signal can come before the first look is over
            self._look()

    def _look(self) -> None:
        everything = organisations.found(self._config.state)
        hosts = Counter(one.kept.host for one in everything if one.kept)
        for one in everything:
            if one.name not in self._served:
                alone = one.kept is None or hosts[one.kept.host] == 1
                self._doors[one.name] = self._opened(one, alone=alone)
        self._share_out()
        self._front.set_doors(self._doors.values())
        print(f"{len(self._served)} of {len(self._doors)} organisations are served", flush=True)

    def end(self) -> None:
        """End all of them; the time that each may take runs for all together."""
        for one in self._served.values():
            one.tell_to_end()
        for one in self._served.values():
            one.end()

    @property
    def is_empty(self) -> bool:
        """Whether none could be opened."""
        return not self._served

    def _opened(self, one: Found, *, alone: bool) -> Door:
        """The way in to an organisation, closed if anything at all is wrong with it."""
        door = Door(name=one.name, host=one.kept.host if one.kept else "")
        with named_log.about(one.name):
            try:
                self._open(one, door, alone)
            except Exception as error:
                log.error("it is not served: %s", _said(error))
        return door

    def _open(self, one: Found, door: Door, alone: bool) -> None:
        if one.kept is None:
            raise ConfigError(one.wrong)
        if not alone:
            raise ConfigError(f"another organisation has the host {door.host} too")
        found = configure(state=str(one.folder), database=None, environ={})
        config, names = replace(found, zone=self._config.zone), (door.host,)
        state.check_owner(config)
        with suppress(OSError):  # so that it can answer, whatever else is wrong
            door.context = served.tls_context(config.state / tls.SERVER)
        # From here on there is an authority: a new one would shut every laptop out.
        certificate = tls.ensure_server_certificate(config.state, names, utc_now())
        door.context = context = served.tls_context(certificate)
        state.prepare(config, utc_now())
        collector = make_collector(config, config.public_url)
        self._served[one.name] = served.begin(collector, context, names)
        door.app = make_app(collector)

    def _share_out(self) -> None:
        """However many organisations there are, the requests under way need so much memory."""
        most = max(FEWEST_INSIDE, MOST_INSIDE // max(1, len(self._served)))
        for one in self._served.values():
            one.collector.rush.most = most


def serve(config: Config, listen: Listen) -> int:
    """Serve every organisation of an installation. Raises ConfigError."""
    named_log.to_stderr()
    sys.unraisablehook = no_word_of_bad_names
    allow_open_files()
    front = Front(MOST_CONNECTIONS)
    house, again = House(config, front), threading.Event()
    _look_when_told(house, again)
    bound = bind(listen)
    try:
        house.look()
        if house.is_empty:
            raise ConfigError(f"no organisation of {config.state} can be served")
        context = served.tls_context()
        context.sni_callback = front.choose
        server = ManyServer(settings(front, context), listen.url(bound.getsockname()[1]))
        server.front = front
        end_when_told(server)
        server.run(sockets=[bound])
    finally:
        bound.close()
        house.end()
    return 0


def _look_when_told(house: House, again: threading.Event) -> None:
    """Look through the folder again at each SIGHUP, in a thread: a database may take long."""

    def watch() -> None:
        while True:
            again.wait()
            again.clear()
            rounds.tried(house.look, "not all organisations are looked through again")

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, lambda *_: again.set())
        threading.Thread(target=watch, name="organisations", daemon=True).start()


def _said(error: Exception) -> str:
    """What went wrong, without what an error that nobody foresaw may quote of a file or a row."""
    if isinstance(error, CollectorError):
        return str(error)
    place = f" {error.filename}: {error.strerror}" if isinstance(error, OSError) else ""
    return f"unforeseen {type(error).__name__}{place}"
