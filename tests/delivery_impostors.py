"""Servers that answer in the collector's place, clocks that are wrong, laptops nobody knows.

An impostor remembers every byte that it could read. Nothing of an event may be among them, and
once the true collector is heard again everything is there, once and in order.
"""

import dataclasses
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from agent.identity import Enrolled
from agent.journal import Journal
from agent.trouble import Trouble
from collectors.base import utc_now
from tests.collector_on_loopback import collector, run
from tests.delivery_laptop import (
    Near,
    drain,
    enrol,
    outbox,
    over_the_network,
    stored,
    turn,
    unbroken,
)
from tests.seal_faults import Case
from tests.test_journal import new_event
from tests.test_sender import DAY, Authority

CANARY = "canary-in-a-fact"
YEAR = timedelta(days=365)


@dataclasses.dataclass
class Impostor:
    """Where it answers, and what it could read."""

    port: int
    heard: bytearray = dataclasses.field(default_factory=bytearray)


@contextmanager
def impostor(context: ssl.SSLContext | None) -> Iterator[Impostor]:
    """A server on loopback; without a context it speaks no TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Impostor(listening.getsockname()[1])
        thread = threading.Thread(target=_answer, args=(listening, context, made), daemon=True)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _answer(listening: socket.socket, context: ssl.SSLContext | None, made: Impostor) -> None:
    while True:
        try:
            caller, _ = listening.accept()
        except OSError:
            return
        caller.settimeout(5)
        with suppress(OSError), caller:
            spoken = context.wrap_socket(caller, server_side=True) if context else caller
            with spoken:
                while piece := spoken.recv(65_536):
                    made.heard += piece
                    if not context or piece.endswith(b"}"):
                        spoken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                        break


def contexts(folder: Path, pinned: Authority) -> dict[str, tuple[ssl.SSLContext | None, Trouble]]:
    """Every impostor by what is wrong with it, and what the laptop must say of it."""
    wrong = Trouble.WRONG_CERTIFICATE
    old = pinned.server(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    other = Authority().server(folder)
    other.maximum_version = ssl.TLSVersion.TLSv1_2
    return {
        "another authority": (Authority().server(folder), wrong),
        "another authority, TLS 1.2": (other, wrong),
        "another name": (pinned.server(folder, address="127.0.0.2"), wrong),
        "expired": (pinned.server(folder, begins=-2 * YEAR, ends=-YEAR), wrong),
        "not yet valid": (pinned.server(folder, begins=YEAR, ends=2 * YEAR), wrong),
        "expired an hour ago": (pinned.server(folder, ends=-DAY / 24), wrong),
        "TLS 1.1": (old, wrong),
        "no TLS": (None, wrong),
    }


def impostors(base: Path) -> Case:
    """Each impostor in turn, then the true collector."""
    case, state = Case(name="delivery: an impostor in the collector's place"), base / "laptop"
    (state / "journal").mkdir(parents=True)
    with collector(base / "collector") as running:
        who, journal = enrol(running, state), Journal(state / "journal")
        for name, (context, trouble) in contexts(base, pinned(base / "collector")).items():
            journal.append(new_event(facts={"class": CANARY}))
            with impostor(context) as made:
                places = [f"https://127.0.0.1:{made.port}"]
                places += [f"http://127.0.0.1:{made.port}"] if context is None else []
                said = [_sent_to(place, who, journal, state) for place in places]
            clean = CANARY.encode() not in made.heard and (context is None or not made.heard)
            told = said[0] is trouble and Trouble.NONE not in said
            case.tries += 1
            case.bad += not (clean and told)
            case.note += "" if clean and told else f"{name}: {said}; "
        case.bad += not drain(outbox(journal, state), journal, over_the_network)
        journal.close()
    rows = stored(base / "collector", who.device)
    case.bad += not unbroken(rows) or len(rows) != case.tries
    return case


def _sent_to(place: str, who: Enrolled, journal: Journal, state: Path) -> Trouble:
    led_astray = Enrolled(
        device=who.device, server=place, collector_key=who.collector_key, owner="issued"
    )
    return turn(outbox(journal, state, who=led_astray), over_the_network)


def pinned(state: Path) -> Authority:
    """The collector's own authority, as somebody has it who stole its key."""
    pem = (state / "ca.pem").read_bytes()
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    authority = Authority(key=key)
    authority.certificate = x509.load_pem_x509_certificate(pem)
    authority.name = authority.certificate.subject
    return authority


def wrong_clocks(base: Path) -> Case:
    """A laptop, and then a collector, whose clock is off or jumps while events are delivered."""
    case = Case(name="delivery: a clock that is off or jumps")
    off = theirs = timedelta()
    (base / "laptop/journal").mkdir(parents=True)
    near = Near(base / "collector", now=lambda: utc_now() + theirs)
    who, journal = near.enrol(base / "laptop"), Journal(base / "laptop/journal")
    box = outbox(journal, base / "laptop", now=lambda: utc_now() + off)
    jumps = [timedelta(minutes=6), -timedelta(minutes=6), YEAR, -YEAR, 5 * YEAR, -5 * YEAR]
    moved = [(one, timedelta()) for one in jumps] + [(timedelta(), YEAR)]
    for off, theirs in moved:  # noqa: B007 (the two clocks read them)
        journal.append(new_event())
        turn(box, near.carry)
        case.tries += 1
        if abs(off) > 2 * YEAR:  # nothing is counted from such a clock; somebody sets it right
            case.bad += journal.count() != 1 or box.trouble is not Trouble.CLOCK
            off = timedelta()
        case.bad += not drain(box, journal, near.carry)
    journal.close()
    near.close()
    rows = stored(near.folder, who.device)
    case.bad += not unbroken(rows) or len(rows) != case.tries
    return case


def unknown_laptops(base: Path) -> Case:
    """A laptop that the collector does not know, and one that was revoked; both keep their own."""
    case = Case(name="delivery: a laptop that is unknown, and one that was revoked")
    near = Near(base / "collector")
    ways: dict[Trouble, Callable[[Near, str], None]] = {
        Trouble.REFUSED: Near.forget,
        Trouble.REVOKED: _revoked,
    }
    for trouble, way in ways.items():
        state = base / trouble
        (state / "journal").mkdir(parents=True)
        way(near, near.enrol(state).device)
        journal = Journal(state / "journal")
        journal.append(new_event())
        case.tries += 1
        case.bad += turn(outbox(journal, state), near.carry) is not trouble
        case.bad += journal.count() != 1
        (state / "device.key").unlink()  # as enrolling anew with a new key does
        who = near.enrol(state)
        case.bad += not drain(outbox(journal, state), journal, near.carry)
        case.bad += len(stored(near.folder, who.device)) != 1
        journal.close()
    near.close()
    return case


def _revoked(near: Near, name: str) -> None:
    assert run(near.folder, "device", "revoke", name).returncode == 0
