"""A laptop's record with invented people in it: the journal, the keys and the socket are real."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.concerns import World
from agent.config import Config
from agent.control_server import Caller, ControlServer
from agent.daemon import Daemon
from agent.journal import Journal
from agent.mine import Mine
from agent.objections import Objections
from agent.person_keys import PersonKeys
from agent.policy import Contact, Policy, Rule
from agent.recorder import Recorder
from agent.whose import Persons
from agent.wire.messages import Receipt, device_name, to_json
from collectors.base import Observation, utc_now
from collectors.folders.found import PupilFileFound
from collectors.folders.place import Place
from collectors.recognise.category import Category
from collectors.recognise.verdict import Evidence, Format, Kind
from tests.pages_served import CONTACT, OFFICER
from tests.test_daemon import Scripted, build

SOURCE = "privacy regulation, rule 9: files about pupils belong on the network"
SANNE, MEES = 51001, 51002
"""User numbers that nobody has."""


def found(path: str, at: datetime | None = None) -> PupilFileFound:
    """A class list at a path."""
    return PupilFileFound(
        observed_at=at or utc_now(),
        subject=path,
        file_class=Kind.PUPIL_LIST,
        persons_min=20,
        persons_max=29,
        evidence=(Evidence.ROSTER,),
        categories=(Category.NAME,),
        format=Format.XLSX,
        place=Place.DOWNLOADS,
        size=9000,
        sha256="ab" * 32,
        device=1,
        inode=2,
    )


@dataclass(kw_only=True)
class People:
    """A record, and whose paths are whose: ``owners`` by how a path begins."""

    state: Path
    owners: dict[str, int] = field(default_factory=dict)
    there: int | None = None
    sealer: Scripted = field(default_factory=Scripted)

    def __post_init__(self) -> None:
        self.state.mkdir(exist_ok=True)
        self.journal = Journal(self.state)
        self.keys = PersonKeys(self.state, utc_now)
        self.daemon = self._daemon()
        self.mine = Mine(
            journal=self.journal,
            keys=self.keys,
            config=self._config(),
            running=lambda: {"pupil_files": True, "usb": True, "session": False},
            objections=Objections(keep=self.daemon.keep, now=utc_now),
            now=utc_now,
        )

    def record(self, observation: Observation) -> str:
        number = self.daemon.record(observation)
        assert number is not None
        return number

    def receipt(self) -> None:
        """The collector has all that waits."""
        records = self.journal.pending().records
        head = self.journal.head_at(records[-1].seq)
        assert head is not None
        given = Receipt(
            device=device_name(b"k" * 32),
            last=records[-1].seq,
            head=head,
            received_at=datetime.now(UTC),
        )
        self.journal.acknowledge(given, to_json(given))

    def of(self, uid: int, **given: Any) -> dict[str, Any]:
        """What a user is answered."""
        return self.mine.take(Caller(uid=uid, pid=1), given)

    @contextmanager
    def answering(self, socket: Path, **more: Any) -> Iterator[None]:
        """The control socket, with the kernel's word for who asks."""
        table = {
            "status": self.status,
            "mine": self.mine.take,
            "mine-key": self.keys.take,
            "objection": Objections(keep=self.daemon.keep, now=utc_now).take,
            **{name.replace("_", "-"): one for name, one in more.items()},
        }
        server = ControlServer(socket, table, lambda _: set(table))
        server.start()
        try:
            yield
        finally:
            server.close()

    def status(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "officers": [str(OFFICER.to_public())],
            "contact": CONTACT,
            "language": "nl",
            "coverage": {"files": "unreadable"},
        }

    def close(self) -> None:
        self.journal.close()

    def _daemon(self) -> Daemon:
        daemon = build(self.journal, self.sealer)
        recorder: Recorder = daemon.recorder
        daemon.policy = replace(
            daemon.policy,
            contact=Contact(**CONTACT),
            rules=(
                Rule(
                    name="belongs-on-the-network",
                    kind="pupil-file-found",
                    action="seal-file",
                    source=SOURCE,
                ),
            ),
        )
        world = World(
            owner=lambda path: next(
                (u for p, u in self.owners.items() if path.startswith(p)), None
            ),
            account={"sanne": SANNE, "mees": MEES, "me": os.geteuid()}.get,
            there=lambda: self.there,
            earlier=lambda _: None,
        )
        daemon.whose = Persons(world=world, keys=self.keys, details=recorder.readable)
        return daemon

    def _config(self) -> Config:
        policy: Policy = replace(
            self.daemon.policy, collectors={"pupil_files": {"roots": ["/home"]}}
        )
        return Config(
            folder=self.state,
            state=self.state,
            socket=self.state / "s",
            sender_user="x",
            journal_bytes=10**6,
            stage=None,
            policy=policy,
            notice=None,
        )
