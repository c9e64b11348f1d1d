"""The small package that tells a laptop its collector: it goes beside the agent's own.

The agent's package stays as it was built, with whatever signature or digest somebody knows it by.
This one brings ``enrol.toml``, which the agent uses once and deletes, and which is no configuration
file of dpkg's: an upgrade of it must be able to bring another token. Where there is a root key of
policies it brings that too, so that a collector which was taken over on the day of an enrolment
cannot name another one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from server_stub import deb_file
from server_stub.deb_file import Part

NAME, AGENT = "dossierwacht-agent-settings", "dossierwacht-agent"
_CONTROL = """\
Package: {name}
Version: {version}
Architecture: all
Maintainer: The Dossierwacht maintainers <maintainers@dossierwacht.example>
Section: admin
Priority: optional
Depends: {agent}
Description: tells this organisation's laptops their Dossierwacht collector
 The address of the collector, and a token by which a laptop enrols there once.
 Whoever has this file can enrol: do not publish it.
"""
_POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ] && [ -d /run/systemd/system ]; then
  systemctl try-restart dossierwacht-agent.service || true
  # It tries until the network is there, and a package must not wait for that.
  systemctl start --no-block dossierwacht-enrol.service || true
fi
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What laptops are told. ``policy_root`` is empty where nobody signs policies yet."""

    server: str
    token: str
    policy_root: str = ""


def file_name(at: datetime) -> str:
    """What the package is called as a file."""
    return f"{NAME}_{version(at)}_all.deb"


def version(at: datetime) -> str:
    """A version that rises with time, so that a later package replaces an earlier one."""
    return f"{at.astimezone(UTC):%Y%m%d.%H%M%S}"


def build(told: Told, at: datetime) -> bytes:
    """The package: the same bytes for the same content and moment."""
    control = _CONTROL.format(name=NAME, version=version(at), agent=AGENT)
    enrol = f"server = {_quoted(told.server)}\ntoken = {_quoted(told.token)}\n"
    parts = [Part(path="etc/dossierwacht/enrol.toml", content=enrol.encode(), mode=0o600)]
    if told.policy_root:
        line = f"policy_root = {_quoted(told.policy_root)}\n"
        parts.append(Part(path="etc/dossierwacht/agent.toml", content=line.encode()))
    return deb_file.make(control, {"postinst": _POSTINST}, parts, at)


def _quoted(text: str) -> str:
    """A text for TOML; what JSON escapes, TOML reads the same."""
    return msgspec.json.encode(text).decode()
