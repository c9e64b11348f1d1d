"""Mail over a real server on loopback: TLS, logins, refusals, and what stands in a mail."""

import json
import socket
import ssl
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server_stub.errors import ConfigError, MailDown, MailRefused
from server_stub.post import mail, mail_settings
from server_stub.post.mail import Letter
from server_stub.post.mail_settings import Settings, Tls
from tests.collector_on_loopback import run
from tests.mailbox import LOGIN, Mailbox, certificate, mailbox, with_login

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TO = "olaf@school.example"


def settings(port: int, **changes: object) -> Settings:
    values: dict[str, object] = {
        "host": "localhost",
        "port": port,
        "sender": "dossierwacht@school.example",
        "since": NOON,
        "tls": Tls.NONE,
    }
    return Settings(**(values | changes))  # type: ignore[arg-type]


def send(how: Settings, password: str = "", to: str = TO, subject: str = "Invented") -> None:
    with mail.connected(how, password) as courier:
        courier.send(Letter(to=to, subject=subject, text="Vóór maandag.\n", language="nl"), NOON)


# --- what stands in a mail ------------------------------------------------------------------------


def test_a_mail_is_plain_text_that_says_it_was_written_by_a_program() -> None:
    with mailbox() as kept:
        send(settings(kept.port), subject="Brudregister: påmindelse")
    (got,) = kept.taken
    assert got["From"] == "Dossierwacht <dossierwacht@school.example>"
    assert (got["To"], got["Subject"]) == (TO, "Brudregister: påmindelse")
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Content-Transfer-Encoding"] == "quoted-printable"
    assert got["Content-Language"] == "nl"
    assert got["Message-ID"].endswith("@school.example>")
    assert got["Date"].datetime == NOON
    assert got.get_content_type() == "text/plain"
    assert got.get_content().splitlines() == ["Vóór maandag."]
    assert socket.gethostname() not in str(got["Message-ID"])


@pytest.mark.parametrize(
    "subject", ["a\r\nBcc: evil@x.example", "a\nb", "a\rb", "a\x00b", "a\u2028b", "a\x0bb"]
)
def test_nothing_in_a_subject_begins_another_header(subject: str) -> None:
    with mailbox() as kept:
        send(settings(kept.port), subject=subject)
    (got,) = kept.taken
    assert "Bcc" not in got
    assert got.get_content().splitlines() == ["Vóór maandag."]


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: evil@x.example",
        "a@b.example\n",
        "a@b.example, c@d.example",
        "Olaf <a@b.example>",
        '"a b"@c.example',
        "a@b.example> SIZE=1",
        "a@@b.example",
        "a@-b.example",
        "a@b..example",
        ".a@b.example",
        "å@b.example",
        "@b.example",
        "a" * 250 + "@b.example",
        "",
    ],
)
def test_what_is_no_address_is_never_written_to(address: str) -> None:
    with pytest.raises(ConfigError):
        mail_settings.check_address(address)
    with mailbox() as kept:
        with pytest.raises(MailRefused, match="no mail address"):
            send(settings(kept.port), to=address)
    assert kept.taken == []


@pytest.mark.parametrize("address", ["a@b", "a.b+c@d-e.example", "o'hara@x.example"])
def test_usual_addresses_are_good(address: str) -> None:
    assert mail_settings.check_address(address) == address


# --- TLS and login --------------------------------------------------------------------------------


def test_starttls_with_a_login_and_an_authority_of_its_own(tmp_path: Path) -> None:
    pem, context = certificate(tmp_path, "localhost")
    how = {"tls_context": context, "require_starttls": True, "authenticator": with_login}
    with mailbox(**how, auth_required=True) as kept:
        good = settings(kept.port, tls=Tls.STARTTLS, user=LOGIN[0], ca_file=str(pem))
        send(good, LOGIN[1])
        with pytest.raises(MailDown, match="refused the login") as wrong:
            send(good, "wrong-invented-password")
        assert "wrong-invented-password" not in str(wrong.value)
        with pytest.raises(MailDown, match="not believed"):
            send(settings(kept.port, tls=Tls.STARTTLS))
        with pytest.raises(MailDown, match="530"):
            send(settings(kept.port, tls=Tls.STARTTLS, ca_file=str(pem)))
    assert len(kept.taken) == 1


def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    pem, context = certificate(tmp_path, "localhost")
    with mailbox(ssl_context=context) as kept:
        send(settings(kept.port, tls=Tls.IMPLICIT, ca_file=str(pem)))
        with pytest.raises(MailDown, match="not believed"):
            send(settings(kept.port, tls=Tls.IMPLICIT))
    assert len(kept.taken) == 1


def test_a_certificate_of_another_host_is_not_believed(tmp_path: Path) -> None:
    pem, context = certificate(tmp_path, "mail.school.example")
    with mailbox(tls_context=context) as kept:
        with pytest.raises(MailDown, match="not believed"):
            send(settings(kept.port, tls=Tls.STARTTLS, ca_file=str(pem)))
    assert kept.taken == []


