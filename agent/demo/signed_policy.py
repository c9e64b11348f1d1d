"""The demonstration's policy, made as an organisation makes its own: two invented people sign it.

Until the laptop has heard from the collector it goes by a file that only reports; what it is then
brought says that pupil files are sealed, records the notice that staff were given, and names who
may give orders.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent import processes
from agent.demo.stage import Folders

VERSION = 2
SIGNERS = ("marit-it", "femke-director")
"""Invented."""
MORE = """
[notice]
version = 1
given_on = {given_on}
language = "en"
kinds = ["pupil-file-found"]
actions = ["seal-file"]

[lost]
keys = ["{orders}"]
"""


def publish(folders: Folders) -> None:
    """Keys, a keyring, a policy signed by both, all of it published. AgentError."""
    folders.keys.mkdir(exist_ok=True)
    names = ("root", "orders", *SIGNERS)
    root, orders, first, second = (folders.keys / f"{name}.pem" for name in names)
    _agent("policy", "key", "--out", root)
    named = [
        f"{name}={_agent('policy', 'key', '--out', file).strip()}"
        for name, file in zip(SIGNERS, (first, second), strict=True)
    ]
    signers = [word for one in named for word in ("--signer", one)]
    keyring = _agent("policy", "keyring", "--root-key", root, "--version", "1", *signers)
    _publish(folders, "keyring.json", keyring)
    policy = folders.top / "policy-2.toml"
    order_key = _agent("order", "key", "--out", orders).strip()
    policy.write_text(_enforcing(folders, order_key), "utf-8")
    once = _write(folders, "policy-2.once.json", _agent("policy", "sign", policy, "--key", first))
    _publish(folders, "policy-2.json", _agent("policy", "sign", once, "--key", second))


def _enforcing(folders: Folders, orders: str) -> str:
    """The policy for the collector to hand on; the laptop's own file only reports from now on."""
    file = folders.settings / "policy.toml"
    text = file.read_text("utf-8")
    file.write_text(text.replace('mode = "enforce"', 'mode = "report"'), "utf-8")
    given_on = (datetime.now(UTC) - timedelta(days=60)).date()
    text = text.replace("version = 1\n", f"version = {VERSION}\n", 1)
    return text + MORE.format(given_on=given_on, orders=orders)


def _publish(folders: Folders, name: str, text: str) -> None:
    file = _write(folders, name, text)
    processes.ask(
        "server_stub", ["--state", str(folders.collector), "policy", "publish", str(file)]
    )


def _write(folders: Folders, name: str, text: str) -> Path:
    file = folders.top / name
    file.write_text(text, "utf-8")
    return file


def _agent(*words: str | Path) -> str:
    return processes.ask("agent", [str(word) for word in words])
