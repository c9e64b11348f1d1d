"""One running laptop: started from its disk or from a snapshot, reached over ssh, thrown away.

The first start takes a minute or more under emulation. ``ready`` therefore starts it once, has it
prepared (the product installed, say), saves the whole machine in a snapshot beside the image, and
from then on a laptop is there a few seconds after it was asked for. What happens in it afterwards
is lost with it: each laptop has a disk of its own over the snapshot's.
"""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.vm.laptop.image import Say
from tests.vm.laptop.qmp import Qmp

QEMU = "qemu-system-x86_64"
MEMORY = "1460"
"""Megabytes."""
FIRST_START = 900.0
"""Seconds a first start may take on a busy machine."""
RESTORE = 180.0
SNAPSHOT = "ready"
_APPEND = "root=/dev/vda rw console=ttyS0 mitigations=off nokaslr audit=0 panic=-1"


class GuestError(Exception):
    """A command in the laptop failed, or the laptop does not answer."""


class Laptop:
    """A running laptop."""

    def __init__(self, image: Path, run: Path, port: int) -> None:
        self.image = image
        self.run = run
        self.port = port
        self.qmp = Qmp(run / "qmp.sock")

    def sh(self, command: str, timeout: float = 180.0, given: bytes | None = None) -> str:
        """Run a command as root; what it printed. Raises GuestError."""
        done = self.tried(command, timeout, given)
        if done.returncode != 0:
            said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
            raise GuestError(f"{command}: {done.returncode}: {said[-2000:]}")
        return done.stdout.decode("utf-8", "replace")

    def tried(
        self, command: str, timeout: float = 180.0, given: bytes | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run a command as root, whether it succeeds or not. Raises GuestError if it hangs."""
        try:
            return subprocess.run(
                [*self._ssh(), command],
                input=given if given is not None else b"",
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise GuestError(f"{command}: no end within {timeout:.0f} s") from error

    def put(self, file: Path, where: str) -> None:
        """Copy a file into the laptop."""
        self.sh(f"cat > {shlex.quote(where)}", given=file.read_bytes(), timeout=600)

    def wait_for_ssh(self, patience: float) -> None:
        """Until the laptop answers. Raises GuestError."""
        end = time.monotonic() + patience
        while True:
            with contextlib.suppress(GuestError):
                if self.tried("true", timeout=15).returncode == 0:
                    return
            if time.monotonic() > end:
                raise GuestError(f"the laptop does not answer within {patience:.0f} s")
            time.sleep(0.5)

    def wait_until(self, command: str, patience: float = 120.0, pause: float = 0.5) -> None:
        """Until a command succeeds. Raises GuestError."""
        end = time.monotonic() + patience
        while self.tried(command).returncode != 0:
            if time.monotonic() > end:
                raise GuestError(f"{command}: not so within {patience:.0f} s")
            time.sleep(pause)

    def save(self) -> None:
        """Keep the whole machine as it is now."""
        self.qmp.monitor(f"savevm {SNAPSHOT}")

    def forget(self) -> None:
        """Drop the connection that was kept: the laptop starts anew."""
        subprocess.run(
            [*self._ssh()[:-1], "-O", "exit", "root@127.0.0.1"],
            stdin=subprocess.DEVNULL, capture_output=True, check=False,
        )  # fmt: skip

    def end(self) -> None:
        """Throw the laptop away."""
        with contextlib.suppress(OSError, ValueError):
            self.qmp.close()
        _end(self.run)

    def _ssh(self) -> list[str]:
        options = {
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "ConnectTimeout": "10",
            "ControlMaster": "auto",
            "ControlPath": str(self.run / "ssh.sock"),
            "ControlPersist": "300",
            "LogLevel": "ERROR",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        key = str(self.image / "ssh_key")
        return ["ssh", "-q", "-i", key, "-p", str(self.port), *words, "root@127.0.0.1"]


def ready(image: Path, name: str, prepare: Callable[[Laptop], None], say: Say) -> Path:
    """The disk with the snapshot called ``name``, made by ``prepare`` if there is none yet."""
    disk = image / f"{name}.qcow2"
    if disk.exists():
        return disk
    making = image / f"{name}.making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    _new_disk(making / "disk.qcow2", image / "base.img", "raw")
    say("starting the laptop for the first time and installing: a few minutes, once")
    laptop = _start(image, making, snapshot=None)
    try:
        laptop.wait_for_ssh(FIRST_START)
        prepare(laptop)
        laptop.save()
    finally:
        laptop.end()
    (making / "disk.qcow2").rename(disk)
    shutil.rmtree(making)
    return disk


@contextlib.contextmanager
def restored(image: Path, disk: Path, run: Path) -> Iterator[Laptop]:
    """A laptop as it was when ``disk``'s snapshot was made, with the clock of today."""
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    shutil.copy(disk, run / "disk.qcow2")
    laptop = _start(image, run, snapshot=SNAPSHOT)
    try:
        laptop.wait_for_ssh(RESTORE)
        laptop.sh(f"date -s @{time.time():.0f}")
        yield laptop
    finally:
        laptop.end()
        (run / "disk.qcow2").unlink(missing_ok=True)


def _start(image: Path, run: Path, snapshot: str | None) -> Laptop:
    port = _free_port()
    command = [
        *(QEMU, "-name", "lab", "-accel", "tcg,thread=multi", "-machine", "pc", "-cpu", "max"),
        *("-smp", "2", "-m", MEMORY, "-display", "none", "-vga", "virtio"),
        *("-no-user-config", "-nodefaults", "-daemonize"),
        *("-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initrd.img")),
        *("-append", _APPEND),
        *("-drive", f"file={run / 'disk.qcow2'},if=virtio,format=qcow2,cache=unsafe"),
        *("-netdev", f"user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22"),
        *("-device", "virtio-net-pci,netdev=n0", "-device", "virtio-rng-pci"),
        *("-audiodev", "none,id=silence"),
        *("-device", "qemu-xhci,id=xhci,p2=8,p3=8"),
        *("-chardev", f"socket,id=qmp,path={run / 'qmp.sock'},server=on,wait=off"),
        *("-mon", "chardev=qmp,mode=control"),
        *("-serial", f"file:{run / 'serial.log'}", "-pidfile", str(run / "pid")),
        *(("-loadvm", snapshot) if snapshot else ()),
    ]
    with open(run / "qemu.log", "w") as log:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
    return Laptop(image, run, port)


def _new_disk(path: Path, base: Path, kind: str) -> None:
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", kind, str(path)]
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(run: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        number = int((run / "pid").read_text())
        os.kill(number, signal.SIGKILL)
        for _ in range(100):
            os.kill(number, 0)
            time.sleep(0.05)
