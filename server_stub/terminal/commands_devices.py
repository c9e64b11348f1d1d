"""The commands about laptops: who is there, and who is listened to."""

import argparse
from typing import Any

from sqlalchemy import Connection

from server_stub.collector import utc_now
from server_stub.errors import AskedError
from server_stub.intake import admission
from server_stub.intake.admission import Change
from server_stub.storage import store_contacts, store_devices
from server_stub.terminal.commands import TERMINAL, config_of, show, write
from server_stub.terminal.commands_people import group_name

MOST = 100_000
"""Laptops in one listing."""


def list_devices(arguments: argparse.Namespace) -> int:
    """``device list``: each laptop, and how it last said it was."""

    def work(connection: Connection) -> list[dict[str, Any]]:
        found = store_devices.all_devices(connection, most=MOST)
        said = store_contacts.standings(connection, [one.name for one in found])
        return [_row(one, said.get(one.name)) for one in found]

    return show(write(config_of(arguments), work), arguments.json, "no laptop is enrolled yet")


def approve(arguments: argparse.Namespace) -> int:
    """``device approve``."""
    refusal = f"{arguments.device} is unknown or was revoked: see `device list`"
    _change(arguments, admission.approve, "approved-device", refusal)
    print(f"{arguments.device} is listened to from now on")
    return 0


def revoke(arguments: argparse.Namespace) -> int:
    """``device revoke``."""
    refusal = f"no laptop {arguments.device} is enrolled here"
    _change(arguments, admission.revoke, "revoked-device", refusal)
    print(f"{arguments.device} is believed no more; enrol it anew with a new key if it comes back")
    return 0


def set_group(arguments: argparse.Namespace) -> int:
    """``device group``."""
    name, group = arguments.device, group_name(arguments.group)

    def work(connection: Connection) -> None:
        if not store_devices.set_group(connection, name, group):
            raise AskedError(f"no laptop {name} is enrolled here")

    write(config_of(arguments), work)
    print(f"{name} is counted to {group or 'no group'}")
    return 0


def _change(arguments: argparse.Namespace, change: Change, act: str, refusal: str) -> None:
    """Change a laptop's state, with a line in the log. Raises AskedError."""

    def work(connection: Connection) -> None:
        if not admission.changed(connection, change, arguments.device, TERMINAL, act, utc_now()):
            raise AskedError(refusal)

    write(config_of(arguments), work)


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
