"""A feed over HTTPS: a batch of events in one POST, signed so that its reader can believe it.

The headers are those of Standard Webhooks, for which there are readers in every language:

    webhook-id         the same each time the same events are sent: a reader drops a second one
    webhook-timestamp  seconds since 1970; a reader refuses an old one
    webhook-signature  v1, and HMAC-SHA256 over "id.timestamp.body" in base64

No redirect is followed, no proxy of the environment is used, and of the answer only the status is
looked at.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection

import msgspec

from server_stub.pull import feed_targets, report
from server_stub.pull.feed_targets import Target
from server_stub.pull.pull_models import EventRow
from server_stub.storage.store_feeds import Feed

SECONDS = 10.0
"""How long a target may be silent."""
SECRET_PREFIX = "whsec_"  # noqa: S105  (how such a secret begins, not one)
_MEDIA = {"ocsf": "application/ocsf+json", "json": "application/json"}


class NotTaken(Exception):
    """A target did not take a batch: it was not reached, or said no. ``again_seconds`` is when it
    asked to be tried again, if it did."""

    def __init__(self, reason: str, again_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.again_seconds = again_seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """What is handed over; ``number`` is the same each time the same is sent."""

    number: str
    media: str
    body: bytes


def secret_of(key: bytes, salt: str) -> bytes:
    """The secret of one webhook, from the collector's key and from what is kept of the feed."""
    return hmac.digest(key, f"dossierwacht webhook 1\n{salt}".encode("ascii"), "sha256")


def written(secret: bytes) -> str:
    """A secret as it is handed to whoever runs the target."""
    return SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


def signature(secret: bytes, number: str, at: int, body: bytes) -> str:
    """The header that proves a batch."""
    signed = f"{number}.{at}.".encode("ascii") + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode("ascii")


def send(feed: Feed, secret: bytes, rows: Sequence[EventRow], number: str, now: datetime) -> None:
    """Hand a batch over; returns when the target has said that it took it. Raises NotTaken."""
    made = Post(number=number, media=_MEDIA[feed.form], body=_body(feed.form, rows))
    post(feed.target, feed.ca, secret, made, now)


def post(url: str, ca: str, secret: bytes, made: Post, now: datetime) -> None:
    """Hand something over; returns when the target has said that it took it. Raises NotTaken."""
    target = feed_targets.read_target(feed_targets.WEBHOOK, url)
    at = int(now.timestamp())
    headers = {
        "Content-Type": made.media,
        "User-Agent": "dossierwacht-collector",
        "webhook-id": made.number,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(secret, made.number, at, made.body),
    }
    connection = _connection(target, ca)
    try:
        connection.request("POST", target.path, made.body, headers)
        _judge(connection.getresponse())
    except (OSError, HTTPException) as error:
        raise NotTaken(f"not reached ({type(error).__name__})") from error
    finally:
        connection.close()


def _connection(target: Target, ca: str) -> HTTPConnection:
    if not target.is_secret:
        return HTTPConnection(target.host, target.port, timeout=SECONDS)
    context = feed_targets.trusting(ca)
    return HTTPSConnection(target.host, target.port, timeout=SECONDS, context=context)


def _body(form: str, rows: Sequence[EventRow]) -> bytes:
    if form == "ocsf":
        return report.to_ocsf_list(rows)
    return msgspec.json.encode({"events": list(rows)})


def _judge(answer: HTTPResponse) -> None:
    if not 200 <= answer.status < 300:
        text = answer.headers.get("Retry-After", "")
        again = float(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None
        raise NotTaken(f"the target answered {answer.status}", again)
