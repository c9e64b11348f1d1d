"""A fresh machine without the collector, the files to install it from, and a way to its console.

The machine has no network. What Debian has to give besides is fetched on this machine, once, by apt
itself with the list of packages that stands in the guest's image; so the guest gets what it lacks
and nothing else.
"""

import hashlib
import re
import shutil
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.vm.laptop.machine import Laptop

ROOT = Path(__file__).resolve().parents[3]
FROM_DEBIAN = ("postgresql",)
"""What the documents say to install from Debian, besides what the package depends on."""
HERE = "/var/tmp/files"
STATE = "/var/lib/dossierwacht-collector"
ENV = "/etc/dossierwacht-collector/collector.env"
UNIT = "dossierwacht-collector"
SECONDS = 1500
"""For what takes a minute by itself; the machine is emulated, and others may run beside it."""


def build(what: str) -> Path:
    """A package made from this checkout. Raises CalledProcessError."""
    made = subprocess.run(
        [ROOT / "installer" / "build-deb", what], stdout=subprocess.PIPE, text=True, check=True
    )
    return ROOT / made.stdout.strip().splitlines()[-1]


def raised(deb: Path, folder: Path, version: str) -> Path:
    """The same package with another version. Raises CalledProcessError."""
    root, made = folder / "root", folder / f"{deb.name.split('_')[0]}_{version}_amd64.deb"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-R", deb, root], check=True)
    control = root / "DEBIAN" / "control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", root, made], check=True
    )
    shutil.rmtree(root)
    return made


def from_debian(folder: Path, deb: Path) -> dict[str, list[Path]]:
    """Debian's files for the package and for each of ``FROM_DEBIAN``, kept in the image's folder.

    Raises CalledProcessError, OSError."""
    status = folder / "dpkg-status"
    if not status.exists():
        words = ["debugfs", "-R", "cat /var/lib/dpkg/status", str(folder / "base.img")]
        said = subprocess.run(words, check=True, capture_output=True).stdout
        status.write_bytes(said)
    return {
        what: _fetched(folder, status, what, given)
        for what, given in (("package", str(deb.resolve())), *((one, one) for one in FROM_DEBIAN))
    }


def _fetched(folder: Path, status: Path, what: str, given: str) -> list[Path]:
    digest = hashlib.sha256(given.encode()).hexdigest()[:8] if what != "package" else "deb"
    kept = folder / f"debs-{what}-{digest}"
    if not (kept / "made").exists():
        (kept / "partial").mkdir(parents=True, exist_ok=True)
        words = ["apt-get", "-q", "-y", "--no-install-recommends", "--download-only"]
        for option in (f"Dir::State::status={status}", f"Dir::Cache::archives={kept}",
                       "APT::Sandbox::User=root"):  # fmt: skip
            words += ["-o", option]
        subprocess.run([*words, "install", given], check=True, capture_output=True)
        (kept / "made").touch()
    return sorted(kept.glob("*.deb"))


@dataclass
class Place:
    """The machine, the files, and the console as a browser on this machine reaches it."""

    laptop: Laptop
    deb: Path
    debian: dict[str, list[Path]]
    pictures: Path
    port: int = 0
    passwords: dict[str, str] = field(default_factory=dict)
    remembered: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def put(self, *files: Path) -> str:
        """Copy files into an empty folder of the machine; how a shell there names them all."""
        self.laptop.sh(f"rm -rf {HERE}; mkdir {HERE}")
        for one in files:
            self.laptop.put(one, f"{HERE}/{one.name.replace('%3a', ':')}")
        return f"{HERE}/*.deb"

    def apt(self, words: str) -> str:
        """What apt says; it has no list of packages to look into. Raises GuestError."""
        said = f"DEBIAN_FRONTEND=noninteractive apt-get -q -y {words} 2>&1"
        return self.laptop.sh(said, timeout=SECONDS)

    def ready(self, to: int = 8443) -> None:
        """Wait until the collector is, and lay the way to its port. Raises GuestError."""
        self.laptop.wait_until(f"systemctl is-active -q {UNIT}", SECONDS)
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = int(probe.getsockname()[1])
            self._forward("forward", to)

    def _forward(self, what: str, to: int) -> None:
        ssh = self.laptop._ssh()
        where = f"127.0.0.1:{self.port}:127.0.0.1:{to}"
        subprocess.run(
            [*ssh[:-1], "-O", what, "-L", where, ssh[-1]],
            stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60,
        )  # fmt: skip

    def authority(self) -> str:
        """The collector's authority, as anybody may have it."""
        reply = requests.get(f"{self.url}/v1/ca", verify=False, timeout=300)
        reply.raise_for_status()
        return reply.text

    def logged_in(self, name: str) -> requests.Session | None:
        """Somebody's session in the console; None if they are not let in."""
        made = requests.Session()
        made.trust_env, made.verify = False, False
        made.headers["Origin"] = self.url
        form = {"name": name, "password": self.passwords[name]}
        with suppress(requests.ConnectionError):
            reply = made.post(f"{self.url}/login", data=form, allow_redirects=False, timeout=300)
            return made if reply.status_code == 303 else None
        return None

    def file_list(self) -> str:
        """Every file on the machine's disk that a package could leave behind."""
        skipped = ("proc sys run tmp home root var/tmp var/log var/cache var/lib/apt var/lib/dpkg "
                   "var/lib/systemd")  # fmt: skip
        places = " -o ".join(f"-path /{one}" for one in skipped.split())
        return self.laptop.sh(f"find / -xdev \\( {places} \\) -prune -o -print", timeout=SECONDS)
