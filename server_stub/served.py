"""One collector while it is served: what goes on beside the answers to requests.

Mail, retention, feeds and the renewal of the server certificate have threads of their own, in each
of several organisations too: what one waits for holds up no other.
"""

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server_stub import keys, retention, rounds, tls
from server_stub.collector import Collector, utc_now
from server_stub.intake.patience import Patient
from server_stub.post import mail_rounds
from server_stub.pull.feeds import Deliveries
from server_stub.rounds import Round

RENEWAL_SECONDS = 12 * 3600
GRACE_SECONDS = 10
# For TLS 1.2: forward secrecy and authenticated encryption only; uvicorn alone would take CBC too.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """The threads of a collector."""

    collector: Collector
    stop: threading.Event
    rounds: tuple[threading.Thread, ...]
    deliveries: Deliveries

    def tell_to_end(self) -> None:
        """Begin nothing more."""
        self.stop.set()
        self.deliveries.stop.set()

    def end(self) -> None:
        """Wait for what is under way, and let the database go."""
        self.tell_to_end()
        self.deliveries.end()
        end = time.monotonic() + GRACE_SECONDS
        for thread in self.rounds:  # a mail that was just taken is noted before the end
            thread.join(max(0.0, end - time.monotonic()))
        self.collector.store.close()


def begin(
    collector: Collector,
    context: ssl.SSLContext,
    hosts: tuple[str, ...],
    look_again: Callable[[], None] = lambda: None,
) -> Served:
    """Begin all that goes on beside the answers; ``context`` gets the newest certificate, and
    ``look_again`` is called each time that one is looked at."""
    stop = threading.Event()
    going = [*mail_rounds.start(collector, stop), retention.start(collector, stop)]
    deliveries = Deliveries(
        store=collector.store,
        metrics=collector.metrics,
        key=keys.feed_key(collector.config.state),
        now=collector.now,
    )
    deliveries.start()
    going.append(_renew_in_time(context, collector.config.state, hosts, look_again, stop))
    return Served(collector=collector, stop=stop, rounds=tuple(going), deliveries=deliveries)


def tls_context(certificate: Path | None = None) -> ssl.SSLContext:
    """How TLS is spoken, with a file that holds a certificate and its key. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    if protocols := getattr(Patient, "alpn_protocols", None):
        context.set_alpn_protocols(protocols)
    # No laptop takes a session up again, and tickets for it are a tenth of what a handshake costs.
    context.num_tickets = 0
    if certificate is not None:
        context.load_cert_chain(certificate)
    return context


def _renew_in_time(
    context: ssl.SSLContext,
    folder: Path,
    hosts: tuple[str, ...],
    look_again: Callable[[], None],
    stop: threading.Event,
) -> threading.Thread:
    """Look twice a day whether the server certificate is due; new connections get the new one."""

    def renew() -> None:
        context.load_cert_chain(tls.ensure_server_certificate(folder, hosts, utc_now()))
        look_again()

    failed = "the server certificate could not be renewed"
    return rounds.start(
        Round(name="renewal", seconds=RENEWAL_SECONDS, work=renew, failed=failed, at_once=False),
        stop,
    )
