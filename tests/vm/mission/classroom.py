"""The staff member at the laptop: the notice, two sticks, a screen left open, and pupil files."""

import contextlib
import hashlib
import json
import shlex
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.demo.sample_home import build
from tests.vm.laptop.desktop import PROGRAMS
from tests.vm.mission import desk
from tests.vm.mission.founding import PLACE
from tests.vm.mission.ledger import Step
from tests.vm.mission.road import Road
from tests.vm.screens.picture import SECRET, shows_secret
from tests.vm.sticks.bench import USE, Bench
from tests.vm.sticks.thief import PASSPHRASE

DOWNLOADS = "/home/teacher/Downloads"
LIMIT = 60.0
"""Seconds, of the policy."""
WARNED = 18.0
"""Seconds before the limit at which a picture of the warning is taken."""
SEED = 20261127
TRIES = 3
TRAY = "pgrep -u teacher -f 'dossierwacht tray'"


def log_in(road: Road) -> str:
    """Everything that begins with a session begins, the icon too."""
    desk.log_in(road)
    road.laptop.wait_until(TRAY, 180)
    return f"{', '.join(PROGRAMS)} and the tray run as teacher"


def notice(road: Road) -> str:
    """The notice opens by itself, once, and is read."""
    page = desk.visit(road, desk.asked_for(road))
    road.look(page, "notice", whole=True)
    page.click("main form button")
    page.wait_for_selector("text=" + desk.words("notice-was-read"))
    road.event("notice-read", 0)
    page.context.close()
    return "it opened by itself, was read, and is asked for no more"


def plain_stick(road: Road) -> str:
    """A stick without encryption is of no use to anybody."""
    with plugged(road, "fat32-in-partition") as event:
        assert event["facts"]["verdict"] == "unencrypted", event["facts"]
        assert event["decision"]["action"] == "block-usb", event["decision"]
        assert event["outcome"]["result"] == "done", event["outcome"]
        time.sleep(4)
        road.screen("stick-refused")
        nodes = road.sh("ls /dev/sd* 2>/dev/null || true").strip()
        assert nodes == "", f"a disk is still there: {nodes}"
    return f"{event['facts']['verdict']} ({event['facts']['why']}): refused, and no disk is left"


def encrypted_stick(road: Road) -> str:
    """An encrypted one is unlocked, written to, and locked again by its owner."""
    road.sh("mkdir -p /run/lab; cat >/run/lab/pass; chmod 644 /run/lab/pass",
            given=PASSPHRASE.encode())  # fmt: skip
    with plugged(road, "luks2") as event:
        assert event["facts"]["verdict"] == "encrypted", event["facts"]
        assert event["outcome"]["result"] == "done", event["outcome"]
        road.screen("stick-let-in")
        road.laptop.wait_until("ls /dev/sd?", 60)
        disk = road.laptop.sh("ls /dev/sd?").split()[0]
        said = road.sh(USE.format(part=disk), 300)
        assert "plan of groep 7" in said, said
        assert "noexec" in said, said
    return f"{event['facts']['verdict']} ({event['facts']['why']}): unlocked, written to and read"


@contextlib.contextmanager
def plugged(road: Road, medium: str) -> Iterator[dict[str, Any]]:
    """A stick that is in, with what was said of it.

    One that could not be looked at in time, as on a machine that is very busy, is pulled out and
    plugged in again, as anybody would do.
    """
    bench = Bench(road.laptop, road.work)
    for attempt in range(TRIES):
        road.awake()
        last = road.last()
        bench.plug("alone", [medium])
        try:
            event = road.event("usb-storage-attached", last)
            if event["facts"]["verdict"] != "unknown" or attempt == TRIES - 1:
                yield event
                return
            road.say(f"not judged at try {attempt + 1}: {event['facts']['why']}")
        finally:
            bench.unplug()


