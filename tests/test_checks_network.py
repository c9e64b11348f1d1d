"""Shares, firewall and connections: what stands open to the network, and what should be there."""

import json
import socket
import threading
from pathlib import Path

import pytest

from collectors.checks.connection_linux import connection
from collectors.checks.firewall_linux import ASKED, ask_kernel, firewall, of_rules
from collectors.checks.reading import Unreadable
from collectors.checks.sharing_linux import shares
from collectors.checks.told import Told, Why
from tests.made_up_system import MadeUp


@pytest.fixture
def system(tmp_path: Path) -> MadeUp:
    return MadeUp(tmp_path)


# --- shares ---------------------------------------------------------------------------------------


@pytest.fixture
def samba(system: MadeUp) -> MadeUp:
    system.write("/usr/sbin/smbd")
    return system


def test_without_a_program_that_shares_nothing_is_shared(system: MadeUp) -> None:
    system.write("/etc/samba/smb.conf", "[open]\nguest ok = yes\n")
    system.write("/etc/exports", "/srv *(ro)\n")
    assert shares(system.root) == Told(Why.NOT_THERE)


@pytest.mark.parametrize(
    "content",
    [
        "[work]\npath = /srv/work\nguest ok = yes\n",
        "[work]\nPUBLIC = Yes\n",
        "[global]\nguest ok = yes\n[work]\npath = /srv/work\n",
    ],
)
def test_a_share_for_guests_is_open(samba: MadeUp, content: str) -> None:
    samba.write("/etc/samba/smb.conf", content)
    assert shares(samba.root) == Told(Why.OPEN_SHARE, 1)


@pytest.mark.parametrize(
    "content",
    [
        "[global]\nmap to guest = bad user\n[printers]\nguest ok = yes\n[print$]\nguest ok = yes\n",
        "[work]\nguest ok = no\n",
        "[work]\n; guest ok = yes\n",
        "[work]\nguest ok = yes\navailable = no\n",
    ],
)
def test_a_share_for_those_with_a_password_is_not(samba: MadeUp, content: str) -> None:
    samba.write("/etc/samba/smb.conf", content)
    assert shares(samba.root) == Told(Why.NO_OPEN_SHARE)


def test_what_people_share_themselves_is_counted(samba: MadeUp) -> None:
    for name, guest in (("one", "y"), ("two", "n")):
        lines = f"path=/home/anna/{name}\ncomment=\nusershare_acl=S-1-1-0:R,\nguest_ok={guest}\n"
        samba.write(f"/var/lib/samba/usershares/{name}", lines)
    assert shares(samba.root) == Told(Why.OPEN_SHARE, 1)


def test_a_link_among_what_people_share_is_not_followed(samba: MadeUp) -> None:
    secret = samba.write("/etc/secret", "guest_ok=y\n")
    samba.write("/var/lib/samba/usershares/one", "guest_ok=n\n")
    (samba.root / "var/lib/samba/usershares/two").symlink_to(secret)
    with pytest.raises(Unreadable):
        shares(samba.root)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ("/srv *(ro)\n", 1),
        ("/srv (rw)\n", 1),
        ("/srv\n", 1),
        ("/srv 192.0.2.7(rw) \\\n  192.0.2.8(ro)\n", 0),
        ("/srv -ro *\n/more 0.0.0.0/0(rw)\n", 2),
        ("/srv 192.0.2.7(rw)\n/more *.school.example(ro)\n# /old *(rw)\n", 0),
    ],
)
def test_exports_for_anybody_are_counted(system: MadeUp, content: str, count: int) -> None:
    system.write("/usr/sbin/exportfs")
    system.write("/etc/exports.d/school.exports", content)
    assert shares(system.root).count == count


# --- firewall -------------------------------------------------------------------------------------

