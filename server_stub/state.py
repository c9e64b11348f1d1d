"""The state folder: made by ``serve`` and ``migrate``, used by every other command.

It holds the certificate authority and keys and, unless another database is named, the database.
Only the account that owns it may use it: files that root makes in it would lock the service out.
"""

import os
from datetime import datetime

from server_stub import keys, tls
from server_stub.config import Config
from server_stub.errors import ConfigError
from server_stub.storage.store import Store, open_store


def prepare(config: Config, now: datetime) -> None:
    """Make what is missing and bring the database to the right shape. Raises ConfigError."""
    try:
        config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_owner(config)
        tls.make_ca(config.state, now)
        keys.make_reply_key(config.state)
        keys.make_stick_key(config.state)
        keys.make_feed_key(config.state)
        keys.make_login_key(config.state)
    except OSError as error:
        raise ConfigError(
            f"cannot use the state folder {config.state}: {error.strerror}; "
            "name another with --state or run this as the account that owns it"
        ) from error
    store = Store(config.database)
    try:
        store.migrate()
    finally:
        store.close()


def open_prepared(config: Config) -> Store:
    """The store of a prepared collector. Raises ConfigError."""
    if not (config.state / tls.CA).exists():
        raise ConfigError(
            f"there is no collector in {config.state}: run `dossierwacht-collector migrate` "
            "or `serve` first, or name its folder with --state"
        )
    check_owner(config)
    return open_store(config.database)


def check_owner(config: Config) -> None:
    """Refuse to work in a folder that belongs to another account. Raises ConfigError."""
    owner = config.state.stat().st_uid
    if owner != os.geteuid():
        raise ConfigError(
            f"{config.state} belongs to user number {owner}: run this command as that user, "
            f"for example with `sudo -u '#{owner}' ...`"
        )
