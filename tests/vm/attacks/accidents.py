"""What befalls the agent's own parts by root's hand: accidents, an upgrade, and putting back."""

from tests.vm.attacks.bench import Bench
from tests.vm.laptop.product import AGENT

_SPOIL = """\
set -e
systemctl mask -q --now dossierwacht-sender.service
rm /lib/udev/rules.d/72-dossierwacht-usb.rules /usr/share/polkit-1/rules.d/10-dossierwacht-usb.rules
echo '#' >>/lib/systemd/system/dossierwacht-agent.path
rm /etc/systemd/system/multi-user.target.wants/dossierwacht-agent.path
rm /etc/xdg/autostart/dossierwacht-tray.desktop /usr/lib/dossierwacht/usb-gate
mkdir -p /etc/udev/rules.d && : >/etc/udev/rules.d/72-dossierwacht-usb.rules
mkdir -p /etc/systemd/system/dossierwacht-agent.service.d
printf '[Service]\\nNice=1\\n' >/etc/systemd/system/dossierwacht-agent.service.d/slow.conf
"""
_SPOILT = 9
_OVERRIDE = "/etc/systemd/system/dossierwacht-agent.service.d/slow.conf"


def put_back(bench: Bench) -> str:
    """Nine things go wrong at once; all but the administrator's drop-in are put right."""
    after = bench.product.last()
    bench.laptop.sh(_SPOIL)
    # It looks when it starts, and each hour.
    bench.laptop.sh(f"systemctl kill -s TERM {AGENT}")
    bench.product.answers()
    bench.until(lambda: len(_ended(bench, after)) == _SPOILT, 600)
    told = _ended(bench, after)
    done = [one for one in told if (one.get("outcome") or {}).get("result") == "done"]
    same = bench.laptop.tried(
        "cd / && sha256sum --status -c /usr/lib/dossierwacht/shipped/SHA256SUMS"
    )
    bench.laptop.sh(f"rm {_OVERRIDE}; systemctl daemon-reload")
    sends = bench.laptop.tried("systemctl is-active --quiet dossierwacht-sender").returncode == 0
    whole = "whole" if same.returncode == 0 and sends else "not whole"
    return f"{len(told)} told, {len(done)} put back, {whole}"


def upgrade(bench: Bench) -> str:
    """The package is put in again, twice, while the agent runs: nothing of that is damage."""
    after = bench.product.last()
    for _ in range(2):
        bench.laptop.sh("dpkg -i /var/tmp/agent.deb", timeout=600)
        bench.product.answers()
    started = len(bench.told("agent-started", after))
    told = len(bench.told("own-part-changed", after))
    return f"{'started anew' if started else 'not started'}, {told} told"


def _ended(bench: Bench, after: int) -> list[dict[str, object]]:
    """Events about parts whose action has ended, or that have none."""
    return bench.told("own-part-changed", after)
