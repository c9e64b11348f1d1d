"""The machine's own door (QEMU Machine Protocol): plug, unplug, press keys, take pictures.

A device is plugged in by adding its media first and the device second. ``usb-uas`` and ``usb-bot``
stay off until their units are there, so that a device with several units arrives as a whole.
"""

import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BUS = "xhci.0"
KEYS = {" ": "spc", "\n": "ret", "-": "minus", ".": "dot", "/": "slash"}


class QmpError(Exception):
    """QEMU said no."""


class Qmp:
    """One connection."""

    def __init__(self, path: Path, patience: float = 30.0) -> None:
        self._socket = _connected(path, patience)
        self._file = self._socket.makefile("rw", encoding="utf-8")
        self._file.readline()
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: Any) -> Any:
        """Run a command; its answer. Raises QmpError."""
        self._file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._file.flush()
        while True:
            line = self._file.readline()
            if not line:
                raise QmpError(f"{command}: the machine is gone")
            said = json.loads(line)
            if "error" in said:
                raise QmpError(f"{command}: {said['error']['desc']}")
            if "return" in said:
                return said["return"]

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def monitor(self, line: str) -> str:
        """A line for the human monitor, which alone knows snapshots. Raises QmpError."""
        said = str(self("human-monitor-command", **{"command-line": line}))
        if said.strip().startswith("Error"):
            raise QmpError(f"{line}: {said.strip()}")
        return said

    def plug(self, name: str, image: Path | None, driver: str = "usb-storage", **more: Any) -> None:
        """Plug in a device with one medium, or with none if it is no disk."""
        asked = {"driver": driver, "id": name, "bus": BUS, **more}
        if image is not None:
            self._medium(f"{name}-medium", image)
            asked |= {"drive": f"{name}-medium", "removable": True}
        self("device_add", **asked)

    def plug_units(
        self,
        name: str,
        images: Sequence[Path],
        driver: str = "usb-uas",
        *,
        removable: bool = False,
        **more: Any,
    ) -> None:
        """Plug in a device with a unit for each image (``usb-uas`` or ``usb-bot``)."""
        self("device_add", driver=driver, id=name, bus=BUS, **more)
        for number, image in enumerate(images):
            self._medium(f"{name}-medium{number}", image)
            self("device_add", driver="scsi-hd", id=f"{name}-unit{number}", bus=f"{name}.0",
                 drive=f"{name}-medium{number}", lun=number, removable=removable,
                 **{"scsi-id": 0})  # fmt: skip
        self("qom-set", path=f"/machine/peripheral/{name}", property="attached", value=True)

    def change(self, unit: str, name: str, image: Path) -> None:
        """Take the medium out of a unit and put another in."""
        self._medium(name, image)
        self("blockdev-open-tray", id=unit, force=True)
        self("blockdev-remove-medium", id=unit)
        time.sleep(3)
        self("blockdev-insert-medium", id=unit, **{"node-name": name})
        self("blockdev-close-tray", id=unit)

    def unplug(self, name: str, patience: float = 20.0) -> None:
        """Pull a device out, and wait until its media are free again."""
        self("device_del", id=name)
        end = time.monotonic() + patience
        while names := self._media(name):
            for medium in names:
                try:
                    self("blockdev-del", **{"node-name": medium})
                except QmpError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.1)
        time.sleep(0.1)

    def type(self, text: str, pause: float = 0.2) -> None:
        """Press the keys of a text in small letters, one after the other."""
        for letter in text:
            keys = [{"type": "qcode", "data": KEYS.get(letter, letter)}]
            self("send-key", keys=keys)
            time.sleep(pause)

    def picture(self, path: Path) -> None:
        """What the screen shows, as PNG."""
        self("screendump", filename=str(path), format="png")

    def _medium(self, name: str, image: Path) -> None:
        file = {"driver": "file", "filename": str(image.resolve()), "locking": "off"}
        self("blockdev-add", driver="raw", file=file, **{"node-name": name})

    def _media(self, name: str) -> list[str]:
        nodes = [str(node["node-name"]) for node in self("query-named-block-nodes")]
        return [node for node in nodes if node.startswith((f"{name}-medium", f"{name}-second"))]


def _connected(path: Path, patience: float) -> socket.socket:
    end = time.monotonic() + patience
    while True:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.connect(str(path))
        except OSError:
            made.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return made
