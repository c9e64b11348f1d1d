"""A certificate from elsewhere is shown to people, and the own one to laptops."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server_stub import served, tls
from server_stub.errors import ConfigError
from server_stub.given_certificate import GivenCertificate
from tests.collector_on_loopback import collector, run

LAPTOPS, PEOPLE = "https://collector.school.example:8443", "dossierwacht.school.example"


def certificate(folder: Path, *names: str) -> Path:
    """What an authority elsewhere gives an organisation."""
    folder.mkdir(exist_ok=True)
    tls.make_ca(folder, datetime.now(UTC))
    path = tls.ensure_server_certificate(folder, names, datetime.now(UTC))
    (folder / "authority.pem").write_bytes(tls.ca_pem(folder))
    return path


def shown(port: int, name: str, authority: Path) -> tuple[str, ...]:
    """The names in the certificate that somebody who asks for one is shown, if they trust it."""
    trusting = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection(("127.0.0.1", port), 30) as line,
        trusting.wrap_socket(line, server_hostname=name) as spoken,
    ):
        found = spoken.getpeercert()
    assert found is not None
    return tuple(str(value) for kind, value in found["subjectAltName"] if kind == "DNS")  # type: ignore[misc,str-unpack]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("elsewhere")
    certificate(folder / "given", PEOPLE, "*.care.example")
    yield folder


def test_each_name_is_shown_its_own_certificate(elsewhere: Path, tmp_path: Path) -> None:
    given = elsewhere / "given" / tls.SERVER
    options = ("--public-url", LAPTOPS, "--certificate", str(given))
    with collector(tmp_path / "state", *options) as running:
        port = int(running.url.rpartition(":")[2])
        own, theirs = Path(running.ca), elsewhere / "given" / "authority.pem"
        assert "collector.school.example" in shown(port, "collector.school.example", own)
        for name in (PEOPLE, PEOPLE.upper(), "console.care.example"):
            assert PEOPLE in shown(port, name, theirs)
        for name in ("collector.school.example", "localhost"):
            with pytest.raises(ssl.SSLCertVerificationError):
                shown(port, name, theirs)
        with pytest.raises(ssl.SSLCertVerificationError):
            shown(port, "far.console.care.example", theirs)


def test_a_renewed_certificate_is_taken_up_and_a_broken_one_is_not(tmp_path: Path) -> None:
    path = certificate(tmp_path / "one", PEOPLE)
    given = GivenCertificate(path, LAPTOPS)
    first = given._context
    path.write_bytes(b"half a cert")
    given.look_again()
    assert given._context is first
    path.write_bytes(certificate(tmp_path / "two", "new.school.example").read_bytes())
    given.look_again()
    line = served.tls_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
    before = line.context
    given.choose(line, PEOPLE, before)
    assert line.context is before
    given.choose(line, "new.school.example", before)
    assert line.context is not before


def test_what_cannot_be_used_is_told_before_anything_is_begun(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "nothing.pem").write_bytes(b"")
    whole, end = certificate(tmp_path / "made", PEOPLE).read_bytes(), b"-----END CERTIFICATE-----\n"
    (folder / "key-missing.pem").write_bytes(whole[: whole.rindex(end) + len(end)])
    for name in ("nothing.pem", "key-missing.pem", "not-there.pem"):
        with pytest.raises(ConfigError, match="cannot use the certificate"):
            GivenCertificate(folder / name, LAPTOPS)
    same = certificate(tmp_path / "same", "collector.school.example")
    done = run(tmp_path / "state", "serve", "--public-url", LAPTOPS, "--certificate", str(same))
    assert done.returncode == 2
    assert "give the console a name of its own" in done.stderr
