"""The commands about laptops: who is there, and who is listened to."""

import argparse
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from server_stub import admission, store_contacts, store_devices, store_register
from server_stub import state as states
from server_stub.collector import utc_now
from server_stub.commands import config_of, show
from server_stub.commands_people import group_name
from server_stub.errors import AskedError

WHO = "terminal"
MOST = 100_000
"""Laptops in one listing."""


def list_devices(arguments: argparse.Namespace) -> int:
    """``device list``: each laptop, and how it last said it was."""

    def work(connection: Connection) -> list[dict[str, Any]]:
        found = store_devices.all_devices(connection, most=MOST)
        said = store_contacts.standings(connection, [one.name for one in found])
        return [_row(one, said.get(one.name)) for one in found]

    return show(_write(arguments, work), arguments.json, "no laptop is enrolled yet")


def approve(arguments: argparse.Namespace) -> int:
    """``device approve``."""
    name = arguments.device

    def work(connection: Connection) -> None:
        if not admission.approve(connection, name):
            raise AskedError(f"{name} is unknown or was revoked: see `device list`")
        store_register.log_view(connection, WHO, "approved-device", name, utc_now())

    _write(arguments, work)
    print(f"{name} is listened to from now on")
    return 0


def revoke(arguments: argparse.Namespace) -> int:
    """``device revoke``."""
    name = arguments.device

    def work(connection: Connection) -> None:
        if not admission.revoke(connection, name):
            raise AskedError(f"no laptop {name} is enrolled here")
        store_register.log_view(connection, WHO, "revoked-device", name, utc_now())

    _write(arguments, work)
    print(f"{name} is believed no more; enrol it anew with a new key if it comes back")
    return 0


def set_group(arguments: argparse.Namespace) -> int:
    """``device group``."""
    name, group = arguments.device, group_name(arguments.group)

    def work(connection: Connection) -> None:
        if not store_devices.set_group(connection, name, group):
            raise AskedError(f"no laptop {name} is enrolled here")

    _write(arguments, work)
    print(f"{name} is counted to {group or 'no group'}")
    return 0


def _row(device: store_devices.Device, said: store_contacts.Standing | None) -> dict[str, Any]:
    return {
        "device": device.name,
        "state": device.state,
        "group": device.group,
        "owner": device.owner,
        "agent": device.agent_version,
        "last_contact_at": device.last_contact_at,
        "events": device.events,
        "policy": said.policy if said else None,
        "mode": said.mode if said else None,
        "held": said.held if said else None,
    }


def _write(arguments: argparse.Namespace, work: Callable[[Connection], Any]) -> Any:
    store = states.open_prepared(config_of(arguments))
    try:
        return store.write(work)
    finally:
        store.close()
