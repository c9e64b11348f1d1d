"""The tour of a letter: a question goes to the laptop where a leak was reported, and is answered.

Everything here is real: the collector behind TLS, the agent with its sender, the command line of
the person at the laptop, and the officer's key.
"""

import base64
import html
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
import requests

from agent import control, identity
from agent.demo import stage
from agent.demo.stage import Login
from tests.laptop import Chain, chain, running_agent


@pytest.fixture
def laptop() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        stage.enrol_laptop(made.folders, made.server)
        yield made


def log_in(made: Chain, login: Login) -> tuple[requests.Session, str]:
    """Somebody's browser at the console, and the token that their forms carry."""
    pem = (made.folders.collector / "ca.pem").read_text()
    ca = made.folders.top / "ca-only.pem"
    ca.write_text(pem.partition("PRIVATE KEY")[0].rpartition("-----BEGIN")[0])
    session = requests.Session()
    session.trust_env = False
    session.verify, session.headers["Origin"] = str(ca), made.server
    given = {"name": login.name, "password": login.password}
    reply = session.post(f"{made.server}/login", data=given, allow_redirects=False, timeout=20)
    assert reply.status_code == 303, reply.text
    page = session.get(f"{made.server}/account", timeout=20).text
    return session, page.partition('name="csrf" value="')[2].partition('"')[0]


def at_the_laptop(made: Chain, *words: str) -> str:
    """What a command of the person at the laptop prints."""
    done = subprocess.run(
        [sys.executable, "-m", "agent", *words, "--socket", str(made.socket)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"LANGUAGE": "en"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def sequence(made: Chain, kind: str) -> int:
    """The number of the first event of a kind."""
    return [event["kind"] for event in made.events()].index(kind) + 1


@pytest.mark.slow
def test_a_question_is_answered_at_the_laptop_and_stands_at_the_entry(laptop: Chain) -> None:
    officer = next(one for one in stage.add_logins(laptop.folders) if one.role == "officer")
    with running_agent(laptop.folders):
        assert stage.wait_until(lambda: bool(laptop.status()), 30)
        at_the_laptop(laptop, "leak", "report", "--kind", "lost-stick", "--text", "In the train.")
        assert stage.wait_until(lambda: laptop.status().get("pending") == 0, 30)
    who = identity.enrolled(laptop.folders.agent)
    assert who is not None
    device = who.device
    here = f"{laptop.server}/devices/{device}/{sequence(laptop, 'leak-reported')}"
    session, csrf = log_in(laptop, officer)
    asked = session.post(
        f"{here}/question",
        data={"csrf": csrf, "text": "Was the stick encrypted?"},
        allow_redirects=False,
        timeout=20,
    )
    assert asked.status_code == 303, asked.text
    opened = session.post(
        f"{here}/opening",
        data={"csrf": csrf, "reason": "judge", "text": "A stick is lost"},
        allow_redirects=False,
        timeout=20,
    )
    assert opened.status_code == 303, opened.text

    with running_agent(laptop.folders):  # its first word brings what waits for it
        assert stage.wait_until(lambda: len(laptop.status().get("messages", [])) == 2, 60)
        listed = at_the_laptop(laptop, "letter", "list")
        assert "“Was the stick encrypted?”" in listed
        assert "The privacy officer opened sealed details." in listed
        assert "to judge what happened" in listed
        assert officer.name + " " not in listed
        assert laptop.status()["messages"] == [], "they were read"
        number = listed.partition("dossierwacht letter answer ")[2].split()[0]
        told = at_the_laptop(laptop, "letter", "answer", number, "--text", "No. It was plain.")
        assert "its number is DW-" in told
        told = at_the_laptop(laptop, "ask", "--what", "app", "--text", "WhatsApp, for class 7")
        assert "The answer comes as a letter" in told
        assert stage.wait_until(lambda: laptop.status().get("pending") == 0, 30)
        with pytest.raises(control.ControlError, match="no letter"):
            control.ask(laptop.socket, "answer", number="0" * 8, text="x")

    made = session.post(
        f"{here}/breach", data={"csrf": csrf}, allow_redirects=False, timeout=20
    ).headers["Location"]
    entry = html.unescape(session.get(laptop.server + made, timeout=20).text)
    answer = sequence(laptop, "leak-answered")
    assert "Was the stick encrypted?" in entry
    assert f'<a href="/devices/{device}/{answer}">' in entry
    sealed = base64.b64decode(laptop.events()[answer - 1]["sealed"])
    key = next(
        line
        for path in sorted(laptop.folders.keys.iterdir())
        for line in path.read_text().splitlines()
        if line.startswith("AGE-SECRET-KEY-")
    )
    opened_text = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(key)])
    assert json.loads(opened_text) == {"text": "No. It was plain."}
    wish = laptop.events()[sequence(laptop, "permission-asked") - 1]
    assert wish["facts"] == {"what": "app", "wanted-days": 0}
    assert f'value="{sequence(laptop, "permission-asked")}"' in (
        session.get(f"{laptop.server}/requests", timeout=20).text
    )
    for kept in (laptop.folders.agent / "letters.json", laptop.folders.agent / "asked-by.json"):
        assert kept.stat().st_mode & 0o077 == 0
        assert "plain" not in kept.read_text()
