"""The agent is upgraded while files lie sealed; the laptop is given back, and all is purged."""

import base64
import hashlib
import json
from pathlib import Path

from tests.vm.laptop.product import AGENT
from tests.vm.mission.founding import COLLECTOR, FILES, PLACE
from tests.vm.mission.ledger import NotRun, Step
from tests.vm.mission.office import REGISTER
from tests.vm.mission.road import OFFICE, Road

STATE = "/var/lib/dossierwacht"
KEYS = f"find {STATE} -type f -name '*.key' -o -type f -name '*.pem' | sort | xargs -r sha256sum"
VAULT = f"find {STATE}/vault -type f | sort | xargs -r sha256sum"


def upgraded(road: Road) -> str:
    """A newer agent goes on where the older one stopped."""
    road.laptop.put(road.known["newer"], f"{PLACE}/{road.known['newer'].name}")
    before, place = _kept(road), road.last()
    assert before["sealed"], "nothing is sealed"
    road.sh(f"cd {PLACE} && apt-get install -y ./{road.known['newer'].name}", 1800)
    road.answers()
    after = _kept(road)
    for what, value in before.items():
        assert after[what] == value, f"{what} changed: {value} to {after[what]}"
    road.event("agent-started", place)
    said = road.sh(f"dpkg-query -W -f '${{Version}}' {AGENT}").strip()
    assert said == road.known["newer"].name.split("_")[1], said
    return f"{said} keys, sealed files and policy as before"


def _kept(road: Road) -> dict[str, object]:
    """What an upgrade must leave as it is."""
    policy = json.loads(road.sh("dossierwacht policy show --json"))
    sealed = json.loads(road.sh("dossierwacht sealed list --json"))
    keys, vault = road.laptop.sh(KEYS), road.laptop.sh(VAULT)
    events = road.events()
    oldest = [one["id"] for one in events[:20]]
    return {"policy": policy, "sealed": sealed, "keys": keys, "vault": vault, "events": oldest}


def given_back(road: Road) -> str:
    """A file that was sealed comes back byte for byte, with the officer's key."""
    road.laptop.put(road.known["officer"], f"{OFFICE}/officer.agekey")
    sums = set()
    for one in road.known["sealed"]:
        target = f"{OFFICE}/back/{one['id']}"
        road.sh(f"mkdir -p {target} && dossierwacht sealed restore {one['id']}"
                f" --identity {OFFICE}/officer.agekey --to {target}")  # fmt: skip
        content = road.laptop.sh(f"cat {target}/* | base64 -w 0")
        sums.add(_sum_of(content))
    missing = sums - set(road.known["sums"].values())
    assert not missing, "a file came back as another"
    return f"{len(sums)} files, each as it was"


def _sum_of(encoded: str) -> str:
    return hashlib.sha256(base64.b64decode(encoded)).hexdigest()


def retired(road: Road) -> str:
    """The laptop is given back: what lies sealed is settled first."""
    if road.laptop.tried("dossierwacht retire --help").returncode != 0:
        raise NotRun("there is no command `dossierwacht retire`")
    said = road.laptop.tried("dossierwacht retire", 1200)
    road.say(f"# dossierwacht retire: {said.returncode}\n{(said.stdout + said.stderr).decode()}")
    if said.returncode == 0:
        return said.stdout.decode("utf-8", "replace").strip().splitlines()[-1]
    return "first refused, then: " + road.sh("dossierwacht retire --force", 1200).strip()


def purge_agent(road: Road) -> str:
    """The agent goes, and takes everything along but what lies sealed."""
    road.sh(f"apt-get purge -y {AGENT}", 1200)
    left = [path for path in _left(road) if COLLECTOR not in path]
    road.known["left"] = left
    road.say("left by the agent: " + ", ".join(left))
    strange = [path for path in left if not _is_kept(path)]
    assert not strange, f"{len(strange)} left: {', '.join(strange[:12])}"
    users = [one for one in _users(road) if one != COLLECTOR]
    assert not users, f"users left: {', '.join(users)}"
    return f"{len(left)} paths left, all of them what lies sealed"


def purge_collector(road: Road) -> str:
    """The collector goes, and leaves the register."""
    said = road.sh(f"apt-get purge -y {COLLECTOR} 2>&1", 1200)
    before = road.known.get("left", [])
    left = [path for path in _left(road) if path not in before]
    strange = [path for path in left if not _of(path, REGISTER)]
    assert not strange, f"{len(strange)} left: {', '.join(strange[:12])}"
    assert REGISTER in said, f"it does not say what it keeps: {said}"
    road.sh(f"test -s {REGISTER}/collector.db")
    return f"{len(left)} paths left, all of them the register"


def _is_kept(path: str) -> bool:
    """What lies sealed, and the note that tells of it."""
    is_note = Path(path).parent == Path(STATE) and Path(path).suffix in (".txt", ".md")
    return path == STATE or _of(path, f"{STATE}/vault") or is_note or path.endswith("README")


def _left(road: Road) -> list[str]:
    """What lies on the laptop now and did not before the packages."""
    before = set(road.known["files"])
    return [path for path in road.laptop.sh(FILES, 300).splitlines() if path not in before]


def _users(road: Road) -> list[str]:
    before = set(road.known["users"])
    now = road.laptop.sh("getent passwd | cut -d: -f1").split()
    return [one for one in now if one not in before]


def _of(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


STEPS = (
    Step(
        name="upgrade",
        expected="a newer agent; journal, keys, sealed files and policy as before",
        work=upgraded,
        needs=("pupil files",),
    ),
    Step(
        name="sealed files come back",
        expected="byte for byte, with the officer's key",
        work=given_back,
        needs=("pupil files",),
    ),
    Step(
        name="retire",
        expected="what lies sealed is settled before the package goes",
        work=retired,
        needs=("upgrade",),
    ),
    Step(
        name="purge the agent",
        expected="nothing left but what lies sealed",
        work=purge_agent,
        needs=("install",),
    ),
    Step(
        name="purge the collector",
        expected="nothing left but the register",
        work=purge_collector,
        needs=("install",),
    ),
)
