"""Linux: whether the connections that the policy names are there: a VPN, a mounted share.

Nothing is sent to find out, for the agent has no business on the network: the kernel says which
interface is up and what is mounted. An interface without a cable of its own, such as WireGuard's,
never says "up"; that it is there and carries is enough.
"""

from collections.abc import Sequence
from pathlib import Path

from collectors import sysfs_linux as sysfs
from collectors.checks.reading import below
from collectors.checks.storage_linux import mounted
from collectors.checks.told import Told, Why


def connection(root: Path, wanted: Sequence[str]) -> Told:
    """``wanted`` are interfaces (``wg0``) and places where a share is mounted (``/srv/school``)."""
    if not wanted:
        return Told(Why.NOT_ASKED)
    places = {mount.path for mount in mounted(root)}
    missing = [one for one in wanted if one not in places and not _is_up(root, one)]
    return Told(Why.NOT_CONNECTED if missing else Why.CONNECTED, len(missing), tuple(missing))


def _is_up(root: Path, interface: str) -> bool:
    folder = below(root, "/sys/class/net") / interface.replace("/", "-")
    up = sysfs.text(folder / "operstate") in ("up", "unknown")
    return up and sysfs.text(folder / "carrier") == "1"