CHAIN = {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input"}


def ruleset(*rules: list[dict[str, object]], policy: str = "accept", **chain: str) -> str:
    here = {"family": "inet", "table": "filter", "chain": "input"}
    rows = [{"metainfo": {"version": "1.0.6"}}, {"chain": {**CHAIN, "policy": policy, **chain}}]
    rows += [{"rule": {**here, "expr": list(expr)}} for expr in rules]
    return json.dumps({"nftables": rows})


MATCH = {"match": {"op": "==", "left": {"meta": {"key": "iif"}}, "right": "lo"}}


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (ruleset(policy="drop"), Why.FIREWALL_ON),
        (ruleset([MATCH, {"accept": None}], [{"counter": {}}, {"drop": None}]), Why.FIREWALL_ON),
        (ruleset([{"reject": {"type": "icmpx"}}]), Why.FIREWALL_ON),
        (ruleset([MATCH, {"drop": None}]), Why.RULES_UNCLEAR),
        (ruleset([{"drop": None}], [MATCH, {"accept": None}]), Why.RULES_UNCLEAR),
        (ruleset(), Why.NO_FIREWALL),
        (ruleset(policy="drop", hook="forward"), Why.NO_FIREWALL),
        (ruleset([{"drop": None}], table="other"), Why.NO_FIREWALL),
        ('{"nftables": []}', Why.NO_FIREWALL),
    ],
    ids=range(9),
)
def test_rules_are_judged_by_how_they_end(rules: str, why: Why) -> None:
    assert of_rules(rules) is why


@pytest.mark.parametrize("told", [b'{"nftables": []}' * 20_000, b""])
def test_the_rules_come_from_the_unit_that_may_ask_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: bytes
) -> None:
    monkeypatch.setenv(ASKED, str(tmp_path / "firewall.sock"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "firewall.sock"))
        listener.listen()

        def tells() -> None:
            with listener.accept()[0] as connection:
                connection.sendall(told)

        teller = threading.Thread(target=tells)
        teller.start()
        assert ask_kernel() == (told.decode() or None)
        teller.join()


def test_where_nobody_may_ask_for_the_rules_they_are_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ASKED, str(tmp_path / "firewall.sock"))
    assert ask_kernel() is None


def test_a_service_that_is_on_is_a_firewall(system: MadeUp) -> None:
    system.write("/etc/ufw/ufw.conf", "# /etc/ufw/ufw.conf\nENABLED=yes\nLOGLEVEL=low\n")
    assert firewall(system.root, lambda: None).why is Why.FIREWALL_ON
    system.write("/etc/ufw/ufw.conf", "ENABLED=no\n")
    assert firewall(system.root, lambda: None).why is Why.NOT_READABLE
    system.write("/sys/fs/cgroup/system.slice/firewalld.service/cgroup.procs", "812\n")
    assert firewall(system.root, lambda: None).why is Why.FIREWALL_ON


def test_rules_of_the_older_kind_are_not_overlooked(system: MadeUp) -> None:
    assert firewall(system.root, ruleset).why is Why.NO_FIREWALL
    system.write("/proc/net/ip_tables_names", "nat\n")
    assert firewall(system.root, ruleset).why is Why.NO_FIREWALL
    system.write("/proc/net/ip_tables_names", "nat\nfilter\n")
    assert firewall(system.root, ruleset).why is Why.RULES_UNCLEAR


# --- connections ----------------------------------------------------------------------------------


def test_without_a_wish_nothing_is_judged(system: MadeUp) -> None:
    assert connection(system.root, ()) == Told(Why.NOT_ASKED)


def test_an_interface_must_be_up_and_carry(system: MadeUp) -> None:
    assert connection(system.root, ["wg0"]) == Told(Why.NOT_CONNECTED, 1, ("wg0",))
    system.write("/sys/class/net/wg0/operstate", "unknown\n")
    system.write("/sys/class/net/wg0/carrier", "1\n")
    assert connection(system.root, ["wg0"]) == Told(Why.CONNECTED)
    system.write("/sys/class/net/wg0/operstate", "down\n")
    assert connection(system.root, ["wg0"]).why is Why.NOT_CONNECTED


def test_a_share_must_be_mounted(system: MadeUp) -> None:
    system.mount("/", "8:1")
    wanted = ["/srv/school", "/srv/other"]
    assert connection(system.root, wanted).count == 2
    system.mount("/srv/school", "0:51", "cifs", "//server.example/school")
    assert connection(system.root, wanted) == Told(Why.NOT_CONNECTED, 1, ("/srv/other",))