def test_a_server_without_starttls_gets_nothing_in_the_clear() -> None:
    with mailbox() as kept:
        with pytest.raises(MailDown, match="offers no STARTTLS"):
            send(settings(kept.port, tls=Tls.STARTTLS))
    assert kept.taken == []


def test_tls_on_a_port_without_it_is_explained() -> None:
    with mailbox() as kept:
        with pytest.raises(MailDown, match="--tls"):
            send(settings(kept.port, tls=Tls.IMPLICIT))


def test_a_login_at_a_server_that_knows_none_is_explained() -> None:
    with mailbox() as kept:
        with pytest.raises(MailDown, match="without --user"):
            send(settings(kept.port, user="x"), "y")


def test_certificates_that_are_none_are_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    for name in ("ca.pem", "gone.pem"):
        with pytest.raises(ConfigError, match=name):
            send(settings(25, tls=Tls.STARTTLS, ca_file=str(tmp_path / name)))


# --- refusals and servers that are not well -------------------------------------------------------


def test_an_address_that_is_refused_leaves_the_connection_good() -> None:
    with mailbox() as kept:
        kept.refused["gone@school.example"] = "550 nobody \x1b[31mhere\x00"
        with mail.connected(settings(kept.port), "") as courier:
            for to in ("gone@school.example", TO):
                letter = Letter(to=to, subject="s", text="t", language="en")
                if to == TO:
                    courier.send(letter, NOON)
                    continue
                with pytest.raises(MailRefused, match="550") as wrong:
                    courier.send(letter, NOON)
                assert str(wrong.value).isprintable()
    assert len(kept.to(TO)) == 1


def test_a_mail_or_a_sender_that_is_refused_is_told_apart() -> None:
    with mailbox() as kept:
        kept.data_answer = "554 looks like spam"
        with pytest.raises(MailRefused, match="554 looks like spam"):
            send(settings(kept.port))
        kept.sender_answer = "550 not yours"
        with pytest.raises(MailDown, match="550 not yours; check --from"):
            send(settings(kept.port))


def test_nobody_listening_and_nobody_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(MailDown, match="cannot reach"):
        send(settings(port, host="127.0.0.1"))
    with pytest.raises(MailDown, match="cannot reach"):
        send(settings(25, host="mail.invalid", allow_plain=True))


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(MailDown, match="did not answer"):
            send(settings(silent.getsockname()[1], host="127.0.0.1"))


