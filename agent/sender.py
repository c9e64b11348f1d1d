"""The sender: a process with the network and nothing else.

It asks the agent for the next signed request, posts it, and hands back what came. It has no key,
no file of the agent and no say: what it carries is signed at both ends. When something fails it
waits longer each time, with jitter, so that a school full of laptops does not return in one beat.
"""

import argparse
import contextlib
import logging
import random
import signal
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from agent import control, portal, processes
from agent.trouble import LONG_POLL, Trouble

log = logging.getLogger(__name__)

FIRST_WAIT = 1.0
LONGEST_WAIT = 300.0
"""Seconds between tries, before jitter."""
TIMEOUT = (10.0, 30.0)
"""Seconds to connect, and to wait for the next bytes of a reply."""
LONGEST_POST = 120.0
"""Seconds for all of one exchange: a server that sends a byte now and then holds nobody up."""
LARGEST_REPLY = 320 * 1024
"""Bytes; news may bring a policy and a keyring."""
LONGEST_HEADER = 1024
"""Characters kept of each header in ``KEPT_HEADERS``."""
KEPT_HEADERS = frozenset({"signature", "signature-input", "content-digest", "retry-after"})


class PinnedCA(HTTPAdapter):
    """Trusts one CA and no other: neither the system's nor those in the environment."""

    def __init__(self, ca_pem: str) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_verify_locations(cadata=ca_pem)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """TLS through a proxy ends at the pinned collector, or at one an administrator named."""
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the context as it is; requests would add the public CAs to it here."""
        conn.cert_reqs = "CERT_REQUIRED"


def session(ca_pem: str, proxy: str = "") -> requests.Session:
    """A session that reaches the collector only, and takes nothing from the environment."""
    made = requests.Session()
    made.trust_env = False
    if proxy:
        made.proxies = {"https": proxy}
    made.mount("https://", PinnedCA(ca_pem))
    made.mount("http://", _NoPlainHttp())
    return made


def post(
    ca_pem: str,
    uri: str,
    headers: dict[str, str],
    body: bytes,
    *,
    seconds: float = LONGEST_POST,
    proxy: str = "",
) -> dict[str, Any]:
    """Post once, from the main thread: status, headers and body for the agent, or the trouble."""
    answer = _exchange(ca_pem, uri, headers, body, seconds, proxy)
    if isinstance(answer, Trouble):
        return {"trouble": _in_the_way(uri, proxy) or answer}
    return answer


def _exchange(
    ca_pem: str, uri: str, headers: dict[str, str], body: bytes, seconds: float, proxy: str
) -> dict[str, Any] | Trouble:
    try:
        with _at_most(seconds), session(ca_pem, proxy) as made:
            reply = made.post(
                uri, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
            )
            content = reply.raw.read(LARGEST_REPLY, decode_content=False)
    except requests.exceptions.SSLError as error:
        if _broke_off(error):
            log.info("the connection broke off while it was made secure")
            return Trouble.UNREACHABLE
        log.warning("the server's certificate is not from the pinned CA: %s", error)
        return Trouble.WRONG_CERTIFICATE
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        log.info("the collector cannot be reached: %s", type(error).__name__)
        return Trouble.UNREACHABLE
    return {
        "status": reply.status_code,
        "headers": {
            name.lower(): value[:LONGEST_HEADER]
            for name, value in reply.headers.items()
            if name.lower() in KEPT_HEADERS
        },
        "body": content.decode("utf-8", "replace"),
    }


_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""Which of the two it is depends on how the system's Python and OpenSSL were built."""


def _broke_off(error: BaseException | None) -> bool:
    """Whether the other side was gone before it showed a certificate: a bad network, no lie."""
    while error is not None and not isinstance(error, _ENDED):
        error = error.__cause__ or error.__context__
    return error is not None


def _in_the_way(uri: str, proxy: str) -> Trouble | None:
    """Whether it is a captive portal that stands between; behind a proxy nobody can tell."""
    return Trouble.PORTAL if not proxy and portal.stands_before(uri) else None


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block when the time is up; a socket's timeout is for each byte."""

    def ring(*_: object) -> None:
        raise TimeoutError(f"no whole reply within {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def pass_on(socket: Path, wait: float = LONG_POLL) -> tuple[Trouble, float | None]:
    """Carry one request and its reply; what the agent thinks of it, and how many seconds the
    collector asks to wait, if it does."""
    given = control.ask(socket, "outbox", timeout=wait + 10.0, wait=wait)
    if "uri" not in given:
        return Trouble.NONE, None
    body, proxy = given["body"].encode("utf-8"), given.get("proxy", "")
    answer = post(given["ca"], given["uri"], given["headers"], body, proxy=proxy)
    trouble = Trouble(control.ask(socket, "reply", **answer)["trouble"])
    # Busy is what a signed reply says: nobody in between can make a laptop wait by this.
    return trouble, asked_to_wait(answer["headers"]) if trouble is Trouble.BUSY else None


def run(socket: Path, pause: Callable[[float], None] = time.sleep) -> None:
    """Carry requests for as long as the agent lives."""
    failures = 0
    while True:
        try:
            trouble, wait = pass_on(socket)
        except control.ControlError as error:
            log.info("%s", error)
            trouble, wait = Trouble.UNREACHABLE, None
        failures = 0 if trouble is Trouble.NONE else failures + 1
        if failures:
            pause(back_off(failures) if wait is None else wait)


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds until the turn that the collector gave this laptop; never longer than between two
    tries of its own. Turns are given in whole seconds, and a part of one more spreads them."""
    told = headers.get("retry-after", "")
    if not (told.isascii() and told.isdecimal()):
        return None
    return min(LONGEST_WAIT, int(told)) + random.random()  # noqa: S311 (nothing secret)


def back_off(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling, capped, jittered by half."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures - 1, 16))
    return wait * random.uniform(0.5, 1.5)  # noqa: S311 (spreads load; nothing secret)


def main(argv: list[str] | None = None) -> int:
    """Entry of the process: ``python -m agent.sender --socket PATH [--user NAME]``."""
    parser = argparse.ArgumentParser(prog="dossierwacht-sender", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--user", default="", help="drop to this user's rights first")
    parser.add_argument("--parent", type=int, help="end when the process of this pid ends")
    arguments = parser.parse_args(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="sender: %(message)s")
    processes.drop_rights(arguments.user)
    if arguments.parent is not None:
        processes.end_with_parent(arguments.parent)
    run(arguments.socket)
    return 0


class _NoPlainHttp(HTTPAdapter):
    """There is no collector without TLS."""

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        raise requests.exceptions.InvalidSchema(f"{request.url} is not https")


if __name__ == "__main__":
    sys.exit(main())
