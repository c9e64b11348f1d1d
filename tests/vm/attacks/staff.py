"""The attacks of a staff member without root's rights, in their own session on the laptop."""

import json
from pathlib import Path

from tests.vm.attacks.bench import HOME, Bench
from tests.vm.laptop.product import AGENT

ATTACKS = (Path(__file__).parents[2] / "attacks_on_processes.py").read_text("utf-8")
_UNIT = f"{AGENT}.service"
_GROUP = f"/sys/fs/cgroup/system.slice/{_UNIT}"
_ALL = {"run --no-sender", "agent.sender", "recognise.worker"}
_GONE = {2, 3}
"""What is said of a process that ended; a worker does so by itself when there is nothing to do."""
_CALL = (
    "busctl call --allow-interactive-authorization=false org.freedesktop.systemd1"
    " /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager"
)
_FLOOD = """
import os, sys
os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])
for number in range(int(sys.argv[2])):
    name = f"{number % 5000}.csv"
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600))
    os.utime(name)
    os.unlink(name)
"""
_BURN = """
import os, sys, time
end, made = time.monotonic() + float(sys.argv[1]), 0
for _ in range(int(sys.argv[2])):
    try:
        if os.fork() == 0:
            while time.monotonic() < end:
                pass
            os._exit(0)
        made += 1
    except OSError:
        break
for _ in range(made):
    os.wait()
"""
_EVIL = """\
set -e
mkdir -p {folder}/agent {folder}/enforcement
for name in sitecustomize usercustomize json agent/__init__ agent/cli enforcement/__init__; do
  echo 'open("/tmp/theirs-ran", "a").write("x")' >{folder}/$name.py
done
"""


def signals(bench: Bench) -> str:
    """Signals, debugging, priorities and limits on each process."""
    for _ in range(3):
        bench.plant()
        bench.until(lambda: set(bench.pids()) >= _ALL, 120)
        pids = bench.pids()
        said = bench.python(ATTACKS, *map(str, pids.values())).splitlines()
        tried = {name: json.loads(line) for name, line in zip(pids, said, strict=True)}
        through = [
            f"{name} {one}" for name in tried for one, no in tried[name].items() if no is None
        ]
        if through:
            return f"through: {', '.join(through)}"
        if set(tried) >= _ALL and not any(_GONE & set(one.values()) for one in tried.values()):
            return "all refused"
    return f"not all there: {', '.join(pids)}"


def asking_systemd(bench: Bench) -> str:
    """The manager of the system, by D-Bus, from an active session at the screen."""
    return bench.refused(
        {
            "stop": f"{_CALL} StopUnit ss {_UNIT} replace",
            "restart": f"{_CALL} RestartUnit ss {_UNIT} replace",
            "kill": f"{_CALL} KillUnit ssi {_UNIT} all 19",
            "freeze": f"{_CALL} FreezeUnit s {_UNIT}",
            "starve": f"{_CALL} SetUnitProperties sba(sv) {_UNIT} true 1 CPUQuotaPerSecUSec t 1000",
            "mask": f"{_CALL} MaskUnitFiles asbb 1 {_UNIT} true true",
            "disable": f"{_CALL} DisableUnitFiles asb 1 {_UNIT} false",
            "a unit of their own": f"{_CALL} StartUnit ss debug-shell.service replace",
            "reload": f"{_CALL} Reload",
            "stop the sender": f"{_CALL} StopUnit ss dossierwacht-sender.service replace",
            "stop udev": f"{_CALL} StopUnit ss systemd-udevd.service replace",
        }
    )


def control_groups(bench: Bench) -> str:
    """The agent's control group, and the person's own."""
    own = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice"
    pid = bench.pids()["run --no-sender"]
    return bench.refused(
        {
            "freeze": f"echo 1 >{_GROUP}/cgroup.freeze",
            "kill": f"echo 1 >{_GROUP}/cgroup.kill",
            "starve": f"echo 1000 >{_GROUP}/cpu.max",
            "memory": f"echo 1M >{_GROUP}/memory.max",
            "join": f"echo $$ >{_GROUP}/cgroup.procs",
            "move away": f"echo {pid} >{own}/cgroup.procs",
        }
    )


