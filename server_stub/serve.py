"""``dossierwacht-collector serve``: the collector over HTTPS until it is told to stop.

One process with one writer is enough for thousands of laptops and keeps SQLite simple. The server
certificate is renewed while running: nobody restarts a collector for a year, and on the day its
certificate ended every laptop would fall silent at once.
"""

import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from server_stub import config as configuration
from server_stub import keys, named_log, served, state, supervisor, tls, wording
from server_stub.app import make_app
from server_stub.collector import Collector, DeviceKeys, utc_now
from server_stub.config import Config, Listen
from server_stub.errors import ConfigError
from server_stub.given_certificate import GivenCertificate
from server_stub.intake.doorway import Doorway
from server_stub.intake.patience import Patient, allow_open_files
from server_stub.pull.metrics import Metrics
from server_stub.storage import store_events
from server_stub.storage.store import open_store
from server_stub.storage.store_together import Together

MOST_CONNECTIONS = 2000


class Server(uvicorn.Server):
    """Takes connections through a doorway, and says where it listens as soon as it does."""

    def __init__(
        self, settings: uvicorn.Config, url: str, is_full: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__(settings)
        self.url, self.is_full = url, is_full
        self.doors: list[Doorway] = []
        self.say_every, self.say_at = supervisor.interval(), 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        assert self.config.ssl is not None
        for one in sockets or ():
            door = Doorway(
                one,
                self.protocol,
                self.config.ssl,
                self.server_state.connections,
                MOST_CONNECTIONS,
                self.is_full,
            )
            door.open()
            self.doors.append(door)
        if self.started:
            print(f"listening on {self.url}", flush=True)
            supervisor.tell(supervisor.READY)

    async def on_tick(self, counter: int) -> bool:
        if self.say_every and time.monotonic() >= self.say_at:
            supervisor.tell(supervisor.ALIVE)
            self.say_at = time.monotonic() + self.say_every
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        supervisor.tell(supervisor.ENDING)
        for door in self.doors:
            door.close()
        await super().shutdown(sockets)

    def protocol(self) -> Patient:
        """What one connection speaks."""
        state = self.lifespan.state
        return Patient(config=self.config, server_state=self.server_state, app_state=state)


def serve(
    config: Config, listen: Listen, given_url: str | None, certificate: Path | None = None
) -> int:
    """Run the collector of one organisation. Raises ConfigError, StoreError."""
    named_log.to_stderr()
    if given_url:
        configuration.check_url(given_url)
    allow_open_files()
    state.prepare(config, utc_now())
    bound = bind(listen)
    url = _url_of(config, listen, given_url, bound.getsockname()[1])
    keys.replace(config.public_url_file, f"{url}\n".encode("ascii"), 0o644)
    hosts = (urlsplit(url).hostname or "", *_own_host(listen))
    context = served.tls_context(tls.ensure_server_certificate(config.state, hosts, utc_now()))
    given = GivenCertificate(certificate, url) if certificate else None
    if given is not None:
        context.sni_callback = given.choose
    collector = make_collector(config, url)
    one = served.begin(collector, context, hosts, given.look_again if given else lambda: None)
    try:
        here = listen.url(bound.getsockname()[1])
        server = Server(settings(make_app(collector), context), here, collector.rush.is_full)
        end_when_told(server)
        server.run(sockets=[bound])
    finally:
        one.tell_to_end()
        bound.close()
        one.end()
    return 0


def _url_of(config: Config, listen: Listen, given: str | None, port: int) -> str:
    """The address that laptops and people use. Raises ConfigError."""
    if config.public_url and given not in (None, config.public_url):
        raise ConfigError(
            f"organisation {config.organisation!r} is known by {config.public_url}: "
            "leave --public-url out"
        )
    return configuration.public_url(given or config.public_url, listen, port)


def make_collector(config: Config, url: str) -> Collector:
    """A collector on a prepared state folder, known by ``url``."""
    folder = config.state
    reply_key, ca_pem = keys.reply_key(folder), tls.ca_pem(folder)
    stick_key, login_key = keys.stick_key(folder), keys.login_key(folder)
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
        languages=wording.load(),
        metrics=metrics,
        reply_key=reply_key,
        ca_pem=ca_pem,
        stick_key=stick_key,
        login_key=login_key,
    )


def settings(app: ASGIApp, context: ssl.SSLContext) -> uvicorn.Config:
    """How uvicorn is to serve an application."""
    made = uvicorn.Config(
        app,
        ssl_context_factory=lambda *_: context,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        http=Patient,
        timeout_graceful_shutdown=served.GRACE_SECONDS,
    )
    made.load()
    return made


def bind(listen: Listen) -> socket.socket:
    """A socket that listens. Raises ConfigError."""
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


def end_when_told(server: uvicorn.Server) -> None:
    """End with 0. While it runs uvicorn listens itself, and afterwards raises the signal again."""

    def end(*_: object) -> None:
        server.should_exit = True

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
