"""A feed to a syslog server: RFC 5424 messages, counted in octets (RFC 6587), over TLS or TCP.

Syslog has no receipts. So each batch has a connection of its own: when the last message is written
this side is closed, and a server that has read everything closes the other. Only then does a batch
count as taken; a server that vanishes in between gets it again.
"""

import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC

import msgspec

from server_stub.pull import feed_targets
from server_stub.pull.feed_targets import Target
from server_stub.pull.feed_webhook import SECONDS, NotTaken
from server_stub.pull.ocsf import to_ocsf
from server_stub.pull.pull_models import EventRow
from server_stub.storage.store_feeds import Feed

_FACILITY = 13  # log audit
# Severity of syslog for that of OCSF: informational, notice, warning, error.
_SEVERITIES = {1: 6, 2: 5, 3: 4, 4: 3}
_LONGEST_MSGID = 32


def message(row: EventRow, form: str) -> bytes:
    """An event as one message. The laptop is its host, the kind its message id."""
    shown = to_ocsf(row)
    priority = _FACILITY * 8 + _SEVERITIES[shown["severity_id"]]
    moment = row.observed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    kind = row.kind[:_LONGEST_MSGID]
    head = f"<{priority}>1 {moment} {row.device} dossierwacht - {kind} - "
    return head.encode("ascii") + msgspec.json.encode(shown if form == "ocsf" else row)


def framed(text: bytes) -> bytes:
    """A message with the number of its octets before it."""
    return b"%d %s" % (len(text), text)


def send(feed: Feed, rows: Sequence[EventRow]) -> None:
    """Hand a batch over; returns when the server has read it to its end. Raises NotTaken."""
    target = feed_targets.read_target(feed.way, feed.target)
    body = b"".join(framed(message(row, feed.form)) for row in rows)
    try:
        with _connected(target, feed.ca) as connection:
            connection.sendall(body)
            _until_closed(connection)
    except TimeoutError as error:
        raise NotTaken("the server did not close the connection after the last message") from error
    except OSError as error:
        raise NotTaken(f"not reached ({type(error).__name__})") from error


def _connected(target: Target, ca: str) -> socket.socket:
    plain = socket.create_connection((target.host, target.port), timeout=SECONDS)
    if not target.is_secret:
        return plain
    try:
        return feed_targets.trusting(ca).wrap_socket(plain, server_hostname=target.host)
    except OSError:
        plain.close()
        raise


def _until_closed(connection: socket.socket) -> None:
    """Say that nothing follows, and wait until the server has come to that too."""
    if isinstance(connection, ssl.SSLSocket):
        # Many close without a last word of their own.
        with suppress(ssl.SSLEOFError, ssl.SSLZeroReturnError):
            connection.unwrap().close()
        return
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass
