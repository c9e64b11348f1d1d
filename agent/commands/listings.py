"""``dossierwacht usb list`` and ``session list``: what is attached, who sits here, and how known.

They ask the system themselves, so they answer without an agent. Reading a stick takes the rights of
its device, so as an ordinary user the verdict may be "unknown". A command has no past to look
back on: an idle time is given where somebody keeps one (the X server, the desktop for one's own
session, logind where the desktop told it), and is "unknown" elsewhere; the running agent listens to
the devices.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from agent import session_bus
from collectors import session as sessions_here
from collectors import usb as usb_here
from collectors.base import Gap, utc_now
from collectors.session_state import Desk, DeskError, Session, idle_time
from collectors.usb import Tree, UsbStorageAttached, judged
from collectors.usb_device import size_band
from enforcement import lock_session

Row = Mapping[str, Any]
_NO_UDEV = "udev does not answer: sticks may be missing here. Is systemd-udevd running?"


def add_usb(parser: argparse.ArgumentParser) -> None:
    """The options of ``usb list``."""
    parser.add_argument("--json", action="store_true", help="a list of objects")


def add_session(parser: argparse.ArgumentParser) -> None:
    """The options of ``session list``."""
    parser.add_argument("--json", action="store_true", help="a list of objects")


def usb(arguments: argparse.Namespace) -> int:
    """``dossierwacht usb list``."""
    return list_usb(usb_here.this_machine(), as_json=arguments.json)


def session(arguments: argparse.Namespace) -> int:
    """``dossierwacht session list``."""
    return list_sessions(sessions_here.this_machine(), as_json=arguments.json)


def list_usb(tree: Tree, *, as_json: bool) -> int:
    """Print each attached storage device; 1 if udev cannot be asked."""
    answers = tree.answers()
    rows = [usb_row(judged(tree, device, utc_now())) for device in tree.devices().values()]
    if not answers:
        print(f"dossierwacht: {_NO_UDEV}", file=sys.stderr)
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        _print_usb(rows)
    return 0 if answers else 1


def list_sessions(desk: Desk, *, as_json: bool) -> int:
    """Print each session; 1 if logind cannot be asked."""
    try:
        sessions = desk.sessions()
    except DeskError as error:
        print(f"dossierwacht: {error}. Is systemd-logind running?", file=sys.stderr)
        return 1
    finally:
        desk.close()
    now = time.monotonic()
    rows = [session_row(one, now) for one in sessions]
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        _print_sessions(rows)
    return 0


def usb_row(seen: UsbStorageAttached) -> Row:
    """One device, as ``--json`` gives it; sizes in bytes unless the name says otherwise."""
    device = seen.device
    return {
        "device": device.name,
        "vendor": f"{device.vendor:04x}",
        "product": f"{device.product:04x}",
        "serial": device.serial,
        "model": device.model,
        "label": device.label,
        "disks": [disk.name for disk in device.disks],
        "size_gb": size_band(sum(disk.size for disk in device.disks)),
        "verdict": seen.judgement.verdict,
        "why": seen.judgement.why,
        "volumes": [
            {"offset": one.offset, "size": one.size, "kind": one.kind, "role": one.role}
            for one in seen.volumes
        ],
        "also_keyboard": device.keyboard,
        "opened": any(disk.opened for disk in device.disks),
    }


def session_row(one: Session, now: float) -> Row:
    """One session, as ``--json`` gives it; ``now`` in monotonic seconds."""
    seen, counted = lock_session.screen(one.uid, one.id) if one.watched() else (False, None)
    seconds, source = (counted, "x-server") if counted is not None else _idle(one, now)
    seen = seen and not one.locked
    return {
        "session": one.id,
        "user": one.user,
        "kind": one.kind,
        "seat": one.seat,
        "active": one.active,
        "remote": one.remote,
        "watched": one.watched(),
        "idle_seconds": None if seconds is None else int(seconds),
        "idle_source": source,
        "locked": one.locked or seen,
        "locked_source": "cover" if seen else "logind-hint",
    }


def _idle(one: Session, now: float) -> tuple[float | None, str]:
    if one.uid == os.getuid() and one.own:
        try:
            return session_bus.session_idle()
        except session_bus.BusError:
            pass
    told = idle_time(one, Gap.MISSING, now)
    return told.seconds, told.source


def _print_usb(rows: Sequence[Row]) -> None:
    if not rows:
        print("no USB storage is attached")
    for row in rows:
        print(f"{row['device']}  {row['model'] or 'no name'}  {row['vendor']}:{row['product']}")
        print(f"    verdict   {row['verdict']}, because of: {row['why']}")
        print(f"    size      {row['size_gb']} GB on {', '.join(row['disks'])}")
        for volume in row["volumes"]:
            print(f"    volume    {volume['kind']} at {volume['offset']}, {volume['size']} bytes")
        if row["opened"]:
            print("    unlocked  an encrypted volume on it is open now")
        if row["also_keyboard"]:
            print("    beware    it also poses as a keyboard")
        if row["why"] == "probe-failed" and os.geteuid() != 0:
            print("    to read it, ask as root")


def _print_sessions(rows: Sequence[Row]) -> None:
    if not rows:
        print("nobody is logged in")
    for row in rows:
        place = "remote" if row["remote"] else row["seat"] or "no seat"
        front = "in front" if row["active"] else "in the background"
        idle = row["idle_seconds"]
        idle_text = "unknown" if idle is None else f"{idle} s, by {row['idle_source']}"
        locked = "yes" if row["locked"] else "no, or the desktop does not tell"
        print(f"{row['session']}  {row['user']}  {row['kind']} on {place}, {front}")
        print(f"    idle      {idle_text}")
        print(f"    locked    {locked} (by {row['locked_source']})")
