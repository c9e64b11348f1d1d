"""The first day: two packages, the first people, their keys, a policy, and a laptop that enrols."""

import http.client
import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.vm.laptop.product import AGENT
from tests.vm.mission import debs, readme
from tests.vm.mission.ledger import Step
from tests.vm.mission.road import NAME, OFFICE, PORT, URL, Road

COLLECTOR = "dossierwacht-collector"
PEOPLE = {"ingrid": "it", "olaf": "officer"}
PLACE = "/var/tmp"  # of the laptop
POLICY = Path(__file__).with_name("policy.toml")
BROWSER = "/usr/bin/x-www-browser"
_BEFORE = f"""\
set -e
ln -sf /usr/share/zoneinfo/Europe/Amsterdam /etc/localtime
echo '127.0.0.1 {NAME}' >>/etc/hosts
printf 'LANG=C.UTF-8\\nLANGUAGE=nl\\n' >>/etc/environment
install -d -o teacher -g teacher -m 700 /home/teacher/.ssh
install -o teacher -g teacher -m 600 "$HOME"/.ssh/authorized_keys /home/teacher/.ssh/
echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/90lab
cat >{BROWSER} <<'END'
#!/bin/sh
# The lab's browser: it notes the address, which a browser on the host then opens.
printf '%s\\n' "$1" >>"$XDG_RUNTIME_DIR/lab-browser"
END
chmod 755 {BROWSER}
"""
ELSEWHERE = (
    "/proc",
    "/tmp",
    "/srv",
    "/media",
    "/home/teacher",
    "/var/tmp",
    "/var/log",
    "/var/cache",
    "/var/lib/apt",
    "/var/lib/dpkg",
    "/var/lib/systemd",
    "/var/lib/udisks2",
)
FILES = "find / -xdev " + " ".join(f"-not -path '{one}/*'" for one in ELSEWHERE) + " | sort"
"""What packages may have left behind is looked for here."""


def prepare(road: Road) -> str:
    """The laptop as a school has it: its time zone, its name server, a browser."""
    road.sh(_BEFORE)
    files = debs.lacking(road.laptop, road.work)
    for file in files:
        road.laptop.put(file, f"{PLACE}/{file.name}")
    names = " ".join(f"{PLACE}/{file.name}" for file in files)
    road.sh(f"dpkg -i {names}", 1200)
    road.known["files"] = road.laptop.sh(FILES, 300).splitlines()
    road.known["users"] = road.laptop.sh("getent passwd | cut -d: -f1").split()
    return f"Debian {road.sh('cat /etc/debian_version').strip()}, and {len(files)} of its packages"


def install(road: Road) -> str:
    """Both packages from files, by the README's lines."""
    for what, package in (("collector", COLLECTOR), ("agent", AGENT)):
        deb = road.known[what]
        road.laptop.put(deb, f"{PLACE}/{deb.name}")
        road.sh(f"cd {PLACE} && {readme.line(f'apt install ./{package}')}", 1800)
    for unit in (AGENT, COLLECTOR):
        road.laptop.wait_until(f"systemctl is-active {unit}", 300)
    road.answers()
    return road.sh(f"dpkg-query -W -f '${{Package}} ${{Version}}\\n' {AGENT} {COLLECTOR}").strip()


def address(road: Road) -> str:
    """The collector gets the name by which people and laptops know it."""
    road.sh(
        f"sed -i 's|^PUBLIC_URL=.*|PUBLIC_URL={URL}|' /etc/{COLLECTOR}/collector.env"
        f" && systemctl restart {COLLECTOR}"
    )
    listens(road)
    return f"answers at {URL}"


def listens(road: Road) -> None:
    """Wait until the collector answers, asked from outside: asking costs the laptop little then."""
    road.until(lambda: _answers(road.door), 900, "the collector answers")


def _answers(port: int) -> bool:
    unverified = ssl._create_unverified_context()  # whose it is matters later
    try:
        asked = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=unverified)
        asked.request("GET", "/v1/ca", headers={"Host": f"{NAME}:{PORT}"})
        return b"CERTIFICATE" in asked.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False


def people(road: Road) -> str:
    """A login for each of the first people: for IT by the README's line."""
    made = road.sh(readme.line(f"{COLLECTOR} user add ingrid"))
    road.known["passwords"] = {"ingrid": made.split()[-1], "olaf": "olaf-invented-password"}
    words = f"{COLLECTOR} user add olaf --role officer --password-stdin"
    road.sh(words, given=f"{road.known['passwords']['olaf']}\n".encode())
    said = road.sh(f"{COLLECTOR} user list")
    assert all(name in said for name in PEOPLE), said
    return ", ".join(f"{name} ({role})" for name, role in PEOPLE.items())


