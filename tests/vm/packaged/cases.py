"""What is tried, in order: each case goes on from the one before, as an administrator would."""

import json
import re
import subprocess
from collections.abc import Callable

import urllib3
from playwright.sync_api import sync_playwright

from tests.vm.packaged.place import ENV, ROOT, SECONDS, STATE, UNIT, Place, raised

Case = Callable[[Place], str]
"""What was found; to be compared with what is expected."""
urllib3.disable_warnings()
COMMAND = "dossierwacht-collector"
HIGHEST = 1.5


def install(at: Place) -> str:
    at.remembered["files"] = at.file_list()
    files = at.put(at.deb, *at.debian["package"])
    said = at.apt(f"install {files}")
    at.ready()
    at.remembered["ca"] = at.authority()
    told = "dossierwacht-collector user add NAME" in said
    listens = at.laptop.sh("ss -ltn | grep -c ' 127.0.0.1:8443 '").strip()
    return f"next step told: {told}; listens on loopback: {listens}"


def unit(at: Place) -> str:
    shown = at.laptop.sh(f"systemctl show {UNIT} -p Type -p NRestarts -p User --value").split()
    said = at.laptop.sh(f"systemd-analyze security --no-pager {UNIT} | tail -1")
    found = re.search(r"[0-9]+\.[0-9]", said)
    low = found is not None and float(found[0]) <= HIGHEST
    return f"{' '.join(sorted(shown))}; exposure at most {HIGHEST}: {low}"


def administrator(at: Place) -> str:
    for name, role in (("ingrid", "it"), ("olaf", "officer")):
        said = at.laptop.sh(f"{COMMAND} user add {name} --role {role} --generate")
        at.passwords[name] = said.strip().rpartition(" ")[2]
    owners = at.laptop.sh(f"find {STATE} ! -user {UNIT} | wc -l").strip()
    return f"logged in: {all(at.logged_in(one) for one in at.passwords)}; files of root: {owners}"


def officer_keys(at: Place) -> str:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(ignore_https_errors=True, locale="nl-NL").new_page()
        page.set_default_timeout(300_000)
        page.goto(f"{at.url}/login")
        page.fill("#name", "olaf")
        page.fill("#password", at.passwords["olaf"])
        page.click("main button[type=submit]")
        page.click(".first a[href='/keys']")
        for slot in ("officer", "reserve"):
            with page.expect_download() as saving:
                page.click(f"#{slot} .make")
            file = at.pictures / f"{slot}.agekey"
            saving.value.save_as(file)
            page.set_input_files(f"#{slot}-file", str(file))
            page.click(f"#{slot} .try")
            page.wait_for_selector(f"#{slot} .badge.good")
            file.unlink()
        page.screenshot(path=at.pictures / "keys.png", full_page=True)
        browser.close()
    lines = at.laptop.sh(f"{COMMAND} keys show")
    return f"recipients for the policy: {lines.count('proven = true')}"


def paper(at: Place) -> str:
    """A PDF is made by libraries in C, which the unit lets write no code."""
    officer = at.logged_in("olaf")
    assert officer is not None
    account = officer.get(f"{at.url}/account", timeout=300).text
    csrf = account.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"csrf": csrf, "incident": "paper", "noticed_at": "2026-01-05T12:00"}
    made = officer.post(f"{at.url}/register/new", data=form, allow_redirects=False, timeout=300)
    entry = made.headers["Location"].partition("/dossier")[0]
    reply = officer.get(f"{at.url}{entry}/papers/record?format=pdf&in=nl", timeout=300)
    return f"{reply.status_code} {reply.headers['Content-Type']}"


def backup_and_restore(at: Place) -> str:
    at.laptop.sh(f"umask 077; {COMMAND} backup > /var/tmp/backup.tar", timeout=SECONDS)
    at.laptop.sh(f"{COMMAND} user remove ingrid")
    refused = at.laptop.tried(f"{COMMAND} restore < /var/tmp/backup.tar", 300).returncode
    at.laptop.sh(f"systemctl stop {UNIT}; {COMMAND} restore < /var/tmp/backup.tar", timeout=SECONDS)
    at.laptop.sh(f"systemctl start {UNIT}", timeout=SECONDS)
    at.ready()
    back = at.logged_in("ingrid") is not None
    same = at.authority() == at.remembered["ca"]
    return f"refused while it runs: {refused}; login is back: {back}; same authority: {same}"


def low_port(at: Place) -> str:
    folder = f"/etc/systemd/system/{UNIT}.service.d"
    drop = _document("CAP_NET_BIND_SERVICE")
    at.laptop.sh(f"mkdir -p {folder}; cat > {folder}/port.conf", given=drop.encode())
    at.laptop.sh(f"sed -i 's/^LISTEN=.*/LISTEN=127.0.0.1:443/' {ENV}; systemctl daemon-reload")
    at.laptop.sh(f"systemctl restart {UNIT}", timeout=SECONDS)
    listens = at.laptop.sh("ss -ltn | grep -c ' 127.0.0.1:443 '").strip()
    at.laptop.sh(f"rm -r {folder}; systemctl daemon-reload")
    at.laptop.sh(f"sed -i 's/^LISTEN=.*/LISTEN=127.0.0.1:8443/' {ENV}")
    at.laptop.sh(f"systemctl restart {UNIT}", timeout=SECONDS)
    return f"listens on 443: {listens}"


