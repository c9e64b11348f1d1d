"""The state folder: made by ``serve`` and ``migrate``, used by every other command.

It holds the certificate authority and keys and, unless another database is named, the database.
Only the account that owns it may use it: files that root makes in it would lock the service out.
"""

import os
from datetime import datetime

from server_stub import keys, tls
from server_stub.config import Config
from server_stub.errors import CollectorError, ConfigError
from server_stub.organisation_file import FOLDER
from server_stub.storage import store_claim
from server_stub.storage.store import Store, open_store


def prepare(config: Config, now: datetime) -> None:
    """Make what is missing and bring the database to the right shape. Raises ConfigError."""
    _check_one(config)
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
        _check_holder(config, store.write(lambda c: store_claim.claim(c, config.organisation)))
    finally:
        store.close()


def open_prepared(config: Config) -> Store:
    """The store of a prepared collector. Raises ConfigError, StoreError."""
    _check_one(config)
    if not (config.state / tls.CA).exists():
        raise ConfigError(
            f"there is no collector in {config.state}: run `dossierwacht-collector migrate` "
            "or `serve` first, or name its folder with --state"
        )
    check_owner(config)
    store = open_store(config.database)
    try:
        with store.read() as connection:
            _check_holder(config, store_claim.holder(connection))
    except CollectorError:
        store.close()
        raise
    return store


def check_owner(config: Config) -> None:
    """Refuse to work in a folder that belongs to another account. Raises ConfigError."""
    owner = config.state.stat().st_uid
    if owner != os.geteuid():
        raise ConfigError(
            f"{config.state} belongs to user number {owner}: run this command as that user, "
            f"for example with `sudo -u '#{owner}' ...`"
        )


def _check_one(config: Config) -> None:
    """Refuse to take a folder of several organisations for one collector. Raises ConfigError."""
    if (config.state / FOLDER).is_dir():
        raise ConfigError(
            f"{config.state} holds several organisations: say which with --organisation NAME"
        )


def _check_holder(config: Config, holder: str) -> None:
    """Refuse to work in the database of another organisation. Raises ConfigError."""
    if holder != config.organisation:
        whose = f"organisation {holder!r}" if holder else "no organisation yet: run `migrate`"
        raise ConfigError(f"the database of {config.state} belongs to {whose}")