def clock(bench: Bench) -> str:
    """The clock and the zone of the laptop."""
    return bench.refused(
        {
            "date": "date -s 2031-01-01",
            "timedatectl": "timedatectl --no-ask-password set-time '2031-01-01 00:00:00'",
            "zone": "timedatectl --no-ask-password set-timezone Pacific/Kiritimati",
            "name": "hostnamectl --no-ask-password set-hostname other",
        }
    )


def own_files(bench: Bench) -> str:
    """The agent's files, its state, its socket and where it is told of sticks."""
    paths = (
        "/usr/bin/dossierwacht",
        "/lib/systemd/system/dossierwacht-agent.service",
        "/lib/udev/rules.d/72-dossierwacht-usb.rules",
        "/usr/lib/dossierwacht/shipped/SHA256SUMS",
        "/etc/dossierwacht/policy.toml",
    )
    attempts = {path: f"echo >>{path}" for path in paths}
    attempts |= {f"remove {path}": f"rm -f {path}" for path in paths}
    folders = ("/var/lib/dossierwacht", "/run/dossierwacht", "/etc/dossierwacht")
    attempts |= {f"into {folder}": f"touch {folder}/theirs" for folder in folders}
    attempts["list state"] = "ls /var/lib/dossierwacht"
    attempts["socket"] = (
        "rm -f /run/dossierwacht/control.sock; test ! -e /run/dossierwacht/control.sock"
    )
    return bench.refused(attempts)


def environment(bench: Bench) -> str:
    """Root uses the command in a folder of theirs, with what they put into the environment."""
    folder = f"{HOME}/evil"
    bench.staff(_EVIL.format(folder=folder))
    names = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONSTARTUP")
    given = " ".join(f"{name}={folder}" for name in names)
    for command in ("status", "doctor", "usb list", "policy show"):
        bench.laptop.tried(f"cd {folder} && env {given} dossierwacht {command}")
    ran = bench.laptop.tried("test -e /tmp/theirs-ran").returncode == 0
    return "theirs ran" if ran else "nothing of theirs ran"


def flood(bench: Bench) -> str:
    """20,000 files made, touched and gone, with pupil files before, amid and after."""
    after = bench.product.last()
    folder = f"{HOME}/flood"
    bench.staff(f"mkdir -p {folder}")
    for _ in range(4):
        bench.plant(folder)
        bench.python(_FLOOD, folder, "5000", timeout=600)
    bench.plant(folder)
    found = bench.found_after(after, 5)
    number = len(bench.told("pupil-file-found", after))
    return "all 5 found" if found else f"{number} of 5 found"


def burning(bench: Bench) -> str:
    """400 processes of theirs that do nothing but compute."""
    after = bench.product.last()
    command = "as-staff -b burn /usr/bin/python3 /var/tmp/burn.py 60 400"
    bench.laptop.sh("cat >/var/tmp/burn.py", given=_BURN.encode())
    bench.laptop.sh(command)
    bench.plant()
    found = bench.found_after(after)
    return "found" if found else "not found"


def full_disk(bench: Bench) -> str:
    """They fill the disk; what they have lying there is still found and recorded."""
    after = bench.product.last()
    bench.staff(f"mkdir -p /var/tmp/theirs {HOME}/full")
    bench.plant("/var/tmp/theirs")
    bench.staff(f"fallocate -l 64G {HOME}/fill || cat /dev/zero >{HOME}/fill", 900)
    # More than fits into an inode.
    full = not bench.staff(f"head -c 4M /dev/zero >{HOME}/more && sync {HOME}/more")
    bench.laptop.tried(f"mv /var/tmp/theirs/*.csv {HOME}/full/")
    found = bench.found_after(after)
    bench.staff(f"rm -f {HOME}/fill {HOME}/more")
    return f"{'full' if full else 'not full'}, {'found' if found else 'not found'}"


def full_run(bench: Bench) -> str:
    """They fill their part of /run, which holds their sockets."""
    bench.staff("cat /dev/zero >/run/user/1000/fill; true", 300)
    answers = bench.staff("dossierwacht status --json >/dev/null")
    goes_on = bench.still_finds()
    bench.staff("rm -f /run/user/1000/fill")
    return f"{'answers' if answers else 'no answer'}, {goes_on}"
