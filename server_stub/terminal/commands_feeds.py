"""The commands about feeds: where events are sent on to, and how far each has come.

Only here is a target named, by whoever has the terminal of the collector; the console and the pull
interface have no way to it. Each change has a line in the log.
"""

import argparse
import secrets
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from agent.wire.event import Word
from server_stub import keys
from server_stub.collector import utc_now
from server_stub.errors import AskedError, ConfigError
from server_stub.pull import feed_targets, feed_webhook
from server_stub.pull.feeds import MOST_FEEDS
from server_stub.storage import store_events, store_feeds, store_history
from server_stub.storage.store_feeds import Feed
from server_stub.terminal.commands import TERMINAL, config_of, show, write


def add(arguments: argparse.Namespace) -> int:
    """``feed add``: a webhook's secret is printed this once."""
    values = _values(arguments)
    kinds = tuple(_word(one.strip()) for one in arguments.kinds.split(",") if one.strip())
    config = config_of(arguments)
    write(config, lambda c: _keep(c, values, kinds, arguments.from_start))
    row = {"name": values["name"], "target": values["target"]}
    if arguments.way == feed_targets.WEBHOOK:
        secret = feed_webhook.secret_of(_key(config.state), values["salt"])
        row["secret"] = feed_webhook.written(secret)
    return _say(row, arguments.json)


def list_feeds(arguments: argparse.Namespace) -> int:
    """``feed list``."""

    def work(connection: Connection) -> list[dict[str, Any]]:
        last = store_events.last_id(connection)
        return [_row(connection, one, last) for one in store_feeds.all_feeds(connection)]

    rows = write(config_of(arguments), work)
    return show(rows, arguments.json, "events are sent on to nobody: see `feed add`")


def remove(arguments: argparse.Namespace) -> int:
    """``feed remove``."""

    def work(connection: Connection) -> None:
        if not store_feeds.remove(connection, arguments.name):
            raise AskedError(f"there is no feed {arguments.name!r}: see `feed list`")
        _log(connection, "removed-feed", arguments.name)

    write(config_of(arguments), work)
    print(f"nothing is sent on to {arguments.name} any more")
    return 0


def _values(arguments: argparse.Namespace) -> dict[str, Any]:
    feed_targets.read_target(arguments.way, arguments.target)
    ca = _certificate(arguments.ca) if arguments.ca else ""
    return {
        "name": _word(arguments.name or arguments.way),
        "way": arguments.way,
        "target": arguments.target,
        "form": arguments.format,
        "ca": ca,
        "salt": secrets.token_hex(32),
        "added_at": utc_now(),
    }


def _keep(
    connection: Connection, values: dict[str, Any], kinds: tuple[str, ...], from_start: bool
) -> None:
    known = store_feeds.all_feeds(connection)
    if values["name"] in [one.name for one in known]:
        raise AskedError(f"there is a feed {values['name']!r} already: name it with --name")
    if len(known) >= MOST_FEEDS:
        raise AskedError(f"there are {MOST_FEEDS} feeds already: remove one with `feed remove`")
    after = 0 if from_start else store_events.last_id(connection)
    store_feeds.add(connection, values | {"after": after}, kinds)
    _log(connection, "added-feed", values["name"])


def _log(connection: Connection, act: str, name: str) -> None:
    store_history.log_view(connection, TERMINAL, act, name, utc_now())


def _key(state: Path) -> bytes:
    keys.make_feed_key(state)  # of a collector that was made before there were feeds
    return keys.feed_key(state)


def _certificate(file: str) -> str:
    try:
        text = Path(file).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {file}: name a certificate in PEM") from error
    feed_targets.trusting(text)
    return text


def _word(name: str) -> str:
    try:
        return msgspec.convert(name, type=Word)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name!r} is no name: small letters, digits and hyphens") from error


def _row(connection: Connection, feed: Feed, last: int) -> dict[str, Any]:
    return {
        "name": feed.name,
        "way": feed.way,
        "target": feed.target,
        "kinds": list(feed.kinds),
        "format": feed.form,
        "added_at": feed.added_at,
        "waiting": max(0, last - feed.after),
        "lag_seconds": int(store_feeds.lag_seconds(connection, feed, utc_now())),
        "trouble": feed.trouble or None,
    }


def _say(row: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print(msgspec.json.encode(row).decode())
        return 0
    print(f"events are sent on to {row['target']} as {row['name']}")
    if "secret" in row:
        print(f"the target checks them with this secret, which is shown once: {row['secret']}")
    return 0