def postgresql(at: Place) -> str:
    """The very lines of docs/collector.md on a new install, and a back-up into another database."""
    at.apt(f"install {at.put(*at.debian['postgresql'], at.deb)}")
    at.laptop.wait_until("test -S /run/postgresql/.s.PGSQL.5432", 300)
    lines = [one for one in _document("createuser").splitlines() if "runuser" in one]
    for line in lines:
        at.laptop.sh(f"cd /; {line}", timeout=SECONDS)
    setting = _document("DATABASE_URL").strip()
    at.laptop.sh(f"echo '{setting}' >> {ENV}; systemctl restart {UNIT}", timeout=SECONDS)
    at.laptop.sh(f"{COMMAND} user add pia --role it --generate", timeout=SECONDS)
    at.laptop.sh(f"umask 077; {COMMAND} backup > /var/tmp/dump.tar", timeout=SECONDS)
    another = f"{lines[-1].rpartition(' ')[0]} second"
    at.laptop.sh(f"cd /; {another}; systemctl stop {UNIT}", timeout=SECONDS)
    at.laptop.sh(f"sed -i 's#@/dossierwacht?#@/second?#' {ENV}")
    at.laptop.sh(
        f"{COMMAND} restore < /var/tmp/dump.tar && systemctl start {UNIT}", timeout=SECONDS
    )
    names = [one["name"] for one in json.loads(at.laptop.sh(f"{COMMAND} user list --json"))]
    return f"users after the restore: {names}"


def upgrade(at: Place) -> str:
    before = at.laptop.sh(f"systemctl show {UNIT} -p MainPID --value").strip()
    at.remembered["newer"] = at.put(raised(at.deb, at.pictures, "0.9.0"))
    said = at.apt(f"install {at.remembered['newer']}")
    at.ready()
    pid = at.laptop.sh(f"systemctl show {UNIT} -p MainPID --value").strip()
    kept = at.logged_in("ingrid") is not None and at.authority() == at.remembered["ca"]
    told = "user add NAME" in said
    return f"started anew: {pid != before}; register and authority kept: {kept}; told again: {told}"


def stays_off(at: Place) -> str:
    at.laptop.sh(f"systemctl disable -q --now {UNIT}")
    at.apt(f"install --reinstall {at.remembered['newer']}")
    state = at.laptop.tried(f"systemctl is-active {UNIT}").stdout.decode().strip()
    at.laptop.sh(f"systemctl enable -q --now {UNIT}", timeout=SECONDS)
    return state


def remove_and_return(at: Place) -> str:
    said = at.apt(f"remove {UNIT}")
    left = at.laptop.sh(f"ls {STATE} | grep -c -x -e collector.db -e ca.pem").strip()
    at.apt(f"install {at.remembered['newer']}")
    at.ready()
    kept = at.logged_in("ingrid") is not None and at.authority() == at.remembered["ca"]
    return f"says so: {'the register stays in' in said}; files: {left}; goes on: {kept}"


def purge(at: Place) -> str:
    said = at.apt(f"purge {UNIT}")
    left = at.laptop.sh(f"ls {STATE} | grep -c -x -e collector.db -e ca.pem").strip()
    before, now = (set(one.splitlines()) for one in (at.remembered["files"], at.file_list()))
    debris = sorted(
        one for one in now - before if UNIT in one and not one.startswith((STATE, "/etc/passwd"))
    )
    return f"says so: {'is kept' in said}; files: {left}; left besides: {debris}"


def _document(word: str) -> str:
    """The block of docs/collector.md in which a word stands."""
    blocks = re.findall(
        r"```[a-z]+\n(.*?)```", (ROOT / "docs/collector.md").read_text("utf-8"), re.S
    )
    return next(str(one) for one in blocks if word in one)


CASES: tuple[tuple[str, Case, str], ...] = (
    ("install", install, "next step told: True; listens on loopback: 1"),
    ("unit", unit, f"0 {UNIT} notify; exposure at most {HIGHEST}: True"),
    ("administrator", administrator, "logged in: True; files of root: 0"),
    ("officer-keys", officer_keys, "recipients for the policy: 2"),
    (
        "backup-and-restore",
        backup_and_restore,
        "refused while it runs: 1; login is back: True; same authority: True",
    ),
    (
        "upgrade",
        upgrade,
        "started anew: True; register and authority kept: True; told again: False",
    ),
    ("stays-off", stays_off, "inactive"),
    ("remove-and-return", remove_and_return, "says so: True; files: 2; goes on: True"),
    ("paper", paper, "200 application/pdf"),
    ("low-port", low_port, "listens on 443: 1"),
    ("purge", purge, "says so: True; files: 2; left besides: []"),
    ("postgresql", postgresql, "users after the restore: ['pia']"),
)
BROKEN = (subprocess.SubprocessError, OSError)
