"""Linux: whether anything keeps the network out of this laptop.

A firewall that is a service (ufw, firewalld) says so itself; else the kernel's own rules are asked
for with ``nft``. Rules that turn everything away at their end are a firewall. Other rules may be
one, or may only count packets: that is ``unknown``.
"""

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from collectors.checks.reading import ini, text, yes
from collectors.checks.told import Told, Why

_FIREWALLD = "/sys/fs/cgroup/system.slice/firewalld.service/cgroup.procs"
ASKED = "DOSSIERWACHT_FIREWALL"
"""Names the environment's variable with the path of the socket at which the rules are told."""
_SECONDS = 10.0
_MOST = 16 * 1024 * 1024
_REFUSES = frozenset({"drop", "reject"})
Row = Mapping[str, Any]


def firewall(root: Path, ask: Callable[[], str | None]) -> Told:
    """``ask`` gives the kernel's rules as ``nft`` writes them, or None."""
    if yes(ini(text(root, "/etc/ufw/ufw.conf")).get(("", "ENABLED"), "")) or text(root, _FIREWALLD):
        return Told(Why.FIREWALL_ON)
    rules = ask()
    if rules is None:
        return Told(Why.NOT_READABLE)
    why = of_rules(rules)
    older = "filter" in text(root, "/proc/net/ip_tables_names").split()
    return Told(Why.RULES_UNCLEAR if why is Why.NO_FIREWALL and older else why)


def of_rules(rules: str) -> Why:
    """What a set of rules does to what comes in. Raises ValueError if it is none."""
    rows: list[Row] = json.loads(rules).get("nftables", [])
    entries = [row["chain"] for row in rows if row.get("chain", {}).get("hook") == "input"]
    chains = [one for one in entries if one.get("type") == "filter"]
    inside = [_rules_of(rows, chain) for chain in chains]
    if any(one.get("policy") == "drop" for one in chains) or any(map(_ends_by_refusing, inside)):
        return Why.FIREWALL_ON
    return Why.RULES_UNCLEAR if any(inside) else Why.NO_FIREWALL


def ask_kernel() -> str | None:
    """The kernel's rules; None if ``nft`` is not installed or may not ask.

    The installed agent may not ask either: a unit that does nothing else answers it.
    """
    place = os.environ.get(ASKED)
    return _asked_by_itself() if place is None else _read_from(place)


def _read_from(place: str) -> str | None:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as told:
        told.settimeout(_SECONDS)
        told.connect(place)
        with told.makefile("rb") as rules:
            return rules.read(_MOST).decode("utf-8", "replace") or None
    return None


def _asked_by_itself() -> str | None:
    try:
        answer = subprocess.run(
            ["/usr/sbin/nft", "-j", "list", "ruleset"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            cwd="/",
            env={},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("utf-8", "replace")


def _rules_of(rows: list[Row], chain: Row) -> list[Row]:
    def same(rule: Row) -> bool:
        return all(rule.get(key) == chain[value] for key, value in _OF.items())

    return [row["rule"] for row in rows if "rule" in row and same(row["rule"])]


_OF = {"family": "family", "table": "table", "chain": "name"}


def _ends_by_refusing(rules: list[Row]) -> bool:
    """Whether the last rule turns everything away that no rule before it let in."""
    steps = {key for step in rules[-1].get("expr", []) for key in step} if rules else set()
    return bool(steps & _REFUSES) and steps <= _REFUSES | {"counter", "log"}
