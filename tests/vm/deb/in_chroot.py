"""The cases that need no systemd: files, accounts, what stays and what is refused."""

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage

from tests.vm.deb import chroot
from tests.vm.deb.builds import NEW, OLD, Builds
from tests.vm.deb.chroot import Chroot

ROUNDS = 10
LARGEST = 25.0
"""Megabytes of the package."""
STATE = "/var/lib/dossierwacht"
STAGE = "/home/.dossierwacht-stage"
FILE = "/home/sanne/Documents/lijst 3b.csv"
DATA = b"groep;naam\n3b;Invented Child\n" * 500
SCRIPT = Path(__file__).parent / "seal_one.py"
NUMBERS = {"whole": "00000000-0000-4000-8000-000000000001"}
POLICY = """
name = "lab"
version = 1
[contact]
name = "the lab's officer"
[collectors.pupil_files]
roots = ["/home"]
"""
Find = Callable[[], Any]


@dataclass(kw_only=True)
class Bench:
    """Where the cases run; ``fresh`` gives each a system of its own."""

    builds: Builds
    work: Path
    say: chroot.Say
    officer: pyrage.x25519.Identity = field(default_factory=pyrage.x25519.Identity.generate)
    reserve: pyrage.x25519.Identity = field(default_factory=pyrage.x25519.Identity.generate)

    def fresh(self) -> Chroot:
        system = chroot.unpacked(self.work / "root", self.say)
        system.put(self.builds.old, "/old.deb")
        system.put(self.builds.new, "/new.deb")
        system.put(SCRIPT, "/seal_one.py")
        return system

    def laid_out(self, system: Chroot, *, proven: bool = True) -> None:
        """A home with a pupil file, and a policy that names the officers."""
        file = system.root / FILE.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(DATA)
        settings = system.root / "etc/dossierwacht"
        settings.mkdir(exist_ok=True)
        text = POLICY
        for name, one in (("officer", self.officer), ("reserve", self.reserve)):
            key, told = str(one.to_public()), json.dumps(proven)
            text += f'[[recipients]]\nname = "{name}"\nkey = "{key}"\nproven = {told}\n'
        (settings / "policy.toml").write_text(text)

    def seal(self, system: Chroot, die_at: str = "") -> None:
        """Seal the file with the package's own code, killed at a step if one is named."""
        keys = f"{self.officer.to_public()} {self.reserve.to_public()}"
        done = system.sh(
            f"/usr/lib/dossierwacht/bin/python3 -I /seal_one.py '{FILE}' "
            f"{NUMBERS['whole']} '{die_at}' {keys}"
        )
        if done.returncode != (9 if die_at else 0):
            raise RuntimeError(f"sealing: {done.returncode}: {done.stderr}")

    def opened(self, system: Chroot) -> list[bytes]:
        """What the officer's key makes of everything that is sealed."""
        copies = sorted((system.root / f"{STATE}/vault".lstrip("/")).glob("*.age"))
        whole = [copy for copy in copies if "." not in copy.stem]
        return [pyrage.decrypt(copy.read_bytes(), [self.officer]) for copy in whole]


def cases(bench: Bench) -> list[tuple[str, Any, Find]]:
    """Each case: its name, what is expected, and how to find out."""
    return [
        ("the same source gives the same package, elsewhere", True, lambda: same(bench)),
        (f"the package has at most {LARGEST:.0f} MB", True, lambda: size(bench) <= LARGEST),
        ("lintian has nothing to say", [], lambda: lintian(bench)),
        (
            f"{ROUNDS} rounds of install, upgrade, purge leave nothing",
            [],
            lambda: rounds(bench),
        ),
        ("manual page and completion are there", [True, True, True], lambda: papers(bench)),
        ("an older version is refused with a reason", REFUSED, lambda: downgrade(bench)),
        ("also after the newer one was removed", REFUSED_AFTER, lambda: downgrade_after(bench)),
        ("remove keeps what is sealed, journal and keys", KEPT, lambda: remove(bench)),
        ("purge keeps the sealed copy and a note, and nothing else", PURGED, lambda: purge(bench)),
        ("what went back is no reason to keep", [], lambda: purge_settled(bench)),
        ("a file in the stage is sealed before removal", ENDED, lambda: staged(bench)),
        ("or goes back to its folder", BACK, lambda: staged_back(bench)),
        ("or stays in the stage, also by a purge", STAYS, lambda: staged_stays(bench)),
        ("retired by force and purged, the copy stays", PURGED, lambda: retired(bench)),
    ]


