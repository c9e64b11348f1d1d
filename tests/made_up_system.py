"""A made-up system below a folder: files as they lie on a real machine, of invented people."""

import os
from pathlib import Path

MOUNT = "{number} 1 {device} / {path} rw,relatime shared:1 - {kind} {source} rw\n"


class MadeUp:
    """Writes what a real system has in the places where it has it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.people = ["root:x:0:0:root:/root:/bin/bash"]
        self.mounts = ""

    def write(self, path: str, content: str | bytes = "") -> Path:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        return place

    def person(
        self, name: str, number: int = 1000, *, mode: int = 0o700, shell: str = "/bin/bash"
    ) -> Path:
        """An account and its home."""
        self.people.append(f"{name}:x:{number}:{number}:,,,:/home/{name}:{shell}")
        self.write("/etc/passwd", "\n".join(self.people) + "\n")
        home = self.root / "home" / name
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(mode)
        return home

    def mount(self, path: str, device: str, kind: str = "ext4", source: str = "/dev/x") -> None:
        line = MOUNT.format(number=20, device=device, path=path, kind=kind, source=source)
        self.mounts += line
        self.write("/proc/self/mountinfo", self.mounts)

    def swaps(self, *lines: str) -> None:
        head = "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n"
        self.write("/proc/swaps", head + "".join(f"{one} 100 0 -2\n" for one in lines))

    def block(
        self, name: str, device: str, *, uuid: str = "", label: str = "", on: tuple[str, ...] = ()
    ) -> Path:
        """A whole disk or a device of dm; ``on`` names what it is made of."""
        home = self.root / "sys/devices/virtual/block" / name
        (home / "slaves").mkdir(parents=True)
        if uuid:
            self.write(f"/sys/devices/virtual/block/{name}/dm/uuid", f"{uuid}\n")
            self.write(f"/sys/devices/virtual/block/{name}/dm/name", f"{label}\n")
        for one in on:
            (home / "slaves" / one).symlink_to((self.root / "sys/class/block" / one).resolve())
        return self._known(home, device)

    def part(self, disk: str, name: str, device: str) -> Path:
        home = (self.root / "sys/class/block" / disk).resolve() / name
        home.mkdir()
        (home / "partition").write_text("1\n")
        return self._known(home, device)

    def _known(self, home: Path, device: str) -> Path:
        for folder, name in (("sys/dev/block", device), ("sys/class/block", home.name)):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
            (self.root / folder / name).symlink_to(home)
        return home


def aged(path: Path, days: float, now: float) -> None:
    """Give a file an age."""
    os.utime(path, (now - days * 86400, now - days * 86400))
