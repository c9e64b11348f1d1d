"""The agent's own parts: what happened to them is seen, once it is certain, and put back.

The system is a folder, in which the files of this repository's installer lie as the package puts
them; what reads and writes there is the real collector and the real work of the action.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.heard import Heard
from collectors.base import CoverageLost, CoverageRestored, Observation, utc_now
from collectors.checks.since import Since
from collectors.own_part import How, OwnPartChanged, Part
from collectors.own_parts import MEMORY, OwnPartsCollector, make
from collectors.own_parts_linux import Installed, this_installation
from enforcement import put_back
from enforcement.base import Attempt, EnforcementError, Reason, Result, Settings
from enforcement.put_back import Wish
from enforcement.restore_own_part import MOST, RestoreOwnPart
from tests.test_wire import make_event

INSTALLER = Path(__file__).parent.parent / "installer"
UNIT = "/lib/systemd/system/dossierwacht-agent.service"
SENDER = "/lib/systemd/system/dossierwacht-sender.service"
UDEV = "/lib/udev/rules.d/72-dossierwacht-usb.rules"
POLKIT = "/usr/share/polkit-1/rules.d/10-dossierwacht-usb.rules"
TRAY = "/etc/xdg/autostart/dossierwacht-tray.desktop"
PROGRAM = "/usr/lib/dossierwacht/usb-gate"
SHIPPED = {
    UNIT: "systemd/dossierwacht-agent.service",
    SENDER: "systemd/dossierwacht-sender.service",
    UDEV: "udev/72-dossierwacht-usb.rules",
    POLKIT: "polkit/10-dossierwacht-usb.rules",
    TRAY: "desktop/dossierwacht-tray.desktop",
    PROGRAM: "bin/usb-gate",
}
MASK = "/etc/systemd/system/dossierwacht-agent.service"
DROP_IN = "/etc/systemd/system/dossierwacht-agent.service.d/override.conf"
WANTS = "/etc/systemd/system/multi-user.target.wants"
_HOLD = """
import fcntl, sys
lock = open(sys.argv[1], "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
print(flush=True)
input()
"""


class System:
    """A system below a folder, with the agent installed."""

    def __init__(self, top: Path) -> None:
        self.root = top / "root"
        self.shipped = self.root / "usr/lib/dossierwacht/shipped"
        self.state = top / "state"
        self.state.mkdir()
        lines = []
        for path, source in SHIPPED.items():
            for place in (self.at(path), self.shipped / path[1:]):
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(INSTALLER / source, place)
                place.chmod(0o755 if path == PROGRAM else 0o644)
            lines.append(f"{hashlib.sha256(self.at(path).read_bytes()).hexdigest()}  {path}\n")
        self.sums = self.shipped / "SHA256SUMS"
        self.sums.write_text("".join(lines))
        self.at("/run/systemd/system").mkdir(parents=True)
        for name in ("dossierwacht-agent.service", "dossierwacht-sender.service"):
            self.link(f"{WANTS}/{name}", f"/lib/systemd/system/{name}")

    def at(self, path: str) -> Path:
        return self.root / path[1:]

    def link(self, path: str, target: str) -> None:
        self.at(path).parent.mkdir(parents=True, exist_ok=True)
        self.at(path).symlink_to(target)

    def write(self, path: str, text: str) -> None:
        self.at(path).parent.mkdir(parents=True, exist_ok=True)
        self.at(path).write_text(text)

    @property
    def installed(self) -> Installed:
        return Installed(shipped=self.shipped, root=self.root)

    def wrong(self) -> list[tuple[Part, How, str]]:
        return [(one.part, one.how, one.at) for one in self.installed.wrong()]

    def collector(self) -> OwnPartsCollector:
        nothing = timedelta(0)
        since = Since(self.state, utc_now, MEMORY)
        return OwnPartsCollector(self.installed, since, every=nothing, settles=nothing)

    def wish(self) -> Wish:
        """To put the first thing that is wrong back."""
        one = self.installed.wrong()[0]
        return Wish(
            path=one.path,
            how=one.how,
            at=one.at,
            found=one.found,
            wanted=one.wanted,
            shipped=self.shipped,
            state=self.state,
            root=self.root,
        )

    def aside(self) -> list[str]:
        folder = self.state / put_back.ASIDE
        return sorted(one.read_text() for one in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


class Turns:
    """A stop that lets a collector look so many times, and does something before a look."""

    def __init__(self, turns: int) -> None:
        self.left = turns
        self.pauses: list[float | None] = []

    def is_set(self) -> bool:
        return self.left <= 0

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        self.pauses.append(timeout)
        return self.is_set()


def looks(collector: OwnPartsCollector, turns: int) -> list[Observation]:
    return list(collector.observe(Turns(turns)))


def changed(seen: list[Observation]) -> list[OwnPartChanged]:
    return [one for one in seen if isinstance(one, OwnPartChanged)]


def test_what_lies_as_it_was_shipped_is_nothing_to_tell(system: System) -> None:
    assert system.wrong() == []
    assert looks(system.collector(), 3) == []
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "/dev/stdin"],
        input=system.sums.read_text().replace("  /", f"  {system.root}/"),
        text=True,
        check=False,
    )
    assert done.returncode == 0


def mask(system: System) -> None:
    system.link(MASK, "/dev/null")


def empty(system: System) -> None:
    system.write(MASK, "")


CASES = {
    "unit-changed": (lambda s: s.write(UNIT, "[Service]\n"), Part.UNIT, How.CHANGED, UNIT),
    "unit-missing": (lambda s: s.at(UNIT).unlink(), Part.UNIT, How.MISSING, UNIT),
    "unit-open-to-others": (lambda s: s.at(UNIT).chmod(0o666), Part.UNIT, How.CHANGED, UNIT),
    "unit-a-link": (
        lambda s: (s.at(UNIT).unlink(), s.link(UNIT, "/dev/null")),
        Part.UNIT,
        How.CHANGED,
        UNIT,
    ),
    "unit-masked": (mask, Part.UNIT, How.MASKED, MASK),
    "unit-masked-by-an-empty-file": (empty, Part.UNIT, How.MASKED, MASK),
    "unit-masked-until-the-next-start": (
        lambda s: s.link(MASK.replace("/etc", "/run"), "/dev/null"),
        Part.UNIT,
        How.MASKED,
        MASK.replace("/etc", "/run"),
    ),
    "unit-overridden": (
        lambda s: s.write(MASK, "[Service]\nExecStart=/bin/true\n"),
        Part.UNIT,
        How.OVERRIDDEN,
        MASK,
    ),
    "unit-with-a-condition": (
        lambda s: s.write(DROP_IN, "[Unit]\nConditionPathExists=/nowhere\n"),
        Part.UNIT,
        How.OVERRIDDEN,
        DROP_IN,
    ),
    "unit-starved": (
        lambda s: s.write(DROP_IN, "[Service]\n CPUQuota = 1%\n"),
        Part.UNIT,
        How.OVERRIDDEN,
        DROP_IN,
    ),
    "unit-disabled": (
        lambda s: s.at(f"{WANTS}/dossierwacht-sender.service").unlink(),
        Part.UNIT,
        How.DISABLED,
        f"{WANTS}/dossierwacht-sender.service",
    ),
    "udev-rule-shadowed": (
        lambda s: s.link(f"/etc/udev/rules.d/{Path(UDEV).name}", "/dev/null"),
        Part.UDEV_RULE,
        How.MASKED,
        f"/etc/udev/rules.d/{Path(UDEV).name}",
    ),
    "polkit-rule-shadowed": (
        lambda s: s.write(f"/etc/polkit-1/rules.d/{Path(POLKIT).name}", "polkit.addRule();"),
        Part.POLKIT_RULE,
        How.OVERRIDDEN,
        f"/etc/polkit-1/rules.d/{Path(POLKIT).name}",
    ),
    "autostart-missing": (lambda s: s.at(TRAY).unlink(), Part.AUTOSTART, How.MISSING, TRAY),
    "program-missing": (lambda s: s.at(PROGRAM).unlink(), Part.PROGRAM, How.MISSING, PROGRAM),
}


@pytest.mark.parametrize("name", CASES)
def test_each_wrong_is_seen_and_put_back(system: System, name: str) -> None:
    spoil, part, how, at = CASES[name]
    spoil(system)
    assert system.wrong() == [(part, how, at)]
    if how is How.DISABLED:
        return  # only the system's own command can mend that
    assert put_back.put_back(system.wish()) is Result.DONE
    assert system.wrong() == []


@pytest.mark.parametrize(
    "text",
    ["[Service]\nEnvironment=HTTPS_PROXY=http://proxy.example:3128\n", "# nothing\n", ""],
    ids=["proxy", "comment", "empty"],
)
def test_what_an_administrator_may_well_set_is_nothing_to_tell(system: System, text: str) -> None:
    system.write(DROP_IN, text)
    assert system.wrong() == []


def test_nothing_is_asked_of_systemd_where_it_does_not_run(system: System) -> None:
    shutil.rmtree(system.at(WANTS))
    system.at("/run/systemd/system").rmdir()
    assert system.wrong() == []


def test_what_is_wrong_for_a_moment_is_not_told(system: System) -> None:
    collector, stop = system.collector(), Turns(4)
    seen = []
    system.at(UNIT).unlink()
    watching = collector.observe(stop)
    original, wait = (INSTALLER / SHIPPED[UNIT]), stop.wait

    def mended(timeout: float | None = None) -> bool:
        shutil.copyfile(original, system.at(UNIT))
        system.at(UNIT).chmod(0o644)
        return wait(timeout)

    stop.wait = mended  # type: ignore[method-assign]
    seen.extend(watching)
    assert seen == []


def test_it_is_told_the_second_time_and_is_no_news_until_it_was_right_again(system: System) -> None:
    collector = system.collector()
    mask(system)
    first = changed(looks(collector, 3))
    assert [one.facts() for one in first] == [{"part": Part.UNIT, "wrong": How.MASKED}] * 2
    assert first[0].once() == first[1].once()
    assert changed(looks(system.collector(), 2))[0].once() == first[0].once()  # a restart
    system.at(MASK).unlink()
    looks(collector, 1)
    mask(system)
    again = changed(looks(collector, 2))
    assert len(again) == 1
    assert again[0].once() != first[0].once()


def test_no_path_is_in_the_readable_part(system: System) -> None:
    mask(system)
    (told,) = changed(looks(system.collector(), 2))
    assert not [value for value in told.facts().values() if "/" in str(value)]
    assert told.details() == {"path": MASK}


def test_it_looks_each_hour_and_sooner_only_to_make_certain(system: System) -> None:
    since = Since(system.state, utc_now, MEMORY)
    collector, stop = OwnPartsCollector(system.installed, since), Turns(4)
    mask(system)
    list(collector.observe(stop))
    assert stop.pauses == [120.0, 3600.0, 3600.0, 3600.0]


@pytest.fixture
def dpkg(system: System) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds dpkg's lock."""
    lock = system.at("/var/lib/dpkg/lock")
    lock.parent.mkdir(parents=True)
    lock.touch()
    command = [sys.executable, "-c", _HOLD, str(lock)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as held:
        assert held.stdout is not None
        held.stdout.readline()
        yield held
        held.kill()


def test_in_the_middle_of_an_upgrade_nothing_is_wrong(
    system: System, dpkg: subprocess.Popen[str]
) -> None:
    system.at(UNIT).unlink()
    assert system.installed.busy()
    collector = system.collector()
    assert looks(collector, 3) == []
    dpkg.communicate("")
    assert not system.installed.busy()
    assert len(changed(looks(collector, 2))) == 1


def test_asking_for_the_lock_takes_none(system: System) -> None:
    lock = system.at("/var/lib/dpkg/lock")
    lock.parent.mkdir(parents=True)
    lock.touch()
    assert not system.installed.busy()
    with lock.open("w") as mine:
        fcntl.lockf(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("sums", [None, "", "not a digest  /etc/passwd\n"])
def test_a_list_that_is_gone_or_makes_no_sense_is_told(system: System, sums: str | None) -> None:
    whole = system.sums.read_text()
    collector = system.collector()
    system.sums.unlink() if sums is None else system.sums.write_text(sums)
    (lost,) = looks(collector, 1)
    assert isinstance(lost, CoverageLost)
    system.sums.write_text(whole)
    (back,) = looks(collector, 1)
    assert isinstance(back, CoverageRestored)
    assert (back.what, back.subject) == (lost.what, lost.subject)


def test_an_agent_that_runs_from_its_source_has_nothing_to_watch(tmp_path: Path) -> None:
    assert this_installation() is None
    made = make({"state": tmp_path})
    assert looks(made, 3) == []
    assert made.condition() == {}


def test_what_stood_in_the_way_is_kept(system: System) -> None:
    system.write(DROP_IN, "[Service]\nExecStart=\n")
    assert put_back.put_back(system.wish()) is Result.DONE
    system.write(UNIT, "an administrator's own\n")
    assert put_back.put_back(system.wish()) is Result.DONE
    mask(system)
    assert put_back.put_back(system.wish()) is Result.DONE
    assert system.aside() == [
        "-> /dev/null\n",
        "[Service]\nExecStart=\n",
        "an administrator's own\n",
    ]
    assert (system.state / put_back.ASIDE).stat().st_mode & 0o077 == 0


def test_units_that_start_with_the_laptop_are_known_from_their_copy(system: System) -> None:
    mask(system)
    assert put_back.starts_with_the_laptop(system.wish())
    system.at(MASK).unlink()
    system.at(UDEV).unlink()
    assert not put_back.starts_with_the_laptop(system.wish())


def test_whoever_is_at_the_laptop_is_not_bothered() -> None:
    heard = Heard()
    for kind in (OwnPartChanged.kind, "session-unattended"):
        heard.tell(make_event(kind=kind))
    assert [event.kind for event in heard] == ["session-unattended"]


def test_a_second_call_finds_it_done(system: System) -> None:
    mask(system)
    wish = system.wish()
    assert [put_back.put_back(wish), put_back.put_back(wish)] == [Result.DONE, Result.ALREADY]
    system.at(PROGRAM).unlink()
    wish = system.wish()
    assert [put_back.put_back(wish), put_back.put_back(wish)] == [Result.DONE, Result.ALREADY]
    assert os.access(system.at(PROGRAM), os.X_OK)


def refused(wish: Wish) -> Reason:
    with pytest.raises(EnforcementError) as error:
        put_back.put_back(wish)
    return error.value.reason


def test_what_changed_since_it_was_judged_is_left(system: System) -> None:
    system.write(UNIT, "first\n")
    wish = system.wish()
    system.write(UNIT, "second\n")
    assert refused(wish) is Reason.CHANGED
    assert system.at(UNIT).read_text() == "second\n"


def test_a_copy_that_is_not_what_was_shipped_is_not_put_anywhere(system: System) -> None:
    system.at(UNIT).unlink()
    wish = system.wish()
    (system.shipped / UNIT[1:]).write_text("[Service]\nExecStart=/tmp/evil\n")
    assert refused(wish) is Reason.CHANGED
    assert not system.at(UNIT).exists()


def test_what_is_no_file_is_left(system: System) -> None:
    system.at(UNIT).unlink()
    os.mkfifo(system.at(UNIT))
    assert refused(system.wish()) is Reason.NOT_PLAIN


def test_what_is_changed_again_and_again_is_left_to_people(tmp_path: Path) -> None:
    moments = [0.0]
    action = RestoreOwnPart(
        Settings(state=tmp_path),
        tmp_path / "shipped",
        beside=lambda words: "done" if words[2] == MASK else "",
        clock=lambda: moments[0],
    )
    attempt = Attempt(id="a", subject=MASK, proof={"path": UNIT, "how": "masked"})
    assert [action.apply(attempt).result for _ in range(MOST)] == [Result.DONE] * MOST
    with pytest.raises(EnforcementError) as error:
        action.apply(attempt)
    assert error.value.reason is Reason.CONTESTED
    moments[0] = 25 * 60 * 60.0
    assert action.apply(attempt).result is Result.DONE


def test_an_answer_that_is_no_known_word_proves_nothing(tmp_path: Path) -> None:
    for said in ("", "rubbish", "done\nmore"):
        action = RestoreOwnPart(
            Settings(state=tmp_path), tmp_path, beside=lambda _, said=said: said
        )
        with pytest.raises(EnforcementError) as error:
            action.apply(Attempt(id="a", subject=MASK))
        assert error.value.reason is Reason.NOT_CONFIRMED


def test_where_systemd_does_not_run_the_action_says_so(tmp_path: Path) -> None:
    if os.path.isdir("/run/systemd/system"):
        pytest.skip("systemd runs here")
    with pytest.raises(EnforcementError) as error:
        RestoreOwnPart(Settings(state=tmp_path), tmp_path).apply(Attempt(id="a", subject=MASK))
    assert error.value.reason is Reason.UNSUPPORTED


def test_it_ends_when_it_is_told_to(system: System) -> None:
    stop = threading.Event()
    collector = OwnPartsCollector(system.installed, Since(None, utc_now))
    thread = threading.Thread(target=lambda: list(collector.observe(stop)))
    thread.start()
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
