"""Organisations on the terminal: made, listed, and never two on one host or one database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from server_stub import organisation_file
from server_stub.config import configure
from server_stub.organisation_file import Organisation, host_of
from server_stub.storage import store_claim
from server_stub.storage.store import Store
from server_stub.terminal import cli
from tests.collector_on_loopback import run
from tests.databases import Server, needs_postgresql
from tests.organisations_visit import add


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def folder(state: Path, name: str) -> Path:
    return state / "organisations" / name


def test_each_is_a_whole_state_folder_for_the_owner_alone(state: Path) -> None:
    assert add(state, "noord").returncode == 0
    assert add(state, "zuid").returncode == 0
    secret = ("ca.pem", "reply-key.pem", "stick.key", "feed.key", "login.key", "organisation.json")
    for name in secret:
        one, other = (folder(state, org) / name for org in ("noord", "zuid"))
        assert one.stat().st_mode & 0o777 == 0o600
        assert one.read_bytes() != other.read_bytes()
    assert folder(state, "noord").stat().st_mode & 0o077 == 0


def test_every_command_finds_one_by_name_or_by_its_folder(state: Path) -> None:
    add(state, "noord"), add(state, "zuid")
    words = ("user", "add", "olaf", "--role", "officer", "--generate", "--organisation", "noord")
    assert run(state, *words).returncode == 0
    assert "olaf" in run(state, "user", "list", "--organisation", "noord").stdout
    assert "olaf" in run(folder(state, "noord"), "user", "list").stdout
    assert "olaf" not in run(state, "user", "list", "--organisation", "zuid").stdout
    token = json.loads(run(folder(state, "zuid"), "token", "new", "--json").stdout)
    assert token["server"] == "https://zuid.example"


@pytest.mark.parametrize(
    "words",
    [
        ("user", "list"),
        ("migrate",),
        ("token", "new"),
        ("mail", "show"),
        ("retention", "now"),
        ("login", "show"),
    ],
)
def test_the_installation_itself_is_no_collector(state: Path, words: tuple[str, ...]) -> None:
    add(state, "noord")
    done = run(state, *words)
    assert done.returncode == 2
    assert "--organisation NAME" in done.stderr
    assert os.listdir(state) == ["organisations"]


@pytest.mark.parametrize("name", ["", "..", "a/b", "Noord", "-a", "a-", "a" * 41, "é", ".a", "a b"])
def test_a_name_is_one_that_a_folder_can_have(state: Path, name: str) -> None:
    words = ("organisation", "add", "--public-url", "https://x.example", "--", name)
    assert cli.main(["--state", str(state), *words]) == 2
    assert not state.exists()
    assert run(state, "user", "list", f"--organisation={name}").returncode == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1",
        "https://[::1]:8443",
        "https://localhost",
        "http://x.example",
        "https://x.example/path",
        "https://*.example",
        "https://",
        "https://" + "a" * 64 + ".example",
    ],
)
def test_an_address_needs_a_host_name(state: Path, url: str) -> None:
    done = run(state, "organisation", "add", "noord", "--public-url", url)
    assert done.returncode == 2
    assert not state.exists()


@pytest.mark.parametrize(
    "url", ["https://noord.example", "https://NOORD.example:8443", "https://noord.example."]
)
def test_two_do_not_have_one_host(state: Path, url: str) -> None:
    add(state, "noord")
    done = run(state, "organisation", "add", "zuid", "--public-url", url)
    assert done.returncode == 2
    assert "noord.example is the host of organisation 'noord' already" in done.stderr
    assert not folder(state, "zuid").exists()


def test_one_that_is_there_is_left_as_it_is(state: Path) -> None:
    add(state, "noord")
    before = {one.name: one.read_bytes() for one in folder(state, "noord").iterdir()}
    again = run(state, "organisation", "add", "noord", "--public-url", "https://y.example")
    assert again.returncode == 1
    assert {one.name: one.read_bytes() for one in folder(state, "noord").iterdir()} == before


def test_of_two_who_add_one_host_at_once_one_is_refused(state: Path) -> None:
    """Two processes, as two people would: a command sets the umask of its own."""
    words = ("organisation", "add", "--public-url", "https://x.example", "--state", str(state))
    command = [sys.executable, "-m", "server_stub", *words]
    both = [
        subprocess.Popen([*command, name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name in ("noord", "zuid")
    ]
    assert sorted(one.wait(60) for one in both) == [0, 2]


def test_a_folder_of_one_collector_is_not_made_one_of_several(state: Path) -> None:
    assert run(state, "migrate").returncode == 0
    done = add(state, "noord")
    assert done.returncode == 2 and "the folder of one collector" in done.stderr
    add(state.with_name("many"), "noord")
    inside = add(folder(state.with_name("many"), "noord"), "zuid")
    assert inside.returncode == 2 and "own folder" in inside.stderr


def test_a_collector_that_is_moved_there_goes_on_as_it_was(state: Path) -> None:
    old = state.with_name("old")
    run(old, "migrate")
    run(old, "user", "add", "olaf", "--role", "officer", "--generate")
    authority = (old / "ca.pem").read_bytes()
    (state / "organisations").mkdir(parents=True)
    old.rename(folder(state, "noord"))
    assert add(state, "noord").returncode == 0
    assert (folder(state, "noord") / "ca.pem").read_bytes() == authority
    assert "olaf" in run(state, "user", "list", "--organisation", "noord").stdout


def test_the_variable_for_a_database_counts_for_none(state: Path) -> None:
    add(state, "noord")
    environ = {"DATABASE_URL": "sqlite:////elsewhere.db"}
    made = configure(state=str(state), database=None, organisation="noord", environ=environ)
    assert made.database == f"sqlite:///{folder(state, 'noord') / 'collector.db'}"
    done = run(state, "user", "list", "--organisation", "noord", database="sqlite:////x.db")
    assert done.returncode == 2 and "leave --database out" in done.stderr


def test_a_folder_that_was_copied_or_renamed_is_not_taken_for_another(state: Path) -> None:
    add(state, "noord")
    folder(state, "noord").rename(folder(state, "zuid"))
    listed = run(state, "organisation", "list", "--json")
    assert listed.returncode == 1
    assert "another organisation" in json.loads(listed.stdout)[0]["wrong"]


def test_a_database_that_is_anothers_is_refused_however_it_got_there(state: Path) -> None:
    add(state, "noord"), add(state, "zuid")
    one, other = (folder(state, name) / "collector.db" for name in ("noord", "zuid"))
    other.write_bytes(one.read_bytes())
    done = run(state, "user", "list", "--organisation", "zuid")
    assert done.returncode == 2 and "belongs to organisation 'noord'" in done.stderr
    assert run(state, "migrate", "--organisation", "zuid").returncode == 2
    alone = run(state.with_name("alone"), "migrate", database=f"sqlite:///{one}")
    assert alone.returncode == 2 and "belongs to organisation 'noord'" in alone.stderr


def test_a_database_is_claimed_once(store: Store) -> None:
    assert store.write(lambda c: store_claim.claim(c, "")) == ""
    assert store.write(lambda c: store_claim.claim(c, "noord")) == "noord"
    assert store.write(lambda c: store_claim.claim(c, "zuid")) == "noord"
    with store.read() as connection:
        assert store_claim.holder(connection) == "noord"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Noord.Example:8443", "noord.example"),
        ("noord.example.", "noord.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example:1", "xn--bcher-kva.example"),
        ("[::1]:443", "[::1]"),
        ("a..b", ""),
        ("", ""),
        ("x" * 64, ""),
    ],
)
def test_hosts_are_compared_in_one_spelling(text: str, host: str) -> None:
    assert host_of(text) == host


def test_a_list_tells_no_password(state: Path) -> None:
    folder(state, "noord").mkdir(parents=True, mode=0o700)
    secret = Organisation(
        name="noord",
        public_url="https://noord.example",
        database="postgresql+psycopg://me:hidden@db.example/noord",
    )
    organisation_file.write(folder(state, "noord"), secret)
    for words in (("organisation", "list"), ("organisation", "list", "--json")):
        done = run(state, *words)
        assert done.returncode == 0
        assert "hidden" not in done.stdout and "db.example/noord" in done.stdout


# --- PostgreSQL -----------------------------------------------------------------------------------


def respelt(url: str) -> list[str]:
    """The same database by other addresses; the last could only be told by looking into it."""
    parsed = make_url(url)
    socket = str(parsed.query["host"])
    name = parsed.database
    return [
        url.replace("postgresql+psycopg", "postgresql"),
        f"postgresql+psycopg://postgres@/{name}?host={socket}&port=5432&application_name=x",
        f"postgresql+psycopg://postgres@/?host={socket}&dbname={name}",
        f"postgresql+psycopg://postgres@/{name}?host={socket}/../{Path(socket).name}",
    ]


@needs_postgresql
@pytest.mark.parametrize("spelling", range(4))
def test_two_do_not_have_one_database(state: Path, postgresql: Server, spelling: int) -> None:
    with postgresql.database() as url:
        assert add(state, "noord", "--database", url).returncode == 0
        run(state, "user", "add", "olaf", "--role", "it", "--generate", "--organisation", "noord")
        done = add(state, "zuid", "--database", respelt(url)[spelling])
        assert done.returncode == 2, done.stderr
        assert "database" in done.stderr
        assert not folder(state, "zuid").exists()
        assert "olaf" in run(state, "user", "list", "--organisation", "noord").stdout


@needs_postgresql
def test_the_database_of_a_collector_is_not_given_to_a_new_one(
    state: Path, postgresql: Server
) -> None:
    with postgresql.database() as url:
        old = state.with_name("old")
        assert run(old, "migrate", database=url).returncode == 0
        done = add(state, "noord", "--database", url)
        assert done.returncode == 2 and "another collector works in this database" in done.stderr
        assert not folder(state, "noord").exists()
        (state / "organisations").mkdir(parents=True, exist_ok=True)
        old.rename(folder(state, "noord"))
        assert add(state, "noord", "--database", url).returncode == 0
        again = run(state.with_name("new"), "migrate", database=url)
        assert again.returncode == 2 and "belongs to organisation 'noord'" in again.stderr


@needs_postgresql
def test_a_database_that_is_not_there_leaves_no_organisation(
    state: Path, postgresql: Server
) -> None:
    url = f"postgresql+psycopg://postgres@/nowhere?host={postgresql.folder}"
    assert add(state, "noord", "--database", url).returncode == 1
    assert not folder(state, "noord").exists()


@pytest.mark.parametrize("url", ["sqlite:////x.db", "mysql://x/y", "postgresql", "nonsense"])
def test_another_kind_of_database_is_refused(state: Path, url: str) -> None:
    done = add(state, "noord", "--database", url)
    assert done.returncode == 2
    assert not folder(state, "noord").exists()
