"""The vault: sealed files, which only the officers can open.

For each there are four names. ``ID.age`` opens with the plain ``age`` command to exactly the bytes
of the file; ``ID.meta.age`` holds its path, owner, times and the like; with ``ID.return.age`` it
can go back to this laptop (``enforcement.return_key``); ``ID.json`` can be read by anyone who may
enter the vault and names nobody. ``ID.json`` is written last and taken away first, so where it
stands the others are whole, on the disk, and were opened once to prove it. What was kept for long
enough leaves a tombstone (``enforcement.tombstone``).
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from enforcement import age, durable
from enforcement.attributes import Attributes, to_json
from enforcement.base import EnforcementError, Reason
from enforcement.judged import digest
from enforcement.return_key import LARGEST, SUFFIX, ReturnKey
from enforcement.stage import check_id

VERSION = 1
SEALED_PARTS = ("age", "meta.age", SUFFIX)
RETURNED = "returned"
"""The word of a record whose file went back."""


class State(StrEnum):
    """How a sealed file stands."""

    SEALED = "sealed"
    DAMAGED = "damaged"
    """Its record cannot be read, or its content is missing or has another length."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What anyone may know of a sealed file; sizes in bytes, those of the ciphertext ``sealed_``.

    ``sealed_at`` is in ISO 8601, UTC. ``about`` are the words of the attempt. Of a damaged record
    the id alone is known.
    """

    id: str
    state: State
    sealed_at: str = ""
    size: int = 0
    sealed_size: int = 0
    sealed_sha256: str = ""
    about: Mapping[str, str | int] = field(default_factory=dict)


class Vault:
    """The folder of sealed files; ``return_to`` is the laptop's address for their return keys, and
    without one none are made."""

    def __init__(
        self,
        path: Path,
        *,
        return_to: str = "",
        checkpoint: durable.Checkpoint = durable.pass_by,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = path
        self._return_to = return_to
        self._checkpoint = checkpoint
        self._now = now

    def holds(self, attempt_id: str) -> bool:
        """Whether a file was sealed to the end under this id."""
        return (self.path / f"{attempt_id}.json").exists()

    def seal(
        self,
        attempt_id: str,
        source: int,
        attributes: Attributes,
        keys: age.Keys,
        about: Mapping[str, str | int] | None = None,
    ) -> None:
        """Seal an open file and prove the copy. Raises EnforcementError, OSError."""
        with durable.held(durable.private_folder(os.fspath(self.path))) as folder:
            witness = age.Witness()
            opens = (*keys, witness.key)
            size, sha256 = self._seal_content(
                folder, f"{attempt_id}.age", source, attributes.sha256, opens, witness
            )
            plain = to_json(attributes)
            self._seal_small(folder, f"{attempt_id}.meta.age", "about", plain, opens, witness)
            self._seal_return(folder, attempt_id, keys, witness)
            os.fsync(folder)
            self._checkpoint("vault-durable")
            record = Record(
                id=attempt_id,
                state=State.SEALED,
                sealed_at=self._now().isoformat(timespec="seconds"),
                size=attributes.size,
                sealed_size=size,
                sealed_sha256=sha256,
                about=about or {},
            )
            data = json.dumps({"version": VERSION} | asdict(record)).encode("ascii")
            durable.write_file(folder, f"{attempt_id}.json", data, "record", self._checkpoint)

    def hand_over(self, attempt_id: str) -> None:
        """Note that what had to be handed over first was. FileNotFoundError, EnforcementError."""
        self._note(attempt_id, {"hand_over": 0})

    def returned(self, attempt_id: str) -> None:
        """Note that its file is back with its owner, so the sealed copy is not the only one.

        FileNotFoundError, EnforcementError, OSError.
        """
        self._note(attempt_id, {RETURNED: 1})

    def _note(self, attempt_id: str, words: Mapping[str, str | int]) -> None:
        known = record(self.path, check_id(attempt_id))
        about = {**known.about, **words}
        data = json.dumps({"version": VERSION} | asdict(replace(known, about=about)))
        if known.state is not State.SEALED:
            raise EnforcementError(Reason.CHANGED, "its record is damaged; an officer has to look")
        with durable.held(durable.private_folder(os.fspath(self.path))) as folder:
            name = f"{attempt_id}.json"
            durable.write_file(folder, name, data.encode("ascii"), "record", self._checkpoint)

    def drop(self, attempt_id: str) -> None:
        """Forget a sealed copy because its file goes back to its folder. OSError."""
        if not self.path.is_dir():
            return
        with durable.held(durable.private_folder(os.fspath(self.path))) as folder:
            durable.remove(folder, f"{attempt_id}.json")
            os.fsync(folder)
            self._checkpoint("record-dropped")
            for kind in SEALED_PARTS:
                durable.remove(folder, f"{attempt_id}.{kind}")
            for kind in (*SEALED_PARTS, "json"):
                durable.remove(folder, f"{attempt_id}.{kind}{durable.TEMPORARY}")
            os.fsync(folder)
            self._checkpoint("copy-dropped")

    def _seal_content(
        self,
        folder: int,
        name: str,
        source: int,
        sha256: str,
        keys: age.Keys,
        witness: age.Witness,
    ) -> tuple[int, str]:
        """Seal, put on the disk, read back, open, compare: size and digest of what was written."""
        with durable.held(durable.create(folder, name + durable.TEMPORARY)) as target:
            self._checkpoint("content-created")
            age.seal_stream(source, target, keys)
            self._checkpoint("content-written")
            durable.to_disk(target)
            if _proves(witness, target) != sha256:
                raise EnforcementError(Reason.FAULT, "the sealed copy does not open to the file")
            self._checkpoint("content-proven")
            written = os.fstat(target).st_size, digest(target)
        durable.publish(folder, name, "content", self._checkpoint)
        return written

    def _seal_small(
        self,
        folder: int,
        name: str,
        what: str,
        plain: bytes,
        keys: age.Keys,
        witness: age.Witness,
    ) -> None:
        with durable.held(durable.create(folder, name + durable.TEMPORARY)) as target:
            durable.write_all(target, age.seal_to(plain, keys))
            self._checkpoint(f"{what}-written")
            durable.to_disk(target)
            if _proves(witness, target) != hashlib.sha256(plain).hexdigest():
                raise EnforcementError(Reason.FAULT, f"the sealed {what} does not open again")
        self._checkpoint(f"{what}-proven")
        durable.publish(folder, name, what, self._checkpoint)

    def _seal_return(
        self, folder: int, attempt_id: str, keys: age.Keys, opener: age.Witness
    ) -> None:
        """To the officers alone, and to a witness that is forgotten."""
        if not self._return_to:
            return
        key = ReturnKey(number=attempt_id, to=self._return_to, secret=opener.secret())
        witness = age.Witness()
        name = f"{attempt_id}.{SUFFIX}"
        self._seal_small(folder, name, "return", key.text(), (*keys, witness.key), witness)


def return_key(path: Path, attempt_id: str) -> bytes | None:
    """The sealed return key of a file; None where there is none. OSError."""
    try:
        with (path / f"{attempt_id}.{SUFFIX}").open("rb") as file:
            found = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    return found if len(found) <= LARGEST else None


def unsettled(path: Path) -> set[str]:
    """The ids of all sealed copies that may be the only ones: those that did not go back, also
    where the record is damaged or missing. OSError."""
    copies = {copy.stem for copy in path.glob("*.age") if "." not in copy.stem}
    return copies - {one.id for one in records(path) if one.about.get(RETURNED)}


def records(path: Path) -> list[Record]:
    """Every sealed file in a vault, oldest first. OSError."""
    if not path.is_dir():
        return []
    found = [record(path, entry.stem) for entry in sorted(path.glob("*.json"))]
    return sorted(found, key=lambda one: (one.sealed_at, one.id))


def record(path: Path, attempt_id: str) -> Record:
    """One sealed file. Raises FileNotFoundError if there is none of this id, OSError."""
    try:
        known = _read_record((path / f"{attempt_id}.json").read_bytes())
    except ValueError:
        return Record(id=attempt_id, state=State.DAMAGED)
    whole = _size(path / f"{attempt_id}.age") == known.sealed_size
    whole = whole and (path / f"{attempt_id}.meta.age").is_file()
    return known if whole else replace(known, state=State.DAMAGED)


def _read_record(data: bytes) -> Record:
    """Raises ValueError if these bytes are not the record of a sealed file."""
    given = json.loads(data)
    if not isinstance(given, dict) or given.pop("version", None) != VERSION:
        raise ValueError("no record of this version")
    given.setdefault("about", {})  # a record of an earlier agent has none
    if {name: type(value) for name, value in given.items()} != _RECORD_TYPES:
        raise ValueError("not the fields of a record")
    return Record(**given | {"state": State(given["state"])})


_RECORD_TYPES = {
    "id": str,
    "state": str,
    "sealed_at": str,
    "size": int,
    "sealed_size": int,
    "sealed_sha256": str,
    "about": dict,
}


def _proves(witness: age.Witness, sealed: int) -> str:
    try:
        return witness.digest(sealed)
    except age.OpenError as error:
        raise EnforcementError(Reason.FAULT, f"the sealed copy does not open: {error}") from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1
