"""Where things lie on this laptop, and what an administrator set there.

``/etc/dossierwacht`` holds ``agent.toml`` (this machine), ``policy.toml`` (the organisation) and
``notice.toml`` (the record that staff were told); each may be missing. ``/var/lib/dossierwacht``
holds the agent's own state. Everything here may be read by anyone: secrets lie in the state.
"""

import contextlib
import os
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from agent import policy_file
from agent.errors import ConfigError
from agent.managed.kept import Managed, managed
from agent.notice import Notice
from agent.places import CONFIG, STATE, socket_for
from agent.policy import Policy
from enforcement.usb_gate import Gate

AGENT_KEYS: dict[str, tuple[type, Any, str]] = {
    "socket": (str, "", "path of the control socket; empty: the default place"),
    "sender_user": (str, "dossierwacht-sender", "system user of the process that sends"),
    "stage": (str, "", "folder a file passes through while sealed; empty: one on its own mount"),
    "journal_megabytes": (int, 192, "most that waits while the collector cannot be reached"),
    "policy_root": (str, "", "root key of signed policies; empty: the one given at enrolment"),
    "proxy": (str, "", "proxy to the collector, http://host:port; empty: none"),
    "inspection_ca": (str, "", "file with the CA of a proxy that opens TLS; empty: none does"),
    "dispute_days": (int, 30, "days that a sealed copy of a disputed file stays on the laptop"),
    "record_days": (int, 90, "days that what was told stays on record for whom it concerns"),
}
"""Each key of agent.toml: its type, its default and what it means."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """What one run of the agent goes by. ``managed`` is a policy that came signed; it goes before
    the file. ``damaged`` says why one that was taken up cannot be gone by."""

    folder: Path
    state: Path
    socket: Path
    sender_user: str
    journal_bytes: int
    stage: Path | None
    policy: Policy
    notice: Notice | None
    dispute_days: int = 30
    record_days: int = 90
    managed: Managed | None = None
    damaged: str = ""
    policy_root: str | None = None
    proxy: str = ""
    inspection_ca: Path | None = None
    gate: Gate = field(default_factory=Gate)


def load(folder: Path = CONFIG, state: Path = STATE, socket: Path | None = None) -> Config:
    """Read the files in ``folder``. Raises ConfigError; a missing file means its defaults."""
    given = _agent_file(folder / "agent.toml")
    values = {key: given.get(key, default) for key, (_, default, _) in AGENT_KEYS.items()}
    signed, damaged = _managed(state)
    policy = signed.policy if signed else local_policy(folder / "policy.toml", damaged)
    return Config(
        folder=folder,
        state=state,
        socket=socket or (Path(values["socket"]) if values["socket"] else socket_for(state)),
        sender_user=values["sender_user"],
        journal_bytes=values["journal_megabytes"] * 1024 * 1024,
        stage=Path(values["stage"]) if values["stage"] else None,
        policy=policy,
        notice=policy.notice if signed or policy.notice else read_notice(folder / "notice.toml"),
        dispute_days=values["dispute_days"],
        record_days=values["record_days"],
        managed=signed,
        damaged=damaged,
        policy_root=values["policy_root"] or None,
        proxy=values["proxy"],
        inspection_ca=Path(values["inspection_ca"]) if values["inspection_ca"] else None,
        gate=gate_for(state),
    )


def _managed(state: Path) -> tuple[Managed | None, str]:
    """The signed policy, or why there is none though one was taken up."""
    try:
        return managed(state), ""
    except ConfigError as error:
        return None, str(error)


def local_policy(path: Path, damaged: str = "") -> Policy:
    """The policy of a laptop that has no signed one; one that lost its signed one reports only.

    Raises ConfigError.
    """
    if damaged or not path.exists():
        return policy_file.default()
    return policy_file.read(path)


def gate_for(state: Path) -> Gate:
    """The gate that belongs to a state folder; one that udev and polkit do not know for others."""
    beside = Gate(closed=state / "usb-closed", verdicts=state / "usb")
    return Gate() if state == STATE else beside


def read_notice(path: Path) -> Notice | None:
    """The staff notice on record, or None. Raises ConfigError if the file is there but unusable."""
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    version, given_on, language = (
        given.get("policy_version"),
        given.get("given_on"),
        given.get("language"),
    )
    if not isinstance(version, int) or not isinstance(language, str):
        raise ConfigError(f"{path}: give policy_version = <number> and language = '<nl, da or en>'")
    if type(given_on) is not date:  # a moment is a date too, and cannot be counted from
        raise ConfigError(f"{path}: give given_on as a date, such as 2026-10-01 without quotes")
    return Notice(policy_version=version, given_on=given_on, language=language)


def prepare_state(state: Path) -> None:
    """Make the state folder, closed to everybody else. Raises ConfigError."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(state, 0o700)
    except OSError as error:
        raise ConfigError(f"cannot make the state folder {state}: {error.strerror}") from error


def _agent_file(path: Path) -> dict[str, Any]:
    given: dict[str, Any] = {}
    with contextlib.suppress(FileNotFoundError):
        try:
            given = tomllib.loads(path.read_text("utf-8"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, PermissionError) as error:
            raise ConfigError(f"{path}: {error}") from error
    for key, value in given.items():
        if key not in AGENT_KEYS:
            hint = policy_file.suggest(key, AGENT_KEYS)
            raise ConfigError(f"{path}: unknown key '{key}'{hint}")
        if not isinstance(value, AGENT_KEYS[key][0]):
            raise ConfigError(f"{path}: '{key}' should be {AGENT_KEYS[key][0].__name__}")
    if given.get("journal_megabytes", 1) < 1:
        raise ConfigError(f"{path}: 'journal_megabytes' is at least 1")
    for key in ("dispute_days", "record_days"):
        if not 1 <= given.get(key, 1) <= 365:
            raise ConfigError(f"{path}: '{key}' is 1 to 365")
    return given
