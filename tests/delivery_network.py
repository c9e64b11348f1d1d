"""A network that does its worst between laptop and collector, after the handshake or during it.

A relay on loopback carries bytes both ways; a fault begins once the caller has sent more than a
handshake. The sender must give up by its own limit, the events must stay, and when the network is
well again each must be there once, also those whose reply was lost after they had been stored.
"""

import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from agent.journal import Journal
from agent.trouble import Trouble
from tests.collector_on_loopback import Running, collector
from tests.delivery_laptop import drain, enrol, outbox, over_the_network, stored, turn, unbroken
from tests.seal_faults import Case
from tests.test_journal import new_event

HANDSHAKE = 3000
"""Bytes; what a caller sends before its request is less, and a request of these tests is more."""
LIMIT = 0.6
"""Seconds that the sender is given for an exchange here."""
LONGEST = 30.0
EVENTS = 20
REFUSES, RESETS = "refuses", "resets"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """Bytes that still pass each way once it has begun, and how; None is all of them."""

    after: int = HANDSHAKE
    up: int | None = None
    down: int | None = None
    pause: float = 0.0
    end: str = ""


FAULTS = {
    "nobody takes the connection": Fault(end=REFUSES),
    "half open from the start": Fault(after=-1, up=0, down=0),
    "a byte at a time in the handshake": Fault(after=-1, pause=0.05),
    "a byte at a time in the reply": Fault(pause=0.05),
    "the request gets stuck half-way": Fault(up=1000),
    "the reply gets stuck before it begins": Fault(down=0),
    "the reply gets stuck half-way": Fault(down=400),
    "reset before the reply": Fault(down=0, end=RESETS),
    "reset in the middle of the reply": Fault(down=400, end=RESETS),
    "reset in the middle of the request": Fault(up=1000, end=RESETS),
}


@dataclass
class Relay:
    """Carries bytes between a caller and the collector, and spoils it if told to."""

    listening: socket.socket
    target: int = 0
    fault: Fault | None = None
    open: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.listening.getsockname()[1]}"

    def run(self) -> None:
        """Take callers until the door is shut."""
        while True:
            try:
                caller, _ = self.listening.accept()
            except OSError:
                return
            if self.fault and self.fault.end == REFUSES:
                caller.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.target))
            self.open += [caller, far]
            link = Link(caller, far, self.fault)
            threading.Thread(target=link.run, daemon=True).start()

    def hang_up(self) -> None:
        """End every connection."""
        for one in self.open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.open.clear()


@dataclass
class Link:
    """One connection; ``sent`` and ``passed`` count bytes, the latter once a fault began."""

    caller: socket.socket
    far: socket.socket
    fault: Fault | None
    sent: int = 0
    passed: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def run(self) -> None:
        """Carry until one side ends; one thread for both, or a reset would wait for the other."""
        with suppress(OSError), self.caller, self.far:
            while ready := select.select([self.caller, self.far], [], [], LONGEST)[0]:
                for source in ready:
                    piece = source.recv(65_536)
                    if not piece or not self._pass(piece, up=source is self.caller):
                        return

    def _pass(self, piece: bytes, *, up: bool) -> bool:
        """Send on what the fault lets through; False if that was all."""
        self.sent += len(piece) if up else 0
        fault, sink = self.fault, self.far if up else self.caller
        if fault is None or self.sent <= fault.after:
            sink.sendall(piece)
            return True
        most = fault.up if up else fault.down
        if most is not None:
            piece = piece[: most - self.passed[up]]
        self.passed[up] += len(piece)
        for part in _parts(piece, 0.0 if up else fault.pause):
            sink.sendall(part)
        if most is None or self.passed[up] < most or fault.end != RESETS:
            return True
        self.caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def _parts(piece: bytes, pause: float) -> Iterator[bytes]:
    if not pause:
        yield piece
        return
    for at in range(len(piece)):
        time.sleep(pause)
        yield piece[at : at + 1]


@contextmanager
def relayed(state: Path) -> Iterator[tuple[Relay, Running]]:
    """A collector that is known by the address of a relay before it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        relay = Relay(listening)
        threading.Thread(target=relay.run, daemon=True).start()
        with collector(state, "--public-url", relay.url) as running:
            relay.target = int(running.url.rpartition(":")[2])
            try:
                yield relay, Running(state=state, url=relay.url, log=running.log)
            finally:
                relay.hang_up()
                listening.shutdown(socket.SHUT_RDWR)


def bad_networks(base: Path, rounds: int = 1) -> Case:
    """Each fault of the network in turn, so often, and a good network after each."""
    case, state = Case(name="delivery: a network that stalls, drips and resets"), base / "laptop"
    (state / "journal").mkdir(parents=True)
    with relayed(base / "collector") as (relay, running):
        who, journal = enrol(running, state), Journal(state / "journal")
        box = outbox(journal, state)
        for _ in range(rounds):
            for name, fault in FAULTS.items():
                for _ in range(EVENTS):
                    journal.append(new_event())
                relay.fault = fault
                said = turn(box, partial(over_the_network, seconds=LIMIT))
                kept = journal.count() == EVENTS
                relay.fault = None
                relay.hang_up()
                well = drain(box, journal, over_the_network)
                fine = kept and well and said is Trouble.UNREACHABLE
                case.tries += 1
                case.bad += not fine
                case.note += "" if fine else f"{name}: {said}, kept {kept}, delivered {well}; "
        end = journal.end()
        journal.close()
    rows = stored(base / "collector", who.device)
    case.bad += not unbroken(rows) or (rows[-1][0], rows[-1][2]) != end
    return case
