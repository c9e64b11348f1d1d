"""The signed apt repository: apt takes what is in it, and nothing that somebody changed.

Real gpg with a key of the test's own, a real apt with a root of its own, and a web server on
loopback.
"""

import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server_stub import settings_package
from server_stub.settings_package import Told
from tests.collector_on_loopback import ROOT

PROGRAMS = ("apt-get", "apt-ftparchive", "gpg", "dpkg-deb")
pytestmark = pytest.mark.skipif(
    any(shutil.which(one) is None for one in PROGRAMS), reason=f"needs {', '.join(PROGRAMS)}"
)
PACKAGE = "dossierwacht-invented"
SECONDS = 120


def run(*words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=os.environ | {"LC_ALL": "C.UTF-8"} | environ,
    )


def a_package(folder: Path, version: str) -> Path:
    root = folder / f"root-{version}"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        f"Package: {PACKAGE}\nVersion: {version}\nArchitecture: amd64\n"
        "Maintainer: Invented <invented@school.example>\nDescription: invented\n"
    )
    (root / "content").write_text("x" * 5000 + version)
    made = folder / f"{PACKAGE}_{version}_amd64.deb"
    assert run("dpkg-deb", "--root-owner-group", "-b", root, made).returncode == 0
    return made


class Keys:
    """A gpg of its own, with two keys."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700)
        self.home = str(home)
        for name in ("good", "other"):
            words = ("--passphrase", "", "--quick-generate-key", f"{name} <{name}@school.example>")
            done = run("gpg", "--batch", *words, "ed25519", "sign", "never", GNUPGHOME=self.home)
            assert done.returncode == 0, done.stderr

    def repository(
        self, folder: Path, url: str, *debs: Path, key: str = "good", **more: str
    ) -> str:
        words = (ROOT / "installer/apt-repository", folder, f"{key}@school.example", *debs)
        done = run(*words, GNUPGHOME=self.home, URL=url, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    # gpg's socket needs a short path.
    folder = tmp_path_factory.mktemp("g")
    made = Keys(folder / "g")
    yield made
    run("gpgconf", "--kill", "all", GNUPGHOME=made.home)


class Laptop:
    """An apt with a root of its own, which knows this one repository."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.folder = folder
        for name in ("state/lists/partial", "cache/archives/partial", "sources", "log"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        shutil.copy(repository / "dossierwacht.gpg", folder / "key.gpg")
        text = (repository / "dossierwacht.sources").read_text()
        source = text.replace("/etc/apt/keyrings/dossierwacht.gpg", str(folder / "key.gpg"))
        (folder / "sources" / "dossierwacht.sources").write_text(source)

    def apt(self, *words: str) -> subprocess.CompletedProcess[str]:
        options = {
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": str(self.folder / "sources"),
            "Dir::State": str(self.folder / "state"),
            "Dir::State::status": str(self.folder / "status"),
            "Dir::Cache": str(self.folder / "cache"),
            "Dir::Log": str(self.folder / "log"),
            "APT::Sandbox::User": "root",
            "APT::Architecture": "amd64",
            "APT::Update::Error-Mode": "any",
            "Acquire::http::Proxy": "DIRECT",
            "Acquire::Retries": "0",
        }
        given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return subprocess.run(
            ["apt-get", "-q", *given, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
        )

    def takes(self) -> bool:
        """Whether apt believes the list and takes the newest package."""
        for old in self.folder.glob("*.deb"):
            old.unlink()
        updated = self.apt("update").returncode == 0
        return updated and self.apt("download", PACKAGE).returncode == 0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which it is shown."""
    folder = tmp_path / "repository"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            # Two lists of one second would be the same to it.
            del self.headers["If-Modified-Since"]
            super().do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_apt_takes_what_the_key_signed_and_the_newest_of_it(
    keys: Keys, served: tuple[Path, str], tmp_path: Path
) -> None:
    folder, url = served
    keys.repository(folder, url, a_package(tmp_path, "1.0"))
    laptop = Laptop(tmp_path / "laptop", folder)
    assert laptop.takes()
    keys.repository(folder, url, a_package(tmp_path, "1.1"))
    assert laptop.takes()
    assert [one.name for one in laptop.folder.glob("*.deb")] == [f"{PACKAGE}_1.1_amd64.deb"]
    assert sorted(one.name for one in folder.iterdir()) == [
        "52dossierwacht",
        "dists",
        "dossierwacht.gpg",
        "dossierwacht.sources",
        "pool",
    ]
    said = run("apt-config", "-c", folder / "52dossierwacht", "dump", "Unattended-Upgrade").stdout
    assert 'Unattended-Upgrade::Origins-Pattern:: "origin=Dossierwacht,codename=stable"' in said
    release = (folder / "dists/stable/Release").read_text()
    assert "Origin: Dossierwacht\n" in release
    assert "Codename: stable\n" in release


@pytest.mark.parametrize("what", ["package", "packages", "inrelease", "signature", "other-key"])
def test_apt_refuses_what_somebody_changed(
    keys: Keys, served: tuple[Path, str], tmp_path: Path, what: str
) -> None:
    folder, url = served
    keys.repository(folder, url, a_package(tmp_path, "1.0"))
    laptop = Laptop(tmp_path / "laptop", folder)
    suite = folder / "dists/stable"
    if what == "package":
        flip(folder / f"pool/{PACKAGE}_1.0_amd64.deb")
    elif what == "packages":
        for one in (suite / "main/binary-amd64").iterdir():
            flip(one)
    elif what == "inrelease":
        flip(suite / "InRelease", b"Origin: Dossierwacht", b"Origin: Dossierwachs")
    elif what == "signature":
        (suite / "InRelease").unlink()
        flip(suite / "Release", b"Origin: Dossierwacht", b"Origin: Dossierwachs")
    else:
        keys.repository(folder, url, a_package(tmp_path, "1.1"), key="other")
    assert not laptop.takes()
    assert list(laptop.folder.glob("*.deb")) == []


def test_a_list_can_be_made_to_end(keys: Keys, served: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = served
    keys.repository(folder, url, a_package(tmp_path, "1.0"), VALID_DAYS="30")
    assert "\nValid-Until: " in (folder / "dists/stable/Release").read_text()
    assert Laptop(tmp_path / "laptop", folder).takes()


def test_a_package_with_a_token_is_not_published(keys: Keys, tmp_path: Path) -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    told = Told(server="https://collector.school.example", token="invented")
    given = tmp_path / settings_package.file_name(now)
    given.write_bytes(settings_package.build(told, now))
    words = (ROOT / "installer/apt-repository", tmp_path / "out", "good@school.example", given)
    done = run(*words, GNUPGHOME=keys.home)
    assert (done.returncode, "holds a token" in done.stderr) == (2, True)
    assert list((tmp_path / "out").glob("**/*.deb")) == []


def flip(path: Path, old: bytes = b"", new: bytes = b"") -> None:
    """Change one byte, in the middle or where it is said."""
    content = path.read_bytes()
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    path.write_bytes(content.replace(old, new, 1) if old else changed)
