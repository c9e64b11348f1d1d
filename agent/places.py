"""Where things lie on a laptop, for those who need no more of the settings than that."""

from pathlib import Path

CONFIG = Path("/etc/dossierwacht")
STATE = Path("/var/lib/dossierwacht")
SOCKET = Path("/run/dossierwacht/control.sock")


def socket_for(state: Path) -> Path:
    """The control socket that belongs to a state folder; beside it, since that one is closed."""
    return SOCKET if state == STATE else state.with_name(state.name + ".sock")
