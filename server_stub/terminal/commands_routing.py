"""The commands about who is told of a reported leak: the routing as it is, and another one."""

import argparse
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from server_stub import keys
from server_stub.breaches import routing
from server_stub.breaches.routing import SENT_BY_HTTP, Routing
from server_stub.collector import utc_now
from server_stub.errors import AskedError
from server_stub.post.route_hooks import secret_of
from server_stub.pull.feed_webhook import written
from server_stub.storage import store_history, store_mail, store_routing
from server_stub.terminal.commands import TERMINAL, Command, config_of, opened, show, write

Commands = argparse._SubParsersAction  # argparse has no public name for it
Add = Callable[["Commands[argparse.ArgumentParser]", str, str, Command], argparse.ArgumentParser]


def add_routing(commands_of: "Commands[argparse.ArgumentParser]", add: Add) -> None:
    """``routing set``, ``show`` and ``reset``."""
    top = commands_of.add_parser("routing", help="who is told of a reported leak, and how")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    new = add(verbs, "set", "go by the routing in a file", set_routing)
    new.add_argument("file", metavar="FILE", help="TOML, as `routing show --toml` prints it")
    shown = add(verbs, "show", "show each route and whom it leads to", show_routing)
    ways = shown.add_mutually_exclusive_group()
    ways.add_argument("--toml", action="store_true", help="print the file, to be changed")
    ways.add_argument("--json", action="store_true", help="print JSON")
    add(verbs, "reset", "go by the product's routing again", reset_routing)


def set_routing(arguments: argparse.Namespace) -> int:
    """``routing set``: the secret of each hook is printed, for whoever runs it."""
    try:
        text = Path(arguments.file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AskedError(f"cannot read {arguments.file}: is it a text file?") from error
    found, config = routing.read(text), config_of(arguments)
    salt = _write(arguments, text)
    key = keys.feed_key(config.state)
    for name in found.own(*SENT_BY_HTTP):
        print(f"the secret of {name}: {written(secret_of(key, salt, name))}")
    print("leaks that are reported from now on go by this routing: see `routing show`")
    return 0


def reset_routing(arguments: argparse.Namespace) -> int:
    """``routing reset``."""
    _write(arguments, "")
    print("leaks that are reported from now on go by the product's routing")
    return 0


def show_routing(arguments: argparse.Namespace) -> int:
    """``routing show``: one line for each recipient of each route, in order."""
    with opened(config_of(arguments)) as store, store.read() as connection:
        text, found = store_routing.text(connection), store_routing.now(connection)
        troubles = {one.to_whom: one.reason for one in store_mail.troubles(connection)}
    if arguments.toml:
        print(text or routing.DEFAULT.read_text("utf-8"), end="")
        return 0
    return show(_rows(found, troubles), arguments.json, "there is no route")


def _rows(found: Routing, troubles: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "roles": " ".join(route.roles) or "any",
            "about": " ".join(route.about) or "any",
            "order": number,
            "recipient": name,
            "channel": found.recipients[name].channel,
            "to": found.recipients[name].address or None,
            "hours": found.recipients[name].hours or None,
            "trouble": troubles.get(store_routing.BY_HOOK + name)
            or troubles.get(store_routing.BY_MAIL + name),
        }
        for route in found.routes
        for number, name in enumerate(route.to, 1)
    ]


def _write(arguments: argparse.Namespace, text: str) -> str:
    now = utc_now()

    def work(connection: Connection) -> str:
        store_routing.write(connection, text, secrets.token_hex(16), now)
        store_history.log_view(
            connection, TERMINAL, "routing-set" if text else "routing-reset", "", now
        )
        store_mail.retry_now(connection, now)
        return store_routing.salt(connection)

    made: str = write(config_of(arguments), work)
    return made
