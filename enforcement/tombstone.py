"""What remains of a sealed file whose time is over: that it was deleted, when, and by which rule.

``ID.tomb`` is written before anything is taken away, so a deletion that a crash cut off goes on
from there. It holds the words of the record and the moment, no name and no path; the event of the
same id at the collector holds those, sealed to the officers.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from enforcement import durable
from enforcement.vault import Record, State, Vault

_SUFFIX = "tomb"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """``record`` is what was known of the sealed copy, ``by`` the attempt (and event) that deleted
    it; ``expired_at`` in ISO 8601, UTC."""

    record: Record
    by: str
    expired_at: str


class Tombs:
    """The tombstones beside the sealed files of one vault."""

    def __init__(
        self,
        vault: Vault,
        *,
        checkpoint: durable.Checkpoint = durable.pass_by,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._vault = vault
        self._checkpoint = checkpoint
        self._now = now

    def holds(self, attempt_id: str) -> bool:
        """Whether what was sealed under this id was deleted, or is about to be."""
        return (self._vault.path / f"{attempt_id}.{_SUFFIX}").exists()

    def delete(self, record: Record, by: str) -> None:
        """Delete a sealed copy for good, and keep that it was. OSError, EnforcementError."""
        stone = asdict(Tombstone(record=record, by=by, expired_at=_text(self._now())))
        data = json.dumps(stone).encode("ascii")
        with durable.held(durable.private_folder(os.fspath(self._vault.path))) as folder:
            name = f"{record.id}.{_SUFFIX}"
            durable.write_file(folder, name, data, "tombstone", self._checkpoint)
        self._vault.drop(record.id)

    def finish(self, attempt_id: str) -> None:
        """Go on with a deletion that was cut off. OSError, EnforcementError."""
        self._vault.drop(attempt_id)

    def made_by(self, attempt_id: str) -> str | None:
        """What an attempt deleted, or has begun to; None if nothing."""
        stones = tombstones(self._vault.path)
        return next((one.record.id for one in stones if one.by == attempt_id), None)

    def unfinished(self) -> list[str]:
        """The ids whose tombstone stands and whose copy is still here."""
        path = self._vault.path
        return [one for one in _ids(path) if any(path.glob(f"{one}.*age"))]


def tombstones(path: Path) -> list[Tombstone]:
    """Every tombstone in a vault, oldest first; what cannot be read is told as damaged. OSError."""
    found = [_read(path, one) for one in _ids(path)]
    return sorted(found, key=lambda one: (one.expired_at, one.record.id))


def _ids(path: Path) -> list[str]:
    return sorted(entry.stem for entry in path.glob(f"*.{_SUFFIX}"))


def _read(path: Path, attempt_id: str) -> Tombstone:
    try:
        given = json.loads((path / f"{attempt_id}.{_SUFFIX}").read_bytes())
        record, by, at = Record(**given["record"]), given["by"], given["expired_at"]
        return Tombstone(record=record, by=str(by), expired_at=str(at))
    except (ValueError, TypeError, KeyError):
        damaged = Record(id=attempt_id, state=State.DAMAGED)
        return Tombstone(record=damaged, by="", expired_at="")


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
