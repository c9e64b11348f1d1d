"""A way from a port of this machine to one of the laptop's own, as somebody who has a login there.

What comes out at the other end is a connection of that person's own: the kernel of the laptop says
so to whoever asks, as the staff member's pages do.
"""

import socket
import subprocess
import time
from dataclasses import dataclass

from tests.vm.laptop.machine import GuestError, Laptop

PATIENCE = 60.0


def free_port() -> int:
    """A port that the system chose."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Tunnel:
    """One way in. Begin it with ``dig``, and end it."""

    port: int
    process: "subprocess.Popen[bytes]"

    def end(self) -> None:
        self.process.kill()
        self.process.wait(20)


def dig(laptop: Laptop, who: str, there: int, here: int = 0) -> Tunnel:
    """A tunnel to port ``there`` of the laptop's loopback. Raises GuestError."""
    here = here or free_port()
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR",
               "ExitOnForwardFailure=yes", "ControlMaster=no", "ConnectTimeout=30")  # fmt: skip
    words = [word for option in options for word in ("-o", option)]
    key = str(laptop.image / "ssh_key")
    way = f"127.0.0.1:{here}:127.0.0.1:{there}"
    command = ["ssh", "-q", "-N", "-i", key, "-p", str(laptop.port), *words, "-L", way]
    process = subprocess.Popen([*command, f"{who}@127.0.0.1"], stdin=subprocess.DEVNULL)
    made, end = Tunnel(here, process), time.monotonic() + PATIENCE
    while not _open(here):
        if process.poll() is not None or time.monotonic() > end:
            made.end()
            raise GuestError(f"no tunnel as {who} from port {here} to port {there}")
        time.sleep(0.3)
    return made


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