def keys(road: Road) -> str:
    """The officer's key and the reserve; both are taken away to the officer's own machine."""
    road.sh(f"install -d -o {COLLECTOR} -g {COLLECTOR} -m 700 {OFFICE}")
    said = road.sh(f"{COLLECTOR} keys new --out {OFFICE}/keys")
    for name in ("officer", "reserve"):
        file = road.work / f"{name}.agekey"
        file.write_text(road.laptop.sh(f"cat {OFFICE}/keys/{name}.agekey"), "ascii")
        road.known[name] = file
    road.sh(f"rm -r {OFFICE}/keys")
    road.known["recipients"] = said[said.index("[[recipients]]") :].strip()
    assert road.known["recipients"].count("proven = true") == 2, said
    return "two keys, each proven by a test decryption"


def policy(road: Road) -> str:
    """It enforces, so two people sign it."""
    told = (datetime.now(UTC) - timedelta(days=60)).date()
    text = POLICY.read_text("utf-8").format(recipients=road.known["recipients"], given_on=told)
    road.sh(f"cat >{OFFICE}/policy.toml", given=text.encode())
    road.sh(f"dossierwacht policy check {OFFICE}/policy.toml")
    public = {
        name: road.sh(f"dossierwacht policy key --out {OFFICE}/{name}.pem").strip()
        for name in ("root", "ingrid", "olaf")
    }
    signers = " ".join(f"--signer {name}={public[name]}" for name in ("ingrid", "olaf"))
    road.sh(
        f"cd {OFFICE} && dossierwacht policy keyring --root-key root.pem --version 1 {signers}"
        " >keyring.json && dossierwacht policy sign policy.toml --key ingrid.pem >once.json"
        " && dossierwacht policy sign once.json --key olaf.pem >policy.json && chmod 644 *.json"
    )
    road.sh(f"{COLLECTOR} policy publish {OFFICE}/keyring.json")
    return road.sh(f"{COLLECTOR} policy publish {OFFICE}/policy.json").strip()


def wrong_token(road: Road) -> str:
    """A token that somebody mistyped, and one that the collector never made."""
    token = road.sh(f"{COLLECTOR} token new").split()[0]
    road.known["token"] = token
    kind, secret, pin = token.split("-")
    never = f"{kind}-{secret[::-1]}-{pin}"
    for given in (token[:-1], never):
        said = road.refused(f"dossierwacht enrol --server {URL} --token {given}")
        assert said.startswith("dossierwacht: "), said
    return said.splitlines()[-1]


def enrol(road: Road) -> str:
    """The README's line, with the right token."""
    token = f"{road.known['token']}\n".encode()
    said = road.sh(readme.line("dossierwacht enrol"), given=token)
    found = re.search(r"enrolled as (\S+) at", said)
    assert found, said
    road.known["device"] = found[1]
    return said.strip()


def first_days(road: Road) -> str:
    """The week in which a laptop only reports has passed."""
    road.sh("echo 2026-01-01T00:00:00+00:00 >/var/lib/dossierwacht/installed")
    road.sh(f"systemctl restart {AGENT}")
    road.answers()
    return "installed on 1 January"


def policy_taken(road: Road) -> str:
    """The laptop is brought the policy, believes both signatures, and goes by it."""
    event = road.event("policy-taken", 0, 600)
    said = road.sh("dossierwacht policy show --json")
    assert '"enforce"' in said, said
    return f"policy-taken {event['facts']}"


STEPS = (
    Step(name="a laptop", expected="a Debian 12 without the product", work=prepare),
    Step(
        name="install",
        expected="both packages installed from files, both services active",
        work=install,
        needs=("a laptop",),
    ),
    Step(
        name="the collector's address",
        expected="it answers under its name",
        work=address,
        needs=("install",),
    ),
    Step(
        name="first people",
        expected="IT and the privacy officer can log in",
        work=people,
        needs=("the collector's address",),
    ),
    Step(
        name="keys",
        expected="the officer's key and the reserve, proven",
        work=keys,
        needs=("the collector's address",),
    ),
    Step(
        name="a signed policy",
        expected="published, signed by two people, since it enforces",
        work=policy,
        needs=("keys",),
    ),
    Step(
        name="a wrong token",
        expected="refused with a reason, nothing changed",
        work=wrong_token,
        needs=("the collector's address",),
    ),
    Step(name="enrol", expected="the laptop has a name", work=enrol, needs=("a wrong token",)),
    Step(
        name="first days",
        expected="the days of reporting only are over",
        work=first_days,
        needs=("enrol",),
    ),
    Step(
        name="the policy arrives",
        expected="the laptop takes the policy up and enforces",
        work=policy_taken,
        needs=("first days", "a signed policy"),
    ),
)
