"""Copies that wait to be saved: encrypted, without a name on the disk, and for minutes only."""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

MINUTES = 15
MOST = 5
"""Copies at once; the oldest goes."""
PIECE = 1024 * 1024


@dataclass(kw_only=True)
class Copy:
    """One copy; ``passphrase`` is None once it was shown."""

    file: BinaryIO
    name: str
    form: str
    why: str | None
    passphrase: str | None
    made_at: float

    @property
    def size(self) -> int:
        """Bytes."""
        return os.fstat(self.file.fileno()).st_size

    def pieces(self) -> Iterator[bytes]:
        """All of it; it can be gone before another reader has come to the end."""
        own, at = os.dup(self.file.fileno()), 0
        try:
            while piece := os.pread(own, PIECE, at):
                at += len(piece)
                yield piece
        finally:
            os.close(own)


@dataclass(kw_only=True)
class Waiting:
    """The copies of one process of pages. Safe between threads."""

    clock: Callable[[], float] = time.monotonic
    copies: dict[str, Copy] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, copy: Copy) -> str:
        """Keep one; the word by which it is found."""
        word = secrets.token_urlsafe(16)
        with self.lock:
            self.copies[word] = copy
        self.tidy()
        later = threading.Timer(60 * MINUTES + 1, self.tidy)
        later.daemon = True
        later.start()
        return word

    def get(self, word: str) -> Copy | None:
        """The copy of a word, while it is there."""
        self.tidy()
        return self.copies.get(word)

    def say_once(self, word: str) -> str | None:
        """The passphrase of a copy, the first time it is asked for."""
        with self.lock:
            copy = self.copies.get(word)
            told = copy.passphrase if copy else None
            if copy:
                copy.passphrase = None
            return told

    def tidy(self) -> None:
        """Let go of those whose time is over."""
        with self.lock:
            now, kept = self.clock(), list(self.copies)
            over = [w for w in kept if now - self.copies[w].made_at >= 60 * MINUTES]
            for word in {*over, *kept[:-MOST]}:
                self.copies.pop(word).file.close()