def left_open(road: Road) -> str:
    """Nobody is there: a warning, then the lock, which is proven; the password opens it."""
    road.awake()
    road.sh(f"as-staff -b secret xterm -geometry 70x20+60+60 -bg '{SECRET}' -e sleep 86400")
    road.until(lambda: _shown(road), 120, "a window is shown")
    road.awake()
    last = road.last()
    road.key("shift")
    time.sleep(LIMIT - WARNED)
    assert shows_secret(road.screen("screen-warning")), "locked before the limit"
    event = road.event("session-unattended", last, alone=True)
    outcome = event["outcome"] or {}
    assert outcome.get("result") == "done", f"the screen was not locked: {outcome}"
    time.sleep(3)
    assert not shows_secret(road.screen("screen-locked")), "the screen shows the desktop"
    road.laptop.qmp.type("wrong\n", pause=0.4)
    time.sleep(10)
    assert road.is_locked(), "a wrong password opened it"
    road.unlock()
    road.until(lambda: shows_secret(road.screen("screen-unlocked")), 60, "the desktop is shown")
    road.event("session-resumed", last)
    road.sh("as-staff systemctl --user stop secret")
    return f"locked by {outcome['tried'][-1]}, proven by {outcome['proof']}; opened by the password"


def _shown(road: Road) -> bool:
    road.key("shift")
    return shows_secret(road.screen("screen-open"))


def pupil_files(road: Road) -> str:
    """Two lists of pupils arrive in the downloads, beside a file about nobody."""
    road.awake()
    last = road.last()
    with tempfile.TemporaryDirectory() as top:
        found = build(Path(top), SEED)
        lists = [one.path for one in found.pupil_files if one.path.startswith("Downloads/")][:2]
        decoy = next(one.path for one in found.decoys if one.path.endswith((".docx", ".xlsx")))
        for path in (decoy, *lists):
            _drop(road, Path(top) / path)
    sums = road.known["sums"]
    for _ in lists:
        event = road.event("pupil-file-found", last)
        assert event["outcome"]["result"] == "done", event["outcome"]
        last = event["place"]
    time.sleep(3)
    road.screen("files-sealed")
    there = road.sh(f"ls {DOWNLOADS}").splitlines()
    assert Path(decoy).name in there, "a file about nobody is gone"
    assert not any(Path(path).name in there for path in lists), "a list is still there"
    notes = [name for name in there if name != Path(decoy).name]
    assert len(notes) == 1, f"there is no note: {there}"
    road.say(road.sh(f"cat {DOWNLOADS}/{shlex.quote(notes[0])}"))
    listed = json.loads(road.sh("dossierwacht sealed list --json"))
    assert len(listed) == len(lists) == len(sums) - 1, listed
    road.known["sealed"] = listed
    return f"{len(lists)} sealed, 1 left alone; the note is {notes[0]}"


def _drop(road: Road, file: Path) -> None:
    """Have the staff member put a file into their downloads."""
    road.laptop.put(file, f"{PLACE}/dropped")
    target = f"{DOWNLOADS}/{file.name}"
    copy = f"mkdir -p {DOWNLOADS} && cp {PLACE}/dropped {shlex.quote(target)}"
    road.as_staff(copy)
    sums = road.known.setdefault("sums", {})
    sums[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()


STEPS = (
    Step(
        name="log in",
        expected="the icon starts with the session",
        work=log_in,
        needs=("the policy arrives",),
    ),
    Step(
        name="staff notice",
        expected="it opens by itself and is read",
        work=notice,
        needs=("log in",),
    ),
    Step(
        name="a plain stick",
        expected="refused, and nothing can be had of it",
        work=plain_stick,
        needs=("log in",),
    ),
    Step(
        name="an encrypted stick",
        expected="let in, unlocked and used",
        work=encrypted_stick,
        needs=("log in",),
    ),
    Step(
        name="a screen left open",
        expected="locked after the limit, proven, opened by the password alone",
        work=left_open,
        needs=("log in",),
    ),
    Step(
        name="pupil files",
        expected="found and sealed, a note in their place, other files left alone",
        work=pupil_files,
        needs=("log in",),
    ),
)
