"""A console in use: policies, tokens, alarms, a silent laptop, and weeks of counts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from agent.wire.policies import Scope
from server_stub.storage import store_devices
from server_stub.storage.store_devices import Fault
from server_stub.storage.tables import devices
from server_stub.storage.tables_fleet import daily
from tests.collector_on_loopback import pupil_file
from tests.console_visit import Console
from tests.signing import Office
from tests.test_server_contact import news, publish

PRESET = Path(__file__).resolve().parent.parent / "installer" / "presets" / "mbo.toml"
KINDS = {"pupil-file-found": 9, "usb-storage-attached": 14, "session-unattended": 30}


def furnish(at: Console) -> None:
    """Fill a console that was just made."""
    _publish(at)
    at.running.token("--uses", "3", "--group", "first-years", "--approve")
    at.running.command("token", "api", "device-management", "--scope", "devices")
    waiting, silent = at.running.laptop(), at.running.laptop()
    lost = pupil_file(
        kind="coverage-lost",
        facts={"what": "usb", "gap": "missing", "count": 0},
        decision=None,
        outcome=None,
    )
    waiting.receipt(lost)
    with at.running.store() as store:
        store.write(lambda c: _alarm(c, at.laptop.name, waiting.name, silent.name))
        store.write(_count_weeks)


def _publish(at: Console) -> None:
    office, now = Office(), datetime.now(UTC)
    preset = PRESET.read_text("utf-8")
    publish(at.running, office.keyring())
    publish(at.running, office.policy(1, preset, until=now + timedelta(days=60)))
    later = preset.replace("version = 1", "version = 2")
    publish(at.running, office.policy(2, later, until=now + timedelta(days=90)))
    group = Scope(kind="group", names=["first-years"])
    publish(at.running, office.policy(3, scope=group, until=now + timedelta(days=5)))
    news(at.laptop, policy=2, signed=True)


def _alarm(connection: Any, told: str, waiting: str, silent: str) -> None:
    now = datetime.now(UTC)
    spent = Fault(kind="token-reuse", reason="token-spent", seq=1)
    forked = Fault(kind="chain-fork", reason="another-history", device=told, seq=4)
    for fault in (spent, forked):
        store_devices.open_fault(connection, fault, now)
    store_devices.set_state(connection, waiting, "waiting")
    long_ago = update(devices).where(devices.c.name == silent)
    connection.execute(long_ago.values(last_contact_at=now - timedelta(days=12)))


def _count_weeks(connection: Any) -> None:
    """Invented counts of the weeks before, the same each time."""
    today, rows = datetime.now(UTC).date(), []
    for back in range(1, 84):
        day = today - timedelta(days=back)
        works = day.weekday() < 5
        rows.append({"day": str(day), "kind": "", "count": 40 + back * 7 % 23 if works else 2})
        rows += [
            {"day": str(day), "kind": kind, "count": 1 + back * most % (most + 3)}
            for kind, most in KINDS.items()
            if works
        ]
    connection.execute(insert(daily), rows)
