"""The packages of the journey: both of this checkout, a newer agent, and what they depend on.

The laptop has no way to the internet. What it lacks is fetched by the host's apt, which is shown
the laptop's own list of packages, and kept in the cache of the lab.
"""

import os
import subprocess
from pathlib import Path

from tests.vm.laptop import image
from tests.vm.laptop.machine import Laptop

ROOT = Path(__file__).resolve().parents[3]
OUT = "build/lab/debs"
NEWER = "0.1.1"
DEPENDS = (
    "libpango-1.0-0",
    "libpangoft2-1.0-0",
    "libharfbuzz-subset0",
    "fonts-dejavu-core",
    "python3-xdg",
)
"""What the collector's package depends on, and by which openbox starts programs with a session."""


def build(what: str, version: str = "") -> Path:
    """A package made from this checkout. Raises CalledProcessError."""
    environment = os.environ | ({"VERSION": version} if version else {})
    made = subprocess.run(
        [ROOT / "installer" / "build-deb", what, OUT],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return ROOT / made.stdout.strip().splitlines()[-1]


def lacking(laptop: Laptop, work: Path) -> list[Path]:
    """What the laptop lacks of DEPENDS, as files. Raises CalledProcessError, GuestError."""
    status, archive = work / "status", image.cache() / "debs" / image.key()
    status.write_text(laptop.sh("cat /var/lib/dpkg/status"), "utf-8")
    (archive / "partial").mkdir(parents=True, exist_ok=True)
    options = (f"Dir::State::status={status}", f"Dir::Cache::archives={archive}",
               "APT::Install-Recommends=false", "APT::Sandbox::User=root")  # fmt: skip
    words = [word for option in options for word in ("-o", option)]
    subprocess.run(
        ["apt-get", "-q", "-y", "--download-only", *words, "install", *DEPENDS],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return sorted(archive.glob("*.deb"))
