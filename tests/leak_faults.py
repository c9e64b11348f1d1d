"""A leak is reported while what carries it dies: the page, the agent or the way to the collector.

Everything is real: the page's process, the agent with its sender, the collector behind TLS. In each
round a form is sent in and one of them is killed by SIGKILL at a moment of that request. A number
that a person was told has to be at the collector in the end, once.
"""

import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import requests

from agent import processes
from agent.demo import stage
from tests import unlimited_agent
from tests.laptop import Chain, chain
from tests.pages_served import Served, start
from tests.seal_faults import Case

UNDER_WAY = 0.06
"""Seconds within which a report is taken, sealed, written and handed over."""
PATIENCE = 120.0


@dataclass
class Reporter:
    """A person with a laptop on which things die and are started again."""

    laptop: Chain
    home: Path
    told: list[str] = field(default_factory=list)
    agent: processes.Child | None = None
    page: Served | None = None
    form: str = ""
    """The form's address, behind the page's door."""

    def all_there(self) -> None:
        """Start what died; nobody waits for it to be ready."""
        if self.agent is None:
            self.agent = unlimited_agent.start(self.laptop.folders)
        if self.page is None:
            self.page = start("leak", self.laptop.socket, self.home)
            self.form = entered(self.page.address)
        if self.laptop.collector.poll() is not None:
            self.laptop.collector = collector_again(self.laptop)

    def lose_agent(self) -> None:
        if self.agent is not None:
            kill(self.agent)
            self.agent = None

    def lose_page(self) -> None:
        if self.page is not None:
            self.page.process.kill()
            self.page.process.communicate()
            self.page = None

    def lose_collector(self) -> None:
        kill(self.laptop.collector)

    def send(self, number: int) -> None:
        """Send the form in; the number is told if an answer comes."""
        given = {
            "kind": "paper",
            "noticed_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M"),
            "text": f"Map {number} van groep 7 ligt nog in de trein.",
        }
        origin = {"Origin": self.form[: self.form.index("/", len("http://"))]}
        try:
            reply = requests.post(
                self.form, data=given, headers=origin, timeout=30, allow_redirects=False
            )
        except requests.RequestException:
            return
        assert reply.status_code == 303, re.findall(r"(?s)<main.*?<form", reply.text)
        self.told.append(reply.headers["location"].rpartition("/")[2])


def entered(address: str) -> str:
    """Where an address leads that works once."""
    reply = requests.get(address, timeout=30, allow_redirects=False)
    return address[: address.index("/e/")] + reply.headers["location"]


def kill(child: processes.Child) -> None:
    """SIGKILL, and nothing that it could have finished."""
    child.kill()
    child.wait()


def collector_again(laptop: Chain) -> processes.Child:
    """The collector at the address that the laptop knows."""
    port = laptop.server.rpartition(":")[2]
    words = ["--state", str(laptop.folders.collector), "serve", "--listen", f"127.0.0.1:{port}"]
    return processes.start("server_stub", words, laptop.folders.top / "again.log")


def submitted(base: Path, kills: int, seed: int = 1) -> Case:
    """Report as often as something is killed; what was lost or came twice."""
    dice = random.Random(seed)
    base.chmod(0o711)  # the sender passes through it without rights
    with chain(base / "x") as laptop:
        stage.enrol_laptop(laptop.folders, laptop.server)
        one = Reporter(laptop, base / "home")
        try:
            one.all_there()
            assert stage.wait_until(lambda: bool(laptop.status()), PATIENCE)
            requests.get(one.form, timeout=30)  # it is known from now on to whom to seal
            victims = (one.lose_page, one.lose_agent, one.lose_collector)
            for number in range(kills):
                one.all_there()
                if dice.random() < 0.5:  # else while it is still starting
                    assert stage.wait_until(lambda: bool(laptop.status()), PATIENCE)
                killed_meanwhile(one, number, victims[number % 3], dice.uniform(0, UNDER_WAY))
            return counted(one, kills)
        finally:
            one.lose_page()
            one.lose_agent()


def killed_meanwhile(one: Reporter, number: int, victim: Callable[[], None], after: float) -> None:
    dying = threading.Timer(after, victim)
    dying.start()
    one.send(number)
    dying.join()


def counted(one: Reporter, kills: int) -> Case:
    """When all is up again: every number that was told, once."""
    one.all_there()
    assert stage.wait_until(lambda: bool(one.laptop.status()), PATIENCE)
    requests.get(one.form, timeout=30)  # the page hands over what waits
    arrived: Counter[str] = Counter()

    def all_arrived() -> bool:
        arrived.clear()
        arrived.update(e["id"] for e in one.laptop.events() if e["kind"] == "leak-reported")
        return set(one.told) <= set(arrived)

    stage.wait_until(all_arrived, PATIENCE)
    lost = set(one.told) - set(arrived)
    doubled = sum(count - 1 for count in arrived.values())
    note = f"{len(one.told)} numbers told, {len(arrived)} reports arrived, {len(lost)} lost"
    return Case(name="leak reports: page, agent or network killed meanwhile", tries=kills,
                bad=len(lost) + doubled, note=note)  # fmt: skip
