"""``dossierwacht-collector serve``: the collector over HTTPS until it is told to stop.

One process with one writer is enough for thousands of laptops and keeps SQLite simple. The server
certificate is renewed while running: nobody restarts a collector for a year, and on the day its
certificate ended every laptop would fall silent at once.
"""

import asyncio
import logging
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from server_stub import config as configuration
from server_stub import keys, retention, rounds, state, tls, wording
from server_stub.app import make_app
from server_stub.collector import Collector, DeviceKeys, utc_now
from server_stub.config import Config, Listen
from server_stub.errors import ConfigError
from server_stub.intake.doorway import Doorway
from server_stub.intake.patience import Patient, allow_open_files
from server_stub.post import mail_rounds
from server_stub.pull.feeds import Deliveries
from server_stub.pull.metrics import Metrics
from server_stub.rounds import Round
from server_stub.storage import store_events
from server_stub.storage.store import open_store
from server_stub.storage.store_together import Together

RENEWAL_SECONDS = 12 * 3600
MOST_CONNECTIONS = 2000
GRACE_SECONDS = 10
# For TLS 1.2: forward secrecy and authenticated encryption only; uvicorn alone would take CBC too.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class Server(uvicorn.Server):
    """Takes connections through a doorway, and says where it listens as soon as it does."""

    def __init__(
        self, settings: uvicorn.Config, url: str, is_full: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(settings)
        self.url, self.is_full = url, is_full
        self.doors: list[Doorway] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        assert self.config.ssl is not None
        for one in sockets or ():
            door = Doorway(
                one,
                self._protocol,
                self.config.ssl,
                self.server_state.connections,
                MOST_CONNECTIONS,
                self.is_full,
            )
            door.open()
            self.doors.append(door)
        if self.started:
            print(f"listening on {self.url}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for door in self.doors:
            door.close()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        state = self.lifespan.state
        return Patient(config=self.config, server_state=self.server_state, app_state=state)


def serve(config: Config, listen: Listen, given_url: str | None) -> int:
    """Run the collector. Raises ConfigError, StoreError."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s"
    )
    if given_url:
        configuration.check_url(given_url)
    allow_open_files()
    state.prepare(config, utc_now())
    bound = _bind(listen)
    url = configuration.public_url(given_url, listen, bound.getsockname()[1])
    keys.replace(config.public_url_file, f"{url}\n".encode("ascii"), 0o644)
    hosts = (urlsplit(url).hostname or "", *_own_host(listen))
    certificate = tls.ensure_server_certificate(config.state, hosts, utc_now())
    collector = make_collector(config, url)
    stop = threading.Event()
    mails = mail_rounds.start(collector, stop)
    retention.start(collector, stop)
    deliveries = _deliveries(collector)
    try:
        deliveries.start()
        here = listen.url(bound.getsockname()[1])
        server = Server(_settings(collector, certificate), here, collector.rush.is_full)
        _renew_in_time(server.config, config.state, hosts, stop)
        _end_when_told(server)
        server.run(sockets=[bound])
    finally:
        stop.set()
        deliveries.end()
        bound.close()
        mails.join(GRACE_SECONDS)  # a mail that was just taken is noted before the end
        collector.store.close()
    return 0


def make_collector(config: Config, url: str) -> Collector:
    """A collector on a prepared state folder, known by ``url``."""
    store = open_store(config.database)
    metrics = Metrics()
    with store.read() as connection:
        metrics.start_at(store_events.last_id(connection))
    return Collector(
        config=config,
        url=url,
        store=store,
        together=Together(store),
        keys=DeviceKeys(store=store),
        reply_key=keys.reply_key(config.state),
        stick_key=keys.stick_key(config.state),
        login_key=keys.login_key(config.state),
        ca_pem=tls.ca_pem(config.state),
        languages=wording.load(),
        metrics=metrics,
    )


def _deliveries(collector: Collector) -> Deliveries:
    return Deliveries(
        store=collector.store,
        metrics=collector.metrics,
        key=keys.feed_key(collector.config.state),
        now=collector.now,
    )


def _settings(collector: Collector, certificate: Path) -> uvicorn.Config:
    settings = uvicorn.Config(
        make_app(collector),
        ssl_certfile=str(certificate),
        ssl_ciphers=CIPHERS,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        http=Patient,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    settings.load()
    assert settings.ssl is not None
    settings.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    # No laptop takes a session up again, and tickets for it are a tenth of what a handshake costs.
    settings.ssl.num_tickets = 0
    return settings


def _bind(listen: Listen) -> socket.socket:
    try:
        bound = socket.create_server(
            (listen.host, listen.port),
            family=socket.AF_INET6 if ":" in listen.host else socket.AF_INET,
            backlog=2048,
        )
        # Connections inherit it; without it each reply waits 40 ms for the caller's kernel.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return bound
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"cannot listen on {listen.host}:{listen.port}: {reason}; "
            "is another program listening there?"
        ) from error


def _own_host(listen: Listen) -> tuple[str, ...]:
    return () if listen.host in configuration.WILDCARDS else (listen.host,)


def _renew_in_time(
    settings: uvicorn.Config, folder: Path, hosts: tuple[str, ...], stop: threading.Event
) -> None:
    """Look twice a day whether the server certificate is due; new connections get the new one."""
    context = settings.ssl
    assert context is not None

    def renew() -> None:
        context.load_cert_chain(tls.ensure_server_certificate(folder, hosts, utc_now()))

    failed = "the server certificate could not be renewed"
    renewal = Round(
        name="renewal", seconds=RENEWAL_SECONDS, work=renew, failed=failed, at_once=False
    )
    rounds.start(renewal, stop)


def _end_when_told(server: uvicorn.Server) -> None:
    """End with 0. While it runs uvicorn listens itself, and afterwards raises the signal again."""

    def end(*_: object) -> None:
        server.should_exit = True

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