def test_a_server_that_speaks_another_language_is_explained() -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:

        def answer() -> None:
            with odd.accept()[0] as taken:
                taken.sendall(b"\xff\xfeHTTP/1.1 400 Bad\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(MailDown):
            send(settings(odd.getsockname()[1], host="127.0.0.1"))
        thread.join(10)


# --- settings -------------------------------------------------------------------------------------


def test_nothing_leaves_this_machine_in_the_clear_unless_that_was_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--allow-plain"):
        mail_settings.write(tmp_path, settings(25, host="mail.school.example"), None)
    open_door = settings(25, host="mail.school.example", allow_plain=True)
    mail_settings.write(tmp_path, open_door, None)
    assert mail_settings.read(tmp_path) == open_door
    with pytest.raises(ConfigError, match="password goes out by TLS only"):
        mail_settings.write(
            tmp_path, settings(25, host="192.0.2.7", user="x", allow_plain=True), "secret"
        )
    for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        mail_settings.check(settings(25, host=host))
    for host in ("localhost.evil.example", "127.0.0.1.evil.example", "a b", "", "a\r\nb"):
        with pytest.raises(ConfigError):
            mail_settings.check(settings(25, host=host))


def test_settings_changed_by_hand_are_checked_as_well(tmp_path: Path) -> None:
    mail_settings.write(tmp_path, settings(25), None)
    path = tmp_path / mail_settings.FILE
    for text in (
        path.read_text().replace("localhost", "mail.school.example"),
        path.read_text().replace("dossierwacht@", "dossierwacht@x\\r\\nBcc:@"),
        '{"host": 3}',
        "[",
        path.read_text().replace("Z", ""),
    ):
        path.write_text(text)
        with pytest.raises(ConfigError):
            mail_settings.read(tmp_path)


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    assert run(tmp_path / "state", "migrate").returncode == 0
    return tmp_path / "state"


def set_up(state: Path, kept: Mailbox, *more: str, given: str = "") -> int:
    words = ("mail", "set", "--host", "localhost", "--port", str(kept.port), *more)
    return run(state, *words, "--from", "dossierwacht@school.example", given=given).returncode


def test_the_password_is_in_one_file_for_the_owner_and_nowhere_else(
    ready: Path, tmp_path: Path
) -> None:
    pem, context = certificate(tmp_path, "localhost")
    with mailbox(tls_context=context, authenticator=with_login) as kept:
        options = ("--user", LOGIN[0], "--password-stdin", "--ca-file", str(pem))
        assert set_up(ready, kept, *options, given=LOGIN[1] + "\n") == 0
        done = run(ready, "mail", "test", TO, "--language", "da")
        assert (done.returncode, done.stderr) == (0, "")
        assert kept.taken[0]["Subject"] == "Dossierwacht: testmail"
        assert "Kan du læse den" in kept.taken[0].get_content()
        shown = run(ready, "mail", "show").stdout + run(ready, "mail", "show", "--json").stdout
        assert LOGIN[0] in shown
        assert LOGIN[1] not in shown
        places = [path.name for path in ready.iterdir() if LOGIN[1].encode() in path.read_bytes()]
        assert places == ["mail-password"]
        assert stat.S_IMODE((ready / "mail-password").stat().st_mode) == 0o600
        (ready / "mail-password").chmod(0o640)
        done = run(ready, "mail", "test", TO)
        assert done.returncode == 2
        assert "others may read" in done.stderr
    assert run(ready, "mail", "set", "--user", "").returncode == 0
    assert not (ready / "mail-password").exists()


def test_what_is_wrong_is_said_plainly_and_without_the_password(ready: Path) -> None:
    done = run(ready, "mail", "test", TO)
    assert done.returncode == 1
    assert "mail set" in done.stderr
    assert run(ready, "mail", "status").returncode == 1
    with mailbox() as kept:
        assert set_up(ready, kept) == 0
        done = run(ready, "mail", "test", TO)
    assert done.returncode == 1
    assert "offers no STARTTLS" in done.stderr
    done = run(ready, "mail", "test", TO)
    assert done.returncode == 1
    assert "cannot reach" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "mail.school.example"], "--from"),
        (["--host", "h", "--from", "a@b.example", "--user", "x"], "--password-stdin"),
        (["--host", "h", "--from", "a@b.example", "--password-stdin"], "--user"),
        (["--host", "h", "--from", "a@b.example", "--tls", "none"], "--allow-plain"),
        (["--host", "h", "--from", "a@b.example", "--port", "99999"], "99999"),
        (["--host", "h", "--from", "nobody"], "no mail address"),
        (["--host", "h", "--from", "a@b.example", "--copy-to", "x"], "no mail address"),
    ],
)
def test_a_setting_that_cannot_be_used_is_not_kept(
    ready: Path, options: list[str], said: str
) -> None:
    done = run(ready, "mail", "set", *options, given="secret\n")
    assert done.returncode == 2
    assert said in done.stderr
    assert not (ready / "mail.json").exists()


def test_one_setting_is_changed_and_the_others_stay(ready: Path) -> None:
    words = ("--host", "mail.school.example", "--from", "a@school.example")
    assert run(ready, "mail", "set", *words).returncode == 0
    first = mail_settings.read(ready)
    assert first is not None
    assert (first.port, first.tls) == (587, Tls.STARTTLS)
    assert abs(datetime.now(UTC) - first.since) < timedelta(hours=1)
    run(ready, "mail", "set", "--tls", "implicit", "--copy-to", "fg@school.example")
    second = mail_settings.read(ready)
    assert second is not None
    assert (second.port, second.tls, second.host) == (465, Tls.IMPLICIT, "mail.school.example")
    assert (second.copy_to, second.since) == ("fg@school.example", first.since)
    run(ready, "mail", "set", "--copy-to", "")
    assert json.loads(run(ready, "mail", "show", "--json").stdout)["settings"]["copy_to"] == ""
    assert run(ready, "mail", "off").returncode == 0
    assert mail_settings.read(ready) is None


def test_who_is_told_what_is_shown(ready: Path) -> None:
    run(ready, "mail", "set", "--host", "h", "--from", "a@school.example")
    for name, role in (("olaf", "officer"), ("maaike", "management"), ("ingrid", "it")):
        assert run(ready, "user", "add", name, "--role", role, "--generate").returncode == 0
        address = f"{name}@school.example"
        assert run(ready, "user", "mail", name, address, "--language", "nl").returncode == 0
    told = json.loads(run(ready, "mail", "show", "--json").stdout)["told"]
    assert [(one["who"], one["language"]) for one in told] == [
        ("user:maaike", "nl"),
        ("user:olaf", "nl"),
    ]
    assert told[0]["told"] == ["over", "still-over"]
    assert "maaike" not in run(ready, "mail", "status").stdout
    assert run(ready, "user", "mail", "olaf", "").returncode == 0
    done = run(ready, "mail", "status")
    assert (done.returncode, "no privacy officer" in done.stdout) == (1, True)
    assert run(ready, "user", "mail", "nobody", "a@b.example").returncode == 1
    assert run(ready, "user", "mail", "olaf", "a@b\nBcc: c@d").returncode == 2


def test_the_certificate_check_is_on() -> None:
    context = mail._context(settings(25, tls=Tls.STARTTLS))
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
