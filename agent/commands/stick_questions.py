"""What ``usb encrypt`` shows and asks before it wipes a stick: what is lost, which one, the secret.

The stick is named by what its owner sees, its label or model. Where that could mean another stick
that is plugged in, its serial number takes the place of the name. Whatever cannot be answered ends
the command with nothing changed.
"""

import getpass
import sys
import unicodedata
import warnings
from collections.abc import Collection
from dataclasses import dataclass

from agent.errors import AgentError
from agent.passphrases import fault
from collectors.usb import UsbStorageAttached
from collectors.usb_device import UsbDevice, size_band

_ATTEMPTS = 3
_LONGEST_LINE = 4096
"""Bytes read of a file; a passphrase has far fewer."""
UNCHANGED = "nothing was changed"


class NotEncrypted(AgentError):
    """The stick was not encrypted; the message says why, and what became of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """What the person has to type, and the question that says so."""

    expected: str
    question: str


def losses(seen: UsbStorageAttached) -> list[str]:
    """What will be lost, in lines for a person."""
    device, disk = seen.device, seen.device.disks[0]
    size = size_band(disk.size)
    lines = [f'"{name_of(device)}": {device.model or "unnamed"}, about {size} GB, {disk.name}']
    if device.serial:
        lines.append(f"  serial number {device.serial}")
    for volume in seen.volumes:
        lines.append(f"  {volume.kind}, {volume.size / 10**6:.0f} MB")
    lines.append("Everything on it will be lost.")
    return lines


def name_of(device: UsbDevice) -> str:
    """What the stick is called: its label if it has one, else its model, else its disk."""
    return own_name(device) or device.disks[0].name


def own_name(device: UsbDevice) -> str:
    """Its label or model; empty if that cannot be typed on every keyboard."""
    shown = device.label or device.model
    return shown if shown.isascii() else ""


def word_for(device: UsbDevice, mistakable: Collection[str]) -> Word:
    """What to type for a stick. Raises NotEncrypted if nothing tells it from another.

    ``mistakable``: the serial numbers of the other sticks that its name could mean.
    """
    name, serial = own_name(device), device.serial
    if name and not mistakable:
        return Word(expected=name, question=f'type the name of the stick, "{name}"')
    if serial and serial.isascii() and serial not in mistakable:
        why = _other(name) if mistakable else "its name does not tell which stick this is"
        return Word(expected=serial, question=f"type its serial number, {serial} ({why})")
    if mistakable:
        raise NotEncrypted(f"{UNCHANGED}: {_other(name)}, and no serial number tells them apart; "
                           "pull the others out")  # fmt: skip
    disk = device.disks[0].name
    return Word(expected=disk, question=f'type "{disk}" (the stick has no name or serial number)')


def agreed(word: Word, given: str | None) -> bool:
    """Whether the person typed it, or gave it on the command line. Raises NotEncrypted."""
    if given is None:
        given = _answer(f"To go on, {word.question}: ")
    return unicodedata.normalize("NFC", given.strip()) == word.expected


def passphrase(file: str | None, *known: str) -> str:
    """A passphrase that will do. Raises NotEncrypted."""
    if file is not None:
        given = _first_line(file)
        if why := fault(given, *known):
            raise NotEncrypted(f"{UNCHANGED}: the passphrase will not do: {why}")
        return given
    for _ in range(_ATTEMPTS):
        given = _secret("Passphrase: ")
        why = fault(given, *known)
        if why is None and _secret("Once more: ") != given:
            why = "the two are not alike"
        if why is None:
            return given
        print(f"dossierwacht: {why}", file=sys.stderr)
    raise NotEncrypted(f"{UNCHANGED}: no passphrase that will do")


def _other(name: str) -> str:
    called = f'called "{name}" as well' if name else "without a name of its own"
    return f"another stick here is {called}, or is switched off and may be"


def _answer(question: str) -> str:
    try:
        return input(question)
    except (EOFError, OSError, RuntimeError, UnicodeError) as error:
        note = "nobody answers here; start it in a terminal, or give --lose"
        raise NotEncrypted(f"{UNCHANGED}: {note}") from error


def _secret(question: str) -> str:
    """Typed unseen; where it would be seen, or nobody can type, it is not asked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(question)
    except (EOFError, OSError, UnicodeError, getpass.GetPassWarning) as error:
        note = "no terminal to type a passphrase on; start it in one, or give --passphrase-file"
        raise NotEncrypted(f"{UNCHANGED}: {note}") from error


def _first_line(file: str) -> str:
    """The first line of a file, or of the standard input. Raises NotEncrypted."""
    try:
        line = sys.stdin.readline(_LONGEST_LINE) if file == "-" else _line_in(file)
    except UnicodeError as error:
        raise NotEncrypted(f"{UNCHANGED}: the passphrase in {file} is no UTF-8") from error
    except (OSError, ValueError, AttributeError) as error:  # the last for a closed standard input
        why = error.strerror if isinstance(error, OSError) else error
        raise NotEncrypted(
            f"{UNCHANGED}: the passphrase in {file} cannot be read: {why}"
        ) from error
    if not (given := line.rstrip("\r\n")):
        raise NotEncrypted(f"{UNCHANGED}: there is no passphrase in the first line of {file}")
    return given


def _line_in(file: str) -> str:
    with open(file, "rb") as opened:
        return opened.readline(_LONGEST_LINE).decode("utf-8")
