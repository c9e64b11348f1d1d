"""``./dev bench seal``: sealing a file, against the public ``age`` command doing the same.

Ours is what happens before an original may go: encrypt, put on the disk, read back from it, open
with the throw-away key, compare. ``age`` encrypts to the same recipients and the file is put on the
disk; it proves nothing. The second row is the encryption alone. Both in turn, on the same disk, so
the ratio holds when the machine's speed drifts.
"""

import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyrage

from enforcement import age
from enforcement.base import Attempt, Recipient, Settings
from enforcement.seal_file import SealFile

ROUNDS = 7
MEGABYTES = 64
COUNT = 40
"""Files of the small size, one after the other."""
SMALL = 60_000


def recipients() -> tuple[Recipient, ...]:
    """Two officers."""
    made = (str(pyrage.x25519.Identity.generate().to_public()) for _ in range(2))
    return tuple(Recipient(name="officer", key=key, proven=True) for key in made)


def attempt(path: Path, number: int) -> Attempt:
    """What the collector would say of this file."""
    found = path.stat()
    proof: dict[str, str | int] = {"device": found.st_dev, "inode": found.st_ino}
    proof["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return Attempt(id=str(number), subject=os.fspath(path), proof=proof)


def ours(folder: Path, people: tuple[Recipient, ...], size: int, count: int) -> float:
    """Seconds for the whole transaction."""
    home = folder / "home"
    home.mkdir()
    (folder / "state").mkdir(mode=0o700)
    settings = Settings(
        state=folder / "state", roots=(home,), recipients=people, stage=folder / "stage"
    )
    action, asked = SealFile(settings), []
    for number in range(count):
        path = home / str(number)
        path.write_bytes(os.urandom(size))
        asked.append(attempt(path, number))
    os.sync()
    began = time.perf_counter()
    for one in asked:
        action.apply(one)
    return time.perf_counter() - began


def encryption(folder: Path, people: tuple[Recipient, ...], size: int, count: int) -> float:
    """Seconds to encrypt alone, put on the disk as the peer's is."""
    sources = written(folder, size, count)
    keys = tuple(one.key for one in people)
    began = time.perf_counter()
    for path in sources:
        with path.open("rb") as source, path.with_suffix(".age").open("wb+") as target:
            age.seal_stream(source.fileno(), target.fileno(), keys)
            os.fsync(target.fileno())
    return time.perf_counter() - began


def peer(folder: Path, people: tuple[Recipient, ...], size: int, count: int) -> float:
    """Seconds for ``age -r ... -o``, and putting its result on the disk."""
    sources = written(folder, size, count)
    words = [word for one in people for word in ("-r", one.key)]
    began = time.perf_counter()
    for path in sources:
        sealed = path.with_suffix(".age")
        subprocess.run(["age", *words, "-o", sealed, path], check=True, timeout=600)
        with sealed.open("rb") as target:
            os.fsync(target.fileno())
    return time.perf_counter() - began


def written(folder: Path, size: int, count: int) -> list[Path]:
    """Files of random bytes."""
    paths = [folder / str(number) for number in range(count)]
    for path in paths:
        path.write_bytes(os.urandom(size))
    os.sync()
    return paths


Work = Callable[[Path, tuple[Recipient, ...], int, int], float]


def compared(what: str, work: Work, size: int, count: int) -> dict[str, object]:
    """The medians of pairs, in megabytes a second."""
    pairs, people = [], recipients()
    for _ in range(ROUNDS):
        speeds = []
        for one in (work, peer):
            with tempfile.TemporaryDirectory(dir=".") as folder:
                speeds.append(size * count / 1e6 / one(Path(folder).resolve(), people, size, count))
        pairs.append(speeds)
    return {
        "what": what,
        "ours": round(statistics.median(a for a, _ in pairs), 1),
        "peer": round(statistics.median(b for _, b in pairs), 1),
        "peer_name": f"age {version()}, encrypting only",
        "unit": "MB/s",
        "ratio": round(statistics.median(a / b for a, b in pairs), 3),
    }


def version() -> str:
    """The peer's own word for its version."""
    said = subprocess.run(["age", "--version"], capture_output=True, text=True, check=True)
    return said.stdout.strip()


def main() -> int:
    """Measure, print and write."""
    if shutil.which("age") is None:
        print("the peer is missing: install Debian's package age")
        return 1
    big, many = MEGABYTES << 20, f"{COUNT} files of {SMALL // 1000} kB"
    rows = [
        compared(f"sealed and proven, {MEGABYTES} MB", ours, big, 1),
        compared(f"encrypted alone, {MEGABYTES} MB", encryption, big, 1),
        compared(f"sealed and proven, {many}", ours, SMALL, COUNT),
        compared(f"encrypted alone, {many}", encryption, SMALL, COUNT),
    ]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    out = Path("build/bench/seal.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"rows": rows, "machine": machine}, indent=1), "utf-8")
    for row in rows:
        print(f"{row['what']}: {row['ours']} against {row['peer']} MB/s, ratio {row['ratio']}")
    print(f"peer: {rows[0]['peer_name']}; {ROUNDS} pairs; {machine}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
