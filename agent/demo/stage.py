"""Setting the stage: a collector, a policy, a sample home and an agent, all in one folder.

Everything lies under the demo's own folder and listens on loopback: the roots are the sample home,
USB and session only report, and the staff notice and the installation's date are the demo's own.
The newcomer's files, sticks and screen are not touched.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent import config, processes
from agent.commands import enrol
from agent.demo.sample_home import Inventory, build
from agent.errors import AgentError
from agent.journal_file import write_durably
from collectors.base import utc_now

SEED = 20261123
LISTENING = re.compile(r"listening on (https://\S+)")
POLICY = """\
# The policy of the demonstration: pupil files are sealed wherever they lie in the sample home.
name = "demo"
version = 1
mode = "enforce"
language = "en"

[contact]
name = "the privacy officer"
phone = "+31 00 000 00 00"

{recipients}

[collectors.pupil_files]
roots = ["{home}"]

[[rules]]
name = "seal-pupil-files"
kind = "pupil-file-found"
action = "seal-file"
source = "the demonstration: delete files from the computer after use"

[[rules]]
name = "sticks-only-report"
kind = "usb-storage-attached"
action = "report"

[[rules]]
name = "screens-only-report"
kind = "session-unattended"
action = "report"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Folders:
    """Where the demo's parts lie."""

    top: Path

    @property
    def home(self) -> Path:
        return self.top / "home" / "sanne"

    @property
    def agent(self) -> Path:
        return self.top / "agent"

    @property
    def settings(self) -> Path:
        return self.top / "settings"

    @property
    def collector(self) -> Path:
        return self.top / "collector"

    @property
    def keys(self) -> Path:
        return self.top / "keys"

    def make(self) -> None:
        """Make the folders; the sender, another user, must be able to pass through the top."""
        self.top.mkdir(parents=True, exist_ok=True)
        self.top.chmod(0o711)
        closed = [folder for folder in self.top.parents if not folder.stat().st_mode & 0o001]
        if closed and os.geteuid() == 0:
            raise AgentError(
                f"{closed[0]} is closed to other users, and the sender gives up root's rights:"
                " choose another folder with --state"
            )
        for folder in (self.home, self.settings):
            folder.mkdir(parents=True)
        for folder in (self.agent, self.collector):
            folder.mkdir(mode=0o700)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """Somebody who can log in to the demo's console."""

    name: str
    role: str
    password: str


def sample_home(folders: Folders) -> Inventory:
    """Write the sample home."""
    return build(folders.home, SEED)


def start_collector(folders: Folders) -> tuple[processes.Child, str]:
    """Start the collector on a free port; its process and its address."""
    log = folders.top / "collector.log"
    arguments = ["--state", str(folders.collector), "serve", "--listen", "127.0.0.1:0"]
    child = processes.start("server_stub", arguments, log)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and child.poll() is None:
        found = LISTENING.search(log.read_text("utf-8", "replace"))
        if found:
            return child, found[1]
        time.sleep(0.1)
    processes.end(child)
    raise AgentError(f"the collector did not start; its log is {log}")


def add_logins(folders: Folders) -> list[Login]:
    """A login for each role, each with a password made for this demo."""
    return [_add_login(folders, name, role) for name, role in (("it", "it"), ("po", "officer"))]


def make_policy(folders: Folders) -> None:
    """The officer's keys, the policy that names them, and the record that staff were told."""
    made = _collector(folders, "keys", "new", "--out", str(folders.keys))
    recipients = made[made.index("[[recipients]]") :].strip()
    text = POLICY.format(recipients=recipients, home=folders.home)
    (folders.settings / "policy.toml").write_text(text, "utf-8")
    told = (datetime.now(UTC) - timedelta(days=60)).date()
    notice = f'policy_version = 1\ngiven_on = {told}\nlanguage = "en"\n'
    (folders.settings / "notice.toml").write_text(notice, "utf-8")
    passing = f'stage = "{folders.top}/home/.dossierwacht-stage"\n'
    (folders.settings / "agent.toml").write_text(passing, "utf-8")


def enrol_laptop(folders: Folders, server: str) -> str:
    """Enrol the demo's laptop with a token of its own; the name it got."""
    token = re.search(r"dw1-[a-z2-7]+-[a-z2-7]+", _collector(folders, "token", "new"))
    if token is None:
        raise AgentError("the collector made no token")
    config.prepare_state(folders.agent)
    installed = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    write_durably(folders.agent / "installed", installed.encode("ascii"))
    return enrol.enrol(server, token[0], "issued", folders.agent, utc_now()).device


def start_agent(folders: Folders) -> processes.Child:
    """Start the agent with its worker and its sender."""
    places = ["--config", str(folders.settings), "--state", str(folders.agent)]
    return processes.start("agent", ["run", *places], folders.top / "agent.log")


def wait_until(reached: Callable[[], bool], seconds: float) -> bool:
    """Whether something came true within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if reached():
            return True
        time.sleep(0.2)
    return reached()


def _add_login(folders: Folders, name: str, role: str) -> Login:
    said = _collector(folders, "user", "add", name, "--role", role, "--generate", "--json")
    found = re.search(r'"password": ?"([^"]+)"', said)
    if found is None:
        raise AgentError(f"the collector gave no password for {name}")
    return Login(name=name, role=role, password=found[1])


def _collector(folders: Folders, *words: str) -> str:
    return processes.ask("server_stub", ["--state", str(folders.collector), *words])
