"""What was on a stick, pure: what one laptop's events of it say together.

Laptops digest serial numbers with a key that this collector gave all of them; events from before a
laptop had it, and what another laptop saw of the same stick, are not part of the story here. A file
counts as unreadable to a finder only if it lay in an encrypted volume and the stick was judged
encrypted then and ever after: encryption that was suspended opens all that it held.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.wire.event import Event, Fact
from server_stub.letters import ASKED
from server_stub.storage.store_events import StoredEvent

ATTACHED, FILE, OVERRIDE = "usb-storage-attached", "pupil-file-on-stick", "usb-override"
KINDS = (ATTACHED, FILE, OVERRIDE)
"""The kinds of events from which the story of a stick can be asked for."""
TOLD = (*KINDS, "usb-storage-removed", ASKED)
"""The kinds that are part of it."""
_ENCRYPTED, _EMPTY = "encrypted", "no-medium"


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """Pupil files of one class, or all of them; a file that was changed is one file still.

    At least ``persons_min`` and at most ``persons_max`` persons are in them; None: not known.
    """

    file_class: str
    count: int
    open: int
    """How many of them a finder can read."""
    persons_min: int | None
    persons_max: int | None
    categories: tuple[str, ...]
    sensitive: bool
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What was on the stick. ``judged`` is the last event with a verdict; None if none is known."""

    files: Files | None
    classes: tuple[Files, ...]
    judged: StoredEvent | None

    @property
    def finder(self) -> str:
        """What a finder can read of the files, as a word: ``nothing``, ``some`` or ``all``."""
        if self.files is None or not self.files.open:
            return "nothing"
        return "all" if self.files.open == self.files.count else "some"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """One event, decoded once; of a file also whether a finder can read it."""

    stored: StoredEvent
    event: Event
    open: bool = False

    @property
    def verdict(self) -> str | None:
        """What the stick was judged to be, if this event says so of a medium that is there."""
        told = self.event.facts.get("verdict")
        return told if isinstance(told, str) and told != _EMPTY else None

    @property
    def file_class(self) -> str:
        return str(self.event.facts.get("class", ""))


def device_of(event: Event) -> str | None:
    """The digest of the stick that an event is about; None if it is about none."""
    told = event.facts.get("device") if event.kind in TOLD else None
    return told if isinstance(told, str) and told.startswith("b32:") else None


def story(found: Iterable[StoredEvent]) -> Story:
    """The story of one stick from its events, in whatever order."""
    events = [_Told(stored=one, event=one.event) for one in sorted(found, key=lambda one: one.seq)]
    files = list(_files(events))
    classes = sorted({one.file_class for one in files})
    return Story(
        files=_sum("", files) if files else None,
        classes=tuple(_sum(name, [f for f in files if f.file_class == name]) for name in classes),
        judged=next((one.stored for one in reversed(events) if one.verdict), None),
    )


def _files(events: Sequence[_Told]) -> Iterator[_Told]:
    """Each telling of a file, and whether a finder can read it: what comes later opens it too."""
    others = (one.stored.seq for one in events if one.verdict not in (None, _ENCRYPTED))
    opened = max(others, default=0)
    verdict: str | None = None
    for one in events:
        verdict = one.verdict or verdict
        if one.event.kind == FILE:
            encrypted = one.event.facts.get("encrypted") is True and verdict == _ENCRYPTED
            yield replace(one, open=not encrypted or one.stored.seq < opened)


def _sum(name: str, tellings: Sequence[_Told]) -> Files:
    last = {one.event.facts.get("file"): one for one in tellings}
    least = [_count(one.event.facts.get("persons-min")) for one in last.values()]
    most = [_count(one.event.facts.get("persons-max")) for one in last.values()]
    kinds = [_words(one.event.facts.get("categories")) for one in tellings]
    moments = [one.stored.observed_at for one in tellings]
    return Files(
        file_class=name,
        count=len(last),
        open=len({one.event.facts.get("file") for one in tellings if one.open}),
        persons_min=max((n for n in least if n is not None), default=None),
        persons_max=None if None in most else sum(n for n in most if n is not None),
        categories=tuple(dict.fromkeys(word for words in kinds for word in words)),
        sensitive=any(one.event.facts.get("sensitive") is True for one in tellings),
        first_at=min(moments),
        last_at=max(moments),
    )


def _words(fact: Fact | None) -> list[str]:
    return fact if isinstance(fact, list) else []


def _count(fact: Fact | None) -> int | None:
    """A number of persons; a negative one stands for "not known"."""
    return fact if isinstance(fact, int) and not isinstance(fact, bool) and fact >= 0 else None
