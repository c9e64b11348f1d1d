"""Copies of documents about which somebody said "this is wrong", sealed to the privacy officers.

They lie in the agent's state folder as the vault's files do: ``ID.age`` opens to the document,
``ID.meta.age`` to its path and owner, ``ID.json`` says when and how large. ``ID.words`` adds, in
closed words, what the agent said and what should have been said, which is what a change of the
rules is tested against. Nothing of a document is ever written here unsealed. The shelf has an end,
and what lies on it longer than agreed is taken away.
"""

import json
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from collectors.base import Clock, Stop
from collectors.recognise.verdict import Evidence, Format, Judgement, Kind
from enforcement import age, durable, vault
from enforcement.attributes import Attributes
from enforcement.base import EnforcementError, Recipient

log = logging.getLogger(__name__)

FOLDER = "disputes"
LARGEST = 10 * 1024 * 1024
"""Bytes of one document."""
MOST = 50
MOST_BYTES = 100 * 1024 * 1024
HOUR = 3600.0
PARTS = ("json", "age", "meta.age")
_LONGEST_WORDS = 4096


class ShelfError(Exception):
    """A copy cannot be kept or read; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What was said of a document, and what should have been said."""

    said: Judgement
    wanted: Judgement
    file_class: Kind
    evidence: tuple[Evidence, ...]
    format: Format
    detector: int


class Shelf:
    """The folder of sealed copies. Safe to share between threads."""

    def __init__(
        self, state: Path, recipients: Sequence[Recipient], keep_for: timedelta, now: Clock
    ) -> None:
        self._folder = state / FOLDER
        self._sealed = state / "vault"
        self._recipients = recipients
        self._keep_for = keep_for
        self._now = now
        self._vault = vault.Vault(self._folder, now=now)
        self._lock = threading.Lock()

    def room_for(self, size: int) -> None:
        """Raises ShelfError if a document of that size cannot be kept."""
        if not any(one.proven for one in self._recipients):
            raise ShelfError("nobody is named yet who could open what is kept")
        if size > LARGEST:
            raise ShelfError(f"it is larger than {LARGEST >> 20} MB")
        kept = vault.records(self._folder)
        if len(kept) >= MOST or sum(one.sealed_size for one in kept) + size > MOST_BYTES:
            raise ShelfError("too much is kept already; IT has to hand it to the officer first")

    def keep(self, copy: str, source: int, about: Attributes, words: Words) -> None:
        """Seal a copy of an open document. Raises ShelfError."""
        with self._lock:
            self.room_for(about.size)
            try:
                keys = age.proven_keys(self._recipients, at_least=1)
                self._write_words(copy, words)
                self._vault.seal(copy, source, about, keys)
            except (EnforcementError, OSError) as error:
                self._drop(copy)
                raise ShelfError(f"no sealed copy could be made: {_why(error)}") from error

    def keep_sealed(self, copy: str, sealed_id: str, words: Words) -> None:
        """Keep a copy of what was sealed on this laptop, as it is. Raises ShelfError."""
        with self._lock:
            try:
                parts = {kind: (self._sealed / f"{sealed_id}.{kind}") for kind in PARTS}
                self.room_for(parts["age"].stat().st_size)
                self._write_words(copy, words)
                self._copy(copy, parts)
            except (EnforcementError, OSError) as error:
                self._drop(copy)
                raise ShelfError(f"no copy could be made: {_why(error)}") from error

    def holds_sealed(self, sealed_id: str) -> bool:
        """Whether a file was sealed under this number."""
        return (self._sealed / f"{sealed_id}.json").is_file()

    def drop(self, copy: str) -> None:
        """Take a copy away."""
        with self._lock:
            self._drop(copy)

    def tidy(self) -> int:
        """Take away what lies here too long or was cut off half-way; how many copies that were."""
        with self._lock:
            if not self._folder.is_dir():
                return 0
            oldest = self._now() - self._keep_for
            ids = {path.name.partition(".")[0] for path in self._folder.iterdir()}
            old = [one for one in sorted(ids) if self._sealed_at(one, oldest) <= oldest]
            for one in old:
                self._drop(one)
            return len(old)

    def keep_tidy(self, stop: Stop) -> None:
        """Tidy now and every hour, until told to stop."""
        while not stop.is_set():
            try:
                if number := self.tidy():
                    log.info("%d sealed copies of disputed files were taken away", number)
            except (OSError, EnforcementError) as error:
                log.error("the disputed files could not be tidied: %s", _why(error))
            stop.wait(HOUR)

    def _sealed_at(self, copy: str, unknown: datetime) -> datetime:
        """When a copy was made; whatever is no whole copy is as good as old."""
        try:
            return datetime.fromisoformat(vault.record(self._folder, copy).sealed_at)
        except (OSError, ValueError):
            return unknown

    def _write_words(self, copy: str, words: Words) -> None:
        data = json.dumps(asdict(words)).encode("ascii")
        with durable.held(durable.private_folder(os.fspath(self._folder))) as folder:
            durable.write_file(folder, f"{copy}.words", data, "words", durable.pass_by)

    def _copy(self, copy: str, parts: dict[str, Path]) -> None:
        """The record last, under its new number: where it stands the others are whole."""
        record = json.loads(parts["json"].read_bytes())
        record |= {"id": copy, "sealed_at": self._now().isoformat(timespec="seconds")}
        with durable.held(durable.private_folder(os.fspath(self._folder))) as folder:
            for kind in ("age", "meta.age"):
                data = parts[kind].read_bytes()
                durable.write_file(folder, f"{copy}.{kind}", data, kind, durable.pass_by)
            data = json.dumps(record).encode("ascii")
            durable.write_file(folder, f"{copy}.json", data, "record", durable.pass_by)

    def _drop(self, copy: str) -> None:
        self._vault.drop(copy)
        for name in (f"{copy}.words", f"{copy}.words{durable.TEMPORARY}"):
            (self._folder / name).unlink(missing_ok=True)


def read_words(folder: Path, copy: str) -> Words:
    """What was said of a copy. Raises ShelfError if that is not there or not what it must be."""
    try:
        with (folder / f"{copy}.words").open("rb") as file:
            given = json.loads(file.read(_LONGEST_WORDS))
        return Words(
            said=Judgement(given["said"]),
            wanted=Judgement(given["wanted"]),
            file_class=Kind(given["file_class"]),
            evidence=tuple(map(Evidence, given["evidence"])),
            format=Format(given["format"]),
            detector=int(given["detector"]),
        )
    except OSError as error:
        raise ShelfError(f"what was said of it cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ShelfError("what was said of it is damaged") from error


def _why(error: Exception) -> str:
    """Without the name of anything: a log may be read by people who may not know it."""
    if isinstance(error, EnforcementError):
        return error.note or str(error.reason)
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
