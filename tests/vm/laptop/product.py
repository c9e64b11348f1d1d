"""The product in the laptop: its package, its units as shipped, its policy and notice."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.vm.laptop.machine import Laptop

ROOT = Path(__file__).resolve().parents[3]
AGENT = "dossierwacht-agent"
WITHHOLD = 'mode = "encrypted-only"'
INSTEAD = "Use your folder on the network, or ask for an encrypted stick."
_FILES = """\
set -e
mkdir -p /etc/dossierwacht
cat >/etc/dossierwacht/policy.toml <<'POLICY'
name = "lab"
version = {version}
mode = "enforce"
language = "en"

[contact]
name = "the lab's officer"

[usb]
instead = "{instead}"
{table}
{more}
POLICY
cat >/etc/dossierwacht/notice.toml <<'NOTICE'
policy_version = {version}
given_on = 2026-01-01
language = "en"
NOTICE
mkdir -p -m 700 /var/lib/dossierwacht
echo 2026-01-01T00:00:00+00:00 >/var/lib/dossierwacht/installed
"""
_EVENTS = """\
import json, sqlite3
at = sqlite3.connect("file:/var/lib/dossierwacht/journal.db?mode=ro", uri=True)
for seq, body in at.execute("SELECT seq, body FROM events WHERE seq > {after} ORDER BY seq"):
    print(json.dumps({{"seq": seq, **json.loads(body)}}))
"""


def package() -> Path:
    """The agent's package, made from this checkout. Raises CalledProcessError."""
    made = subprocess.run(
        [ROOT / "installer" / "build-deb"], stdout=subprocess.PIPE, text=True, check=True
    )
    return ROOT / made.stdout.strip().splitlines()[-1]


class Product:
    """The installed agent, steered as an administrator would."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop
        self.version = 0
        self.table = ""
        self.more = ""
        """What stands in the policy besides the table ``[usb]``."""

    def install(self, deb: Path) -> None:
        """Put the package in, with a policy that withholds and a week of reporting behind it."""
        self.laptop.put(deb, "/var/tmp/agent.deb")
        self.version, self.table = 1, WITHHOLD
        self.write(self.table)
        self.laptop.sh("dpkg -i /var/tmp/agent.deb", timeout=600)
        self.answers()

    def policy(self, table: str) -> None:
        """Another policy with the table ``[usb]``, and the agent started with it."""
        self.version += 1
        self.table = table
        self.write(table)
        self.start()

    def write(self, table: str) -> None:
        """Only put the policy there."""
        told = {"version": self.version, "table": table, "more": self.more, "instead": INSTEAD}
        self.laptop.sh(_FILES.format(**told))

    def mend(self, table: str) -> None:
        """Put a policy there and leave it to systemd to notice."""
        self.version += 1
        self.write(table)
        self.answers()

    def start(self) -> None:
        """Start the agent, or start it again, and wait until it answers."""
        self.laptop.sh(f"systemctl restart {AGENT}")
        self.answers()

    def answers(self) -> None:
        """Wait until the agent answers."""
        self.laptop.wait_until("dossierwacht status --json | grep -q version", 180)

    def stop(self) -> None:
        """The agent is down, as after a crash that systemd cannot mend."""
        self.laptop.sh(f"systemctl kill -s KILL {AGENT}; systemctl stop {AGENT}")

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """The events of the journal with a higher number, oldest first."""
        script = _EVENTS.format(after=after).encode()
        said = self.laptop.sh("/usr/bin/python3 -", given=script)
        return [json.loads(line) for line in said.splitlines()]

    def last(self) -> int:
        """The number of the last event."""
        events = self.events()
        return int(events[-1]["seq"]) if events else 0
