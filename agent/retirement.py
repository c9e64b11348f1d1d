"""How a laptop stops taking part, in an order in which nothing is lost where it is cut off.

    LOOK     is there a sealed copy that may be the only one? Then not unless it is forced
    MARK     from here on no agent starts here (``agent.retired``)
    END      the running agent, and take its journal
    FINISH   what a crash left in a stage goes back to its folder, or is sealed to its end
    TELL     a last event; wait a while until the collector has everything
    GIVE     sticks that were withheld are anybody's again
    FORGET   the keys and the name by which the collector knew this laptop

Nothing that is sealed is deleted here, forced or not. The journal stays as well: it is what people
can look up about themselves until the package is purged. The network is left to the sender, which
has no rights; this process only answers it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from agent import control, enrol_file, identity, outward, retired, vault_note
from agent.answers import SENDER, Answers
from agent.config import Config
from agent.control_server import ControlServer
from agent.daemon import Daemon
from agent.errors import JournalError
from agent.guard import Caps
from agent.journal import Journal
from agent.leak_reports import LeakReports
from agent.outbox import Outbox
from agent.own import AgentRetired
from agent.parts import daemon_of, left_alone_of
from agent.restore import explained
from collectors.base import Clock, utc_now
from enforcement import stage, usb_release, vault
from enforcement.usb_gate import Gate

PATIENCE = 60.0
"""Seconds: for the agent to end, and for the collector to take what waits."""
TURN = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Retired:
    """``sealed`` copies stay here; so many events found no way to the collector."""

    at: datetime
    sealed: int
    undelivered: int


class StillSealed(Exception):
    """So many sealed copies may be the only ones; the laptop was not retired."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True, kw_only=True)
class Retirement:
    """``patience`` in seconds."""

    config: Config
    patience: float = PATIENCE
    now: Clock = utc_now
    sysfs: Path = Path("/sys")

    def go(self, *, force: bool) -> Retired:
        """Retire this laptop. Raises StillSealed, AgentError."""
        state = self.config.state
        with explained(state):
            if not force and (number := sealed_in(state)):
                raise StillSealed(number)
            at = retired.mark(state, self.now())
            self._end_agent()
            with owned(self.config, self.patience) as (journal, daemon):
                sealed = self._finished(daemon, force)
                self._tell(daemon, at, sealed, force)
                left = self._delivered(journal, daemon)
                give_sticks_back(self.config.gate, self.sysfs)
                vault_note.leave(self.config)
                self._forget()
        return Retired(at=at, sealed=sealed, undelivered=left)

    def _end_agent(self) -> None:
        """One that does not answer may be gone or stuck; the journal's lock will tell."""
        with suppress(control.ControlError):
            control.ask(self.config.socket, "retire")

    def _finished(self, daemon: Daemon, force: bool) -> int:
        """Bring open transactions to their end; how many sealed copies there are after that."""
        daemon.resume()
        number = sealed_in(self.config.state)
        if number and not force:
            retired.unmark(self.config.state)
            raise StillSealed(number)
        return number

    def _tell(self, daemon: Daemon, at: datetime, sealed: int, force: bool) -> None:
        if identity.enrolled(self.config.state) is not None:
            daemon.record(
                AgentRetired(observed_at=at, subject="agent", sealed=sealed, forced=force)
            )

    def _delivered(self, journal: Journal, daemon: Daemon) -> int:
        """Let the sender fetch what waits, for a while; how many events wait still."""
        if identity.enrolled(self.config.state) is None:
            return journal.count()
        outbox, stop = outward.outbox(self.config, journal, None), Event()
        with answering(self.config, daemon, outbox):
            sender = outward.sender(self.config, stop)
            try:
                until(lambda: journal.count() == 0, self.patience)
            finally:
                stop.set()
                sender.join()
        return journal.count()

    def _forget(self) -> None:
        (self.config.folder / enrol_file.NAME).unlink(missing_ok=True)
        retired.forget(self.config.state)


def sealed_in(state: Path) -> int:
    """How many sealed copies may be the only ones; what is on its way counts. OSError."""
    number = len(vault.unsettled(state / "vault"))
    for path in stage.stages_in(str(state)):
        with stage.opened(path) as here:
            number += len(here.ids())
    return number


@contextmanager
def owned(config: Config, patience: float) -> Iterator[tuple[Journal, Daemon]]:
    """The journal of an agent that does not run, and a daemon that watches nothing.

    Raises JournalError if the journal is not let go within ``patience`` seconds.
    """
    journal = _taken(config, patience)
    try:
        yield journal, daemon_of(config, journal, Caps(), left_alone_of(config.state))
    finally:
        journal.close()


@contextmanager
def answering(config: Config, daemon: Daemon, outbox: Outbox) -> Iterator[None]:
    """Answer the sender and nobody else."""
    answers = Answers(
        config=config,
        daemon=daemon,
        outbox=outbox,
        identity=lambda: identity.enrolled(config.state),
        sender_uid=outward.sender_uid(config),
        leaks=LeakReports.of(config.policy, daemon),
    )
    control_server = ControlServer(
        config.socket, answers.table(), lambda caller: SENDER & set(answers.allowed(caller))
    )
    control_server.start()
    try:
        yield
    finally:
        control_server.close()


def give_sticks_back(gate: Gate, sysfs: Path) -> None:
    """Withhold nothing any more, and switch on what was switched off. OSError."""
    was_closed = gate.set_closed(False)
    usb_release.release(sysfs, gate)
    if was_closed:
        usb_release.look_again(sysfs)


def until(done: Callable[[], bool], patience: float) -> bool:
    """Whether something became true within ``patience`` seconds."""
    end = time.monotonic() + patience
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(TURN)
    return True


def _taken(config: Config, patience: float) -> Journal:
    end = time.monotonic() + patience
    while True:
        try:
            return Journal(config.state, config.journal_bytes)
        except JournalError:
            if time.monotonic() > end:
                raise
            time.sleep(TURN)
