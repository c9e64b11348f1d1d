"""The collector's command line: what it prints, what it refuses, and with which exit code."""

import csv
import io
import json
import os
import re
import socket
import ssl
import stat
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from pyrage import decrypt, encrypt, x25519

from agent.wire.messages import read_token
from server_stub import tls
from server_stub.terminal import cli
from tests.collector_on_loopback import Running, collector, pupil_file, run


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with collector(tmp_path_factory.mktemp("cli") / "state") as made:
        yield made


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    assert run(tmp_path / "state", "migrate").returncode == 0
    return tmp_path / "state"


# --- serve and migrate ----------------------------------------------------------------------------


def test_an_empty_folder_becomes_a_collector_that_only_its_owner_can_read(ready: Path) -> None:
    assert stat.S_IMODE(ready.stat().st_mode) == 0o700
    for name in ("ca.pem", "reply-key.pem", "collector.db"):
        assert stat.S_IMODE((ready / name).stat().st_mode) == 0o600, name
    before = (ready / "ca.pem").read_bytes()
    assert run(ready, "migrate").returncode == 0
    assert (ready / "ca.pem").read_bytes() == before


def test_the_server_shows_a_certificate_for_its_address_over_new_tls_only(running: Running) -> None:
    place = urlsplit(running.url)
    address = (place.hostname, place.port)
    context = ssl.create_default_context(cafile=running.ca)
    for name in ("127.0.0.1", "localhost"):
        with socket.create_connection(address) as plain:
            with context.wrap_socket(plain, server_hostname=name) as tls_socket:
                assert tls_socket.version() == "TLSv1.3"
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(address) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as tls_socket:
            assert tls_socket.version() == "TLSv1.2"
            assert "GCM" in tls_socket.cipher()[0]
    context.set_ciphers("ECDHE+AES:!AESGCM:!AESCCM")
    with socket.create_connection(address) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="localhost")
    context.set_ciphers("DEFAULT")
    with socket.create_connection(address) as plain, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(plain, server_hostname="another.example")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--listen", "nonsense"], "HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "HOST:PORT"),
        (["--listen", "0.0.0.0:0"], "--public-url"),
        (["--public-url", "http://x.example"], "https://"),
        (["--public-url", "https://x.example/path"], "nothing after it"),
        (["--timezone", "Mars/Olympus"], "time zone"),
        (["--database", "nonsense"], "database URL"),
    ],
)
def test_a_wrong_option_of_serve_is_explained(
    tmp_path: Path, options: list[str], said: str
) -> None:
    done = run(tmp_path / "state", "serve", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_explained(running: Running, tmp_path: Path) -> None:
    done = run(tmp_path / "state", "serve", "--listen", running.url.removeprefix("https://"))
    assert done.returncode == 2
    assert "is another program listening there?" in done.stderr


@pytest.mark.parametrize("name", ["ca.pem", "reply-key.pem"])
def test_a_damaged_key_is_named_and_never_replaced(ready: Path, name: str) -> None:
    (ready / name).write_text("damaged")
    done = run(ready, "serve", "--listen", "127.0.0.1:0")
    assert done.returncode == 2
    assert name in done.stderr
    assert (ready / name).read_text() == "damaged"


def test_a_folder_of_another_account_is_not_used(ready: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give a folder away")
    os.chown(ready, 4711, 4711)
    done = run(ready, "user", "list")
    assert done.returncode == 2
    assert "sudo -u '#4711'" in done.stderr


def test_commands_without_a_collector_say_where_they_looked(tmp_path: Path) -> None:
    for words in (["user", "list"], ["token", "new"], ["report"], ["breach", "list"]):
        done = run(tmp_path / "nowhere", *words)
        assert done.returncode == 2
        assert str(tmp_path / "nowhere") in done.stderr


# --- certificates ---------------------------------------------------------------------------------


def test_the_server_certificate_is_renewed_before_it_ends(ready: Path) -> None:
    def made(now: datetime) -> x509.Certificate:
        path = tls.ensure_server_certificate(ready, ["x.example"], now)
        return x509.load_pem_x509_certificate(path.read_bytes())

    now = datetime.now(UTC)
    first = made(now)
    assert made(now + timedelta(days=200)).serial_number == first.serial_number
    later = made(now + timedelta(days=300))
    assert later.serial_number != first.serial_number
    later.verify_directly_issued_by(tls.ca_certificate(ready))


def test_another_address_gets_another_certificate(ready: Path) -> None:
    now = datetime.now(UTC)
    path = tls.ensure_server_certificate(ready, ["a.example"], now)
    before = path.read_bytes()
    tls.ensure_server_certificate(ready, ["b.example", "192.0.2.7"], now)
    names = x509.load_pem_x509_certificate(path.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert path.read_bytes() != before
    assert set(names.value.get_values_for_type(x509.DNSName)) == {"b.example", "localhost"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_certificate_of_an_older_authority_is_replaced(ready: Path) -> None:
    now = datetime.now(UTC)
    path = tls.ensure_server_certificate(ready, ["a.example"], now)
    (ready / "ca.pem").unlink()
    tls.make_ca(ready, now)
    tls.ensure_server_certificate(ready, ["a.example"], now)
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    certificate.verify_directly_issued_by(tls.ca_certificate(ready))


# --- people and tokens ----------------------------------------------------------------------------


def test_a_user_is_added_once_and_stands_in_the_list(ready: Path) -> None:
    words = ("user", "add", "olaf", "--role", "officer")
    done = run(ready, *words, "--generate", "--json")
    assert re.fullmatch(r"[a-z0-9]{5}(-[a-z0-9]{5}){4}", json.loads(done.stdout)["password"])
    again = run(ready, *words, "--generate")
    assert again.returncode == 1
    assert "already" in again.stderr
    listed = json.loads(run(ready, "user", "list", "--json").stdout)
    assert [(one["name"], one["role"]) for one in listed] == [("olaf", "officer")]
    assert "password" not in listed[0]


@pytest.mark.parametrize("password", ["short", "", "x" * 300])
def test_a_password_that_is_none_is_refused(ready: Path, password: str) -> None:
    done = run(
        ready, "user", "add", "olaf", "--role", "it", "--password-stdin", given=password + "\n"
    )
    assert done.returncode == 1
    assert "characters" in done.stderr
    assert json.loads(run(ready, "user", "list", "--json").stdout) == []


def test_without_a_terminal_no_password_is_asked_for(ready: Path) -> None:
    done = run(ready, "user", "add", "olaf", "--role", "it")
    assert done.returncode == 2
    assert "--password-stdin" in done.stderr


def test_a_new_password_is_for_somebody_who_exists(ready: Path) -> None:
    done = run(ready, "user", "password", "nobody", "--generate")
    assert done.returncode == 1
    assert "user list" in done.stderr


def test_a_token_carries_the_pin_and_prints_the_command_for_the_laptop(running: Running) -> None:
    done = run(running.state, "token", "new", "--hours", "2")
    token = done.stdout.strip()
    assert read_token(token)[1] == tls.ca_pin(running.state)
    assert f"dossierwacht enrol --server {running.url} --token {token}" in done.stderr
    made = json.loads(run(running.state, "token", "new", "--uses", "3", "--json").stdout)
    assert made["uses"] == 3
    listed = run(running.state, "token", "list", "--json").stdout
    assert token not in listed
    assert {one["for"] for one in json.loads(listed)} == {"laptops"}


@pytest.mark.parametrize("options", [["--hours", "0"], ["--hours", "-3"], ["--uses", "0"]])
def test_a_token_that_lets_nobody_in_is_not_made(ready: Path, options: list[str]) -> None:
    assert run(ready, "token", "new", *options).returncode == 2


def test_an_api_token_can_be_taken_back(ready: Path) -> None:
    assert run(ready, "token", "api", "siem").stdout.startswith("dwapi-")
    assert run(ready, "token", "api", "siem").returncode == 1
    assert run(ready, "token", "revoke", "siem").returncode == 0
    assert run(ready, "token", "revoke", "siem").returncode == 1


# --- keys -----------------------------------------------------------------------------------------


def test_the_officers_keys_open_what_is_sealed_to_them_and_nothing_is_overwritten(
    tmp_path: Path,
) -> None:
    out = tmp_path / "keys"
    done = run(tmp_path / "state", "keys", "new", "--out", str(out))
    assert done.returncode == 0
    recipients = tomllib.loads(done.stdout)["recipients"]
    assert [one["name"] for one in recipients] == ["officer", "reserve"]
    assert all(one["proven"] is True for one in recipients)
    sealed = encrypt(b"invented", [x25519.Recipient.from_str(one["key"]) for one in recipients])
    for name in ("officer", "reserve"):
        file = out / f"{name}.agekey"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        secret = file.read_text().splitlines()[-1]
        assert decrypt(sealed, [x25519.Identity.from_str(secret)]) == b"invented"
        assert secret not in done.stdout
    before = (out / "officer.agekey").read_bytes()
    assert run(tmp_path / "state", "keys", "new", "--out", str(out)).returncode == 1
    assert (out / "officer.agekey").read_bytes() == before


def test_keys_go_into_no_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path / "state", "keys", "new", "--out", str(tmp_path / "file" / "keys"))
    assert done.returncode == 1
    assert "cannot be written to" in done.stderr
    assert "Traceback" not in done.stderr


# --- report and register --------------------------------------------------------------------------


def test_a_report_gives_each_event_once_in_both_forms(running: Running) -> None:
    laptop, other = running.laptop(), running.laptop()
    laptop.receipt(*(pupil_file() for _ in range(3)))
    other.receipt(pupil_file(decision=None, outcome=None, sealed=""))
    rows = json.loads(running.command("report", "--format", "json"))["events"]
    assert [(one["device"], one["seq"]) for one in rows] == [
        (laptop.name, 1),
        (laptop.name, 2),
        (laptop.name, 3),
        (other.name, 1),
    ]
    table = list(csv.DictReader(io.StringIO(running.command("report"))))
    assert [(one["device"], int(one["seq"])) for one in table] == [
        (one["device"], one["seq"]) for one in rows
    ]
    assert [json.loads(one["facts"]) for one in table] == [one["facts"] for one in rows]
    assert [one["sealed"] for one in table] == ["true", "true", "true", "false"]
    assert (table[0]["action"], table[0]["result"], table[3]["action"]) == ("seal-file", "done", "")
    only = json.loads(running.command("report", "--json", "--device", other.name))["events"]
    assert [one["device"] for one in only] == [other.name]
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert json.loads(running.command("report", "--json", "--since", later))["events"] == []


def test_a_report_since_no_moment_is_refused(running: Running) -> None:
    done = run(running.state, "report", "--since", "yesterday")
    assert done.returncode == 2
    assert "is no moment" in done.stderr


def test_an_empty_register_is_an_empty_list(running: Running) -> None:
    assert json.loads(running.command("breach", "list", "--json")) == []
    done = run(running.state, "breach", "list")
    assert (done.returncode, done.stdout) == (0, "")


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["serve"], ["user", "add"], ["token", "new"], ["keys", "new"], ["report"]):
        with pytest.raises(SystemExit) as ended:
            cli.main([*words, "--help"])
        assert ended.value.code == 0
        assert "usage: dossierwacht-collector" in capsys.readouterr().out


def test_an_unknown_command_is_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["nonsense"], [], ["user"], ["user", "add", "olaf", "--role", "king"]):
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        assert ended.value.code == 2
    capsys.readouterr()
