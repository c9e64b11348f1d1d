"""The control socket as another user of the laptop: what the kernel says of them is all they get.

The agent is the real one, with all its parts; the stranger is a process of another account, without
any of our code, that writes to the socket whatever it likes.
"""

import base64
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import control
from agent.answers import ADMIN, SENDER, STAFF
from agent.demo import stage
from tests.laptop import Chain, chain, running_agent

STRANGER = 4711
MALFORMED = 2_000
"""Questions; ten thousand took two minutes and found nothing more."""
SEALED = base64.b64encode(b"age-encryption.org/v1\n" + bytes(99)).decode("ascii")
_ASK = """
import json, socket, sys
for verb, arguments in json.load(sys.stdin):
    asking = socket.socket(socket.AF_UNIX)
    asking.settimeout(15)
    asking.connect(sys.argv[1])
    asking.sendall(json.dumps({"verb": verb, "arguments": arguments}).encode() + b"\\n")
    print(asking.makefile().readline().strip())
    asking.close()
"""
_SHOUT = """
import json, random, socket, sys
chance, verbs, path = random.Random(9), json.loads(sys.argv[2]), sys.argv[1]
values = [None, -1, 2**70, "", "x" * 70_000, "\\ud800", [], {}, [[[[1]]]], True, 1e308,
          "/etc/shadow", "0d3f9c1e-0000-4000-8000-000000000001", "age1", "DW-0000-0000"]
names = ["number", "kind", "text", "sealed", "event", "key", "before", "since", "device", "what",
         "until", "noticed_at", "revision", "wait", "code", "policy", "language", "uid"]
for _ in range(int(sys.argv[3])):
    given = {chance.choice(names): chance.choice(values) for _ in range(chance.randrange(5))}
    question = json.dumps({"verb": chance.choice(verbs), "arguments": given})
    raw = bytearray(question.encode() + b"\\n")
    for _ in range(chance.randrange(3)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    asking = socket.socket(socket.AF_UNIX)
    asking.settimeout(15)
    try:
        asking.connect(path)
        asking.sendall(raw)
        asking.shutdown(socket.SHUT_WR)
        asking.makefile("rb").readline(10_000_000)
    except OSError:
        pass
    asking.close()
"""
pytestmark = [pytest.mark.slow, pytest.mark.root]


@pytest.fixture(scope="module")
def laptop() -> Iterator[Chain]:
    with tempfile.TemporaryDirectory() as top, chain(Path(top)) as made:
        Path(top).chmod(0o711)
        with running_agent(made.folders):
            assert stage.wait_until(lambda: bool(made.status()), 30)
            yield made


def as_stranger(program: str, *words: str, given: str = "") -> str:
    command = ["/usr/bin/python3", "-c", program, *words]
    return subprocess.run(
        command,
        user=STRANGER,
        group=STRANGER,
        extra_groups=[],
        input=given,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def asked(laptop: Chain, questions: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    said = as_stranger(_ASK, str(laptop.socket), given=json.dumps(questions))
    return [json.loads(line) for line in said.splitlines()]


def test_what_is_the_senders_or_roots_is_refused_by_its_name(laptop: Chain) -> None:
    verbs = sorted(ADMIN - STAFF)
    assert set(verbs) >= SENDER
    answers = asked(laptop, [(verb, {}) for verb in verbs])
    assert [one["error"]["code"] for one in answers] == ["forbidden"] * len(verbs)


def test_what_somebody_else_said_and_has_is_not_shown(laptop: Chain) -> None:
    """Root reports a leak; another account looks everywhere that staff may look."""
    given = "0d3f9c1e-0000-4000-8000-000000000001"
    told = control.ask(laptop.socket, "leak-report", kind="lost-stick", sealed=SEALED, number=given)
    number = told["event"]
    questions: list[tuple[str, dict[str, Any]]] = [(verb, {}) for verb in sorted(STAFF - {"watch"})]
    questions += [("mine", {"number": number}), ("leak-report", {"number": given})]
    questions += [("watch", {"revision": "", "wait": 0, "place": "panel"})]
    for verb, answer in zip([one for one, _ in questions], asked(laptop, questions), strict=True):
        assert SEALED not in json.dumps(answer), verb
        assert number not in json.dumps(answer), verb


def test_the_agent_lives_on_whatever_a_stranger_shouts(laptop: Chain) -> None:
    before = laptop.status()["pending"]
    as_stranger(_SHOUT, str(laptop.socket), json.dumps(sorted(ADMIN)), str(MALFORMED))
    after = laptop.status()
    assert after["collectors"] and all(after["collectors"].values())
    # What a stranger may say is said so many times an hour, and no more.
    assert after["pending"] - before < 100