REFUSED = {"refused": True, "says": True, "version": NEW, "status": "install ok installed"}
REFUSED_AFTER = REFUSED | {"version": "", "status": "deinstall ok config-files"}
KEPT = {"opens": True, "says": 1, "journal": True, "keys": True, "program": False}
PURGED = {"state": ["vault"], "opens": True, "note": True, "accounts": [], "settings": False}
ENDED = {"opens": True, "in_folder": False, "stage": False}
BACK = {"opens": False, "in_folder": True, "stage": False}
STAYS = {"in_stage": True, "state": ["stages.json"], "says": True}


def same(bench: Bench) -> bool:
    return bench.builds.old.read_bytes() == bench.builds.again.read_bytes()


def size(bench: Bench) -> float:
    found = bench.builds.old.stat().st_size / 1e6
    bench.say(f"the package has {found:.1f} MB")
    return found


def lintian(bench: Bench) -> list[str]:
    done = subprocess.run(
        ["/usr/bin/lintian", "--allow-root", "--no-tag-display-limit", str(bench.builds.old)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if line.strip()]


def rounds(bench: Bench) -> list[str]:
    """What is there or is missing after so many rounds; the first word says which."""
    system = bench.fresh()
    before = system.listing()
    for _ in range(ROUNDS):
        system.must("dpkg -i /old.deb")
        system.must("dossierwacht --version && dossierwacht policy show >/dev/null")
        system.must("dossierwacht report --json >/dev/null || true")
        system.must("timeout -s TERM 5 dossierwacht run --no-sender || true")
        system.must("dpkg -i /new.deb && dpkg --purge dossierwacht-agent")
    after = system.listing()
    return sorted([f"new {line}" for line in after - before] +
                  [f"gone {line}" for line in before - after])  # fmt: skip


def papers(bench: Bench) -> list[bool]:
    system = bench.fresh()
    system.must("dpkg -i /old.deb")
    system.must(". /dev/null; bash -c '. /usr/share/bash-completion/completions/dossierwacht'")
    page = system.must("zcat /usr/share/man/man1/dossierwacht.1.gz")
    complete = system.must("bash -c '. /usr/share/bash-completion/completions/dossierwacht;"
                           " complete -p dossierwacht'")  # fmt: skip
    zsh = system.must("cat /usr/share/zsh/vendor-completions/_dossierwacht")
    return ["dossierwacht retire" in page, "-F" in complete, zsh.startswith("#compdef")]


def downgrade(bench: Bench) -> dict[str, Any]:
    system = bench.fresh()
    system.must("dpkg -i /new.deb")
    return _refused(system)


def downgrade_after(bench: Bench) -> dict[str, Any]:
    system = bench.fresh()
    system.must("dpkg -i /new.deb && dpkg --remove dossierwacht-agent")
    return _refused(system)


def _installed(system: Chroot) -> bool:
    return system.sh("dossierwacht --version").returncode == 0


def _refused(system: Chroot) -> dict[str, Any]:
    done = system.sh("dpkg -i /old.deb")
    version = system.sh("dossierwacht --version").stdout.split()
    status = system.must("dpkg-query -W -f '${Status}' dossierwacht-agent")
    return {
        "refused": done.returncode != 0,
        "says": f"{OLD} is older and is not installed" in done.stderr,
        "version": version[-1] if version else "",
        "status": status,
    }


def remove(bench: Bench) -> dict[str, Any]:
    system = _with_sealed(bench)
    said = system.must("dpkg --remove dossierwacht-agent")
    state = system.root / STATE.lstrip("/")
    return {
        "opens": bench.opened(system) == [DATA],
        "says": said.count("sealed files stay in"),
        "journal": (state / "journal.db").exists(),
        "keys": (state / "digest.key").exists(),
        "program": _installed(system),
    }


def purge(bench: Bench) -> dict[str, Any]:
    system = _with_sealed(bench)
    system.must("dpkg --purge dossierwacht-agent")
    return _purged(bench, system)


def retired(bench: Bench) -> dict[str, Any]:
    system = _with_sealed(bench)
    if system.sh("dossierwacht retire").returncode != 1:
        raise RuntimeError("retired although something is sealed")
    system.must("dossierwacht retire --force && dpkg --purge dossierwacht-agent")
    return _purged(bench, system)


def purge_settled(bench: Bench) -> list[str]:
    system = _with_sealed(bench)
    record = system.root / f"{STATE}/vault/{NUMBERS['whole']}.json".lstrip("/")
    system.put(_key_file(bench), "/officer.txt")
    system.must(f"dossierwacht sealed restore {NUMBERS['whole']} --identity /officer.txt")
    if '"returned": 1' not in record.read_text():
        raise RuntimeError("that it went back was not noted")
    system.must("dpkg --purge dossierwacht-agent")
    return sorted(str(path) for path in (system.root / "var/lib").glob("dossierwacht*"))


def staged(bench: Bench) -> dict[str, Any]:
    system = _with_sealed(bench, die_at="folder-durable")
    system.must("dpkg --remove dossierwacht-agent")
    return _ended(bench, system)


def staged_back(bench: Bench) -> dict[str, Any]:
    system = _with_sealed(bench, die_at="folder-durable")
    bench.laid_out(system, proven=False)
    (system.root / FILE.lstrip("/")).unlink()
    system.must("dpkg --remove dossierwacht-agent")
    return _ended(bench, system)


def staged_stays(bench: Bench) -> dict[str, Any]:
    system = _with_sealed(bench, die_at="folder-durable")
    bench.laid_out(system, proven=False)
    system.must("rm -r /home/sanne")
    said = system.must("dpkg --purge dossierwacht-agent")
    file = system.root / f"{STAGE}/{NUMBERS['whole']}.file".lstrip("/")
    return {
        "in_stage": file.exists() and file.read_bytes() == DATA,
        "state": _names(system, STATE),
        "says": bool(re.search("could not go back", said)),
    }


def _with_sealed(bench: Bench, die_at: str = "") -> Chroot:
    """The package installed, the agent once run, and one file sealed or on its way."""
    system = bench.fresh()
    system.must("dpkg -i /old.deb")
    bench.laid_out(system)
    bench.seal(system, die_at)
    if not die_at:
        system.must("timeout -s TERM 5 dossierwacht run --no-sender || true")
    return system


def _purged(bench: Bench, system: Chroot) -> dict[str, Any]:
    note = system.root / f"{STATE}/vault/README.txt".lstrip("/")
    return {
        "state": _names(system, STATE),
        "opens": bench.opened(system) == [DATA],
        "note": note.exists() and str(bench.officer.to_public()) in note.read_text(),
        "accounts": re.findall("dossierwacht-.*", system.must("getent passwd; getent group")),
        "settings": (system.root / "etc/dossierwacht").exists(),
    }


def _ended(bench: Bench, system: Chroot) -> dict[str, Any]:
    file = system.root / FILE.lstrip("/")
    return {
        "opens": bench.opened(system) == [DATA],
        "in_folder": file.exists() and file.read_bytes() == DATA,
        "stage": (system.root / STAGE.lstrip("/")).exists(),
    }


def _names(system: Chroot, folder: str) -> list[str]:
    return sorted(path.name for path in (system.root / folder.lstrip("/")).iterdir())


def _key_file(bench: Bench) -> Path:
    path = bench.work / "officer.txt"
    path.write_text(f"# public key: {bench.officer.to_public()}\n{bench.officer}\n")
    return path
