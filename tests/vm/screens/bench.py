"""The laptop whose screen is left open: its desktop, its locker, its keyboard, its pictures."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.vm.laptop.machine import GuestError, Laptop
from tests.vm.laptop.product import AGENT, Product
from tests.vm.screens.cases import PASSWORD, SWAY, Case
from tests.vm.screens.picture import SECRET, shows_secret

LIMIT = 60
"""Seconds: the shortest that a policy can set."""
POLICY = """
[collectors.session]
limit_minutes = 1
warning_seconds = 30

[[rules]]
name = "lock"
kind = "session-unattended"
action = "lock-session"

[[rules]]
name = "lock-at-once"
kind = "laptop-left"
action = "lock-session"
"""
SHOTS = Path("build/lab/screens")
_WINDOW = {
    SWAY: f"foot -o colors.background={SECRET[1:]} sleep 86400",
    "": f"xterm -geometry 70x20+60+60 -bg '{SECRET}' -e sleep 86400",
}
_LOG_IN = """\
set -e
printf '%s\\n' {locker} >/etc/lab/locker
cd /etc/lightdm/lightdm.conf.d
sed -i 's/^\\(autologin-session\\|user-session\\)=.*/\\1={session}/' 50-lab.conf
grep -q hide-users 50-lab.conf || echo greeter-hide-users=false >>50-lab.conf
systemctl stop lightdm
loginctl kill-user teacher 2>/dev/null || true
for n in $(seq 100); do
  loginctl list-sessions --no-legend | grep -q teacher || break
  sleep 0.2
done
systemctl reset-failed
systemctl start lightdm
"""
_OPEN = (
    "loginctl list-sessions --no-legend | grep teacher | grep -q seat0"
    " && pgrep -u teacher -x '{process}'"
)
_PROCESS = {"openbox": "openbox", "xfce": "xfdesktop", "sway": "sway"}


class Bench:
    """Everything a case needs."""

    def __init__(self, laptop: Laptop, work: Path) -> None:
        self.laptop = laptop
        self.work = work
        self.product = Product(laptop)
        shutil.rmtree(SHOTS, ignore_errors=True)
        SHOTS.mkdir(parents=True)

    def prepare(self, deb: Path) -> None:
        """Put the product in, with a limit of one minute."""
        self.product.more = POLICY
        self.product.install(deb)

    @contextmanager
    def logged_in(self, case: Case) -> Iterator[None]:
        """The person's session of a case, with a window that must not be seen by others."""
        hidden = case.hidden()
        for program in hidden:
            self.laptop.sh(f"mv {program} {program}.hidden")
        try:
            locker = "'" + case.locker.replace("'", "'\\''") + "'"
            self.laptop.sh(_LOG_IN.format(locker=locker, session=case.desktop), timeout=300)
            process = _PROCESS[case.desktop]
            self.laptop.wait_until(_OPEN.format(process=process), 180)
            self.key("shift")
            self._show_secret(case)
            self.laptop.sh("as-staff -b tray dossierwacht tray || true")
            yield
        finally:
            for program in hidden:
                self.laptop.sh(f"mv {program}.hidden {program}")

    def _show_secret(self, case: Case) -> None:
        command = _WINDOW.get(case.desktop, _WINDOW[""])
        display = "WAYLAND_DISPLAY=wayland-1 " if case.desktop == SWAY else ""
        self.laptop.sh("as-staff systemctl --user stop secret 2>/dev/null || true")
        self.laptop.sh(f'as-staff -b secret env {display}sh -c "exec {command}"')
        end = time.monotonic() + 90
        while not self.secret_seen("before"):
            if time.monotonic() > end:
                raise GuestError("the desktop shows no window")
            time.sleep(1)

    def key(self, *names: str) -> None:
        """Press keys together, once."""
        self.laptop.qmp("send-key", keys=[{"type": "qcode", "data": name} for name in names])

    def give(self, case: Case, password: str) -> None:
        """Type a password where the locker asks for one."""
        if case.wakes:
            self.key("ctrl")
            time.sleep(3)
        self.laptop.qmp.type(password + "\n", pause=0.3)

    def secret_seen(self, name: str) -> bool:
        """Whether the screen shows the window now; the picture is kept under a name."""
        path = SHOTS / f"{name}.png"
        self.laptop.qmp.picture(path.resolve())
        return shows_secret(path)

    def secret_within(self, seconds: float, name: str) -> bool:
        """Whether the window can be seen at some moment of so many seconds."""
        end = time.monotonic() + seconds
        while not self.secret_seen(name):
            if time.monotonic() > end:
                return False
            time.sleep(0.3)
        return True

    def now(self) -> float:
        """The guest's monotonic clock, in seconds."""
        return float(self.laptop.sh("cut -d' ' -f1 /proc/uptime"))

    def touched(self) -> float:
        """Touch a key that types nothing; when."""
        at = self.now()
        self.key("shift")
        return at

    def told(self, kind: str, after: int, patience: float) -> dict[str, Any] | None:
        """The first event of a kind with a higher number, within so many seconds."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for event in self.product.events(after):
                if event["kind"] == kind:
                    return event
            time.sleep(1)
        return None

    def spoke(self, kind: str, since: float) -> float | None:
        """When the agent's log named a kind since a moment; the guest's clock."""
        said = self.laptop.sh(
            f"journalctl -u {AGENT} -b -o json --output-fields=MESSAGE -n 50 --quiet"
            f" | grep '{kind}:' || true"
        )
        times = (int(json.loads(line)["__MONOTONIC_TIMESTAMP"]) / 1e6 for line in said.splitlines())
        return next((at for at in times if at >= since), None)


__all__ = ["LIMIT", "PASSWORD", "Bench"]
