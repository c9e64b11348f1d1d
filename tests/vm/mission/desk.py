"""The staff member's own desk: logging in, and the pages that their browser shows.

The laptop's browser notes the address it was asked to open. A browser on the host opens it, through
a tunnel that ends as a connection of the staff member's own, at the same port: the pages ask for
both.
"""

from urllib.parse import urlsplit

from playwright.sync_api import Page

from agent.texts import say
from tests.vm.mission.road import Road

LANGUAGE = "nl"
_ASKED = "/run/user/1000/lab-browser"
_LOG_IN = """\
set -e
systemctl stop lightdm
loginctl kill-user teacher 2>/dev/null || true
for n in $(seq 150); do
  loginctl list-sessions --no-legend | grep -q teacher || break
  sleep 0.2
done
for n in $(seq 100); do
  pgrep -u teacher -f 'systemd --user' >/dev/null || break
  sleep 0.2
done
systemctl reset-failed
systemctl start lightdm
"""


def words(key: str) -> str:
    """A sentence as the staff member reads it, without what stands for a value in it."""
    return say(LANGUAGE, key)


def log_in(road: Road) -> None:
    """The staff member's session begins anew, with everything that begins with a session."""
    road.sh(_LOG_IN, 300)
    for program in ("openbox", "tint2", "dunst"):
        road.laptop.wait_until(f"pgrep -u teacher -f {program}", 300)
    road.key("shift")


def asked_for(road: Road, patience: float = 180.0) -> str:
    """The address that the laptop's browser was asked to open, once. Raises AssertionError."""

    def last() -> str:
        return road.laptop.sh(f"tail -n 1 {_ASKED} 2>/dev/null || true").strip()

    found: str = road.until(last, patience, "the browser is asked for a page")
    road.laptop.sh(f"rm {_ASKED}")
    road.say(f"the browser opens {found}")
    return found


def visit(road: Road, address: str) -> Page:
    """That page, in the browser of the staff member."""
    port = urlsplit(address).port or 0
    ways = road.known.setdefault("ways", {})
    if port not in ways:  # the pages stay where they are while one of them was asked for lately
        ways[port] = road.tunnel("teacher", port, port)
    tab = road.tab("nl-NL")
    tab.goto(address)
    return tab
