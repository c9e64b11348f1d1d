"""``./dev lab container``: each step of the collector's Containerfile, without docker, in a chroot.

Where there is no daemon and no registry the file cannot be built as it stands. So each FROM begins
with a minimal Debian of mmdebstrap, RUN runs in it, COPY copies, and at the end the command of the
last stage runs as its user until its own health check says that it answers. What this does not
prove is docker itself: its layers, its mounts, its network. Writes build/lab/container.json.
"""

import argparse
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "installer/collector/Containerfile"
OUT = Path("build/lab/container.json")
LONGEST = 1800
NOT_RUN = 3
ADDRESS = "https://collector.school.example:8443"
ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/"}


class Chroots:
    """The stages of the file, each a folder."""

    def __init__(self, place: Path, base: Path, authority: Path | None) -> None:
        self.place, self.base, self.authority = place, base, authority
        self.stages: dict[str, Path] = {}
        self.now = place
        self.folder, self.user, self.command = "/", "root", ""
        self.healthy: list[str] = []

    def do(self, word: str, rest: str) -> None:
        """One instruction. Raises SubprocessError, OSError."""
        if step := getattr(self, f"_{word.lower()}", None):
            step(rest)

    def run(self, words: list[str], **more: Any) -> "subprocess.CompletedProcess[bytes]":
        """A command in the chroot of the present stage, as its user."""
        made = ["setpriv", "--reuid", self.user, "--regid", self.user, "--init-groups"]
        started = ["chroot", str(self.now), *(made if self.user != "root" else ()), *words]
        environ = more.pop("env", None) or ENVIRON
        done = subprocess.run(started, timeout=LONGEST, env=environ, check=False, **more)
        return done  # type: ignore[no-any-return]

    def _from(self, rest: str) -> None:
        name = rest.split()[-1] if " AS " in rest else "last"
        self.now = self.stages[name] = self.place / name
        self.folder, self.user = "/", "root"
        self.now.mkdir()
        subprocess.run(["tar", "--extract", "--file", self.base, "-C", self.now], check=True)
        shutil.copy("/etc/resolv.conf", self.now / "etc/resolv.conf")
        if self.authority is not None:
            shutil.copy(self.authority, self.now / "authority.pem")
        mount(self.now)

    def _run(self, rest: str) -> None:
        trusted = (
            "export DEBIAN_FRONTEND=noninteractive PIP_CERT=/authority.pem; "
            if self.authority
            else ""
        )
        line = f"{trusted}cd {self.folder} && {rest}"
        done = self.run(["/bin/sh", "-c", line], capture_output=True)
        if done.returncode:
            raise OSError(done.stderr.decode("utf-8", "replace")[-1500:])

    def _copy(self, rest: str) -> None:
        words = rest.split()
        source = self.stages[words.pop(0)[7:]] if words[0].startswith("--from=") else ROOT
        given, to = source / words[0].lstrip("/"), self.now / words[1].lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        if given == ROOT:
            tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
            for name in tracked.stdout.decode().split("\0"):
                if name and (ROOT / name).is_file():
                    (to / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / name, to / name)
        elif given.is_dir():
            shutil.copytree(given, to, symlinks=True)
        else:
            shutil.copy(given, to)

    def _workdir(self, rest: str) -> None:
        self.folder = rest

    def _user(self, rest: str) -> None:
        self.user = rest

    def _cmd(self, rest: str) -> None:
        self.command = rest

    def _healthcheck(self, rest: str) -> None:
        self.healthy = list(json.loads(rest.partition("CMD ")[2]))

    def answers(self) -> str:
        """Start the command and ask the health check; what came of it."""
        environ = ENVIRON | {"PUBLIC_URL": ADDRESS}
        words = ["chroot", str(self.now), "setpriv", "--reuid", self.user, "--regid", self.user,
                 "--init-groups", "--pdeathsig", "TERM", *json.loads(self.command)]  # fmt: skip
        with subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL) as serving:
            first = self.run(self.healthy, env=environ).returncode
            for _ in range(120):
                if self.run(self.healthy, env=environ).returncode == 0:
                    break
                time.sleep(1)
            words = ["dossierwacht-collector", "user", "add", "ingrid", "--role", "it"]
            added = self.run([*words, "--generate"], env=environ, capture_output=True).returncode
            last = self.run(self.healthy, env=environ).returncode
            serving.terminate()
            code = serving.wait(60)
        return f"health before: {first}, after: {last}; user add: {added}; ended with {code}"


def mount(root: Path) -> None:
    """What a container has of /dev and /proc; nothing of the machine's own, should it stay."""
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True, timeout=60)
    for name, minor in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
        node = root / "dev" / name
        if not node.exists():
            os.mknod(node, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        node.chmod(0o666)


def instructions() -> list[tuple[str, str]]:
    """The file's instructions, with lines that go on joined."""
    text = re.sub(r"(?m)^#.*\n", "", FILE.read_text("utf-8")).replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def main(arguments: argparse.Namespace) -> int:
    """Do every step; the first that fails is the last."""
    if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
        print("did not run: needs root and mmdebstrap")
        return NOT_RUN
    cases: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="dw-container-") as name:
        place = Path(name)
        base = arguments.base or bootstrapped(place)
        stages = Chroots(place, base, arguments.authority)
        try:
            for word, rest in instructions():
                if not told(cases, f"{word} {rest}"[:100], lambda w=word, r=rest: stages.do(w, r)):
                    break
            else:
                expected = "health before: 1, after: 0; user add: 0; ended with 0"
                told(cases, "it answers", stages.answers, expected)
        finally:
            for one in stages.stages.values():
                subprocess.run(["umount", one / "proc"], check=False, timeout=60)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    said = {"machine": f"{platform.machine()}, {platform.system()}, chroot", "cases": cases}
    OUT.write_text(json.dumps(said, indent=1), "utf-8")
    return 0 if cases and all(one["passed"] for one in cases) and len(cases) > 1 else 1


def told(cases: list[dict[str, Any]], name: str, work: Any, expected: str = "done") -> bool:
    """Run a step, and note how it went."""
    began = time.monotonic()
    try:
        got = work() or "done"
    except (subprocess.SubprocessError, OSError, LookupError) as error:
        got = f"broke off: {error}"
    passed = got == expected
    seconds = round(time.monotonic() - began, 1)
    cases.append({"name": name, "expected": expected, "got": got, "passed": passed,
                  "seconds": seconds})  # fmt: skip
    print(f"{'ok' if passed else 'FAILED'} {seconds:7.1f} s  {name}{'' if passed else ': ' + got}",
          flush=True)  # fmt: skip
    return passed


def bootstrapped(place: Path) -> Path:
    """A minimal Debian, such as the base of the file is."""
    made = place / "base.tar"
    words = ["mmdebstrap", "--quiet", "--variant=minbase", "bookworm", str(made)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, timeout=LONGEST)
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="./dev lab container")
    parser.add_argument("--base", type=Path, help="a tar of a minimal Debian that was made before")
    text = "what pip believes instead, where a proxy opens TLS"
    parser.add_argument("--authority", type=Path, metavar="FILE", help=text)
    sys.exit(main(parser.parse_args()))
