"""The journal: every event is here before it leaves, and every action before it is tried.

One SQLite database in WAL mode with ``synchronous=FULL``, one connection, one process (a file lock
says so: SQLite up to 3.51.2 can lose commits in WAL mode with several connections). A row in
``events`` carries a rising number and a link of the hash chain, written in one transaction with
the event, so a lost, changed or swapped row shows.

Life of an event, by example. A pupil file is found and the policy says to seal it::

    begin(event, once)        attempts: event            -- committed before anything is touched
    ... the action runs; a crash here leaves the attempt, and the start-up resumes it ...
    complete(id, outcome)     attempts: gone; events: 7  -- one transaction, so never both or none
    pending()                 the chain before 7, rows 7..   -- what the sender is given
    acknowledge(receipt)      events: gone               -- only after the collector's receipt

What people may see of it stays in ``agent.journal_record``, in the same transactions.

Delivery is at least once and the collector ignores numbers it has seen, so the sum is exactly
once. ``once`` is a keyed digest under which a repeat is no news; it outlives the event. When the
size limit is reached the oldest rows go, people's reports last, and a ``journal-gap`` event
says how many. A journal that fails its check is set aside, never deleted (``agent.journal_file``),
and the new one begins behind the last receipt with a gap event of its own.
"""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from agent import journal_file, journal_record, own
from agent.errors import JournalError, JournalFull
from agent.journal_answers import Acted, Pending, run_of
from agent.journal_record import LAPTOP, Whose
from agent.journal_room import acted_since, known_since, make_room
from agent.journal_sound import stamped, unstamped
from agent.news import News
from agent.wire import event as wire
from agent.wire.messages import LARGEST_BODY, MOST_RECORDS, Receipt

__all__ = ["Acted", "Journal", "Pending"]

SIZE_LIMIT = 192 * 1024 * 1024
"""Bytes of event bodies kept while the collector cannot be reached."""
T = TypeVar("T")


class Journal:
    """Append, pending, acknowledge. Every method may be called from any thread."""

    def __init__(self, folder: Path, size_limit: int = SIZE_LIMIT) -> None:
        """Open or make the journal in ``folder``; raises JournalError if another process has it."""
        self._lock = threading.Lock()
        self._news = News()
        self._folder = folder
        self._size_limit = size_limit
        self._unwritten = 0
        self._end: tuple[int, str] | None = None
        self._owner = journal_file.own(folder)
        try:
            self._db, damaged = journal_file.open_sound(folder)
        except BaseException:
            os.close(self._owner)
            raise
        (self._bytes,) = self._one("SELECT coalesce(sum(length(body)), 0) FROM events")
        journal_file.keep_ballast(folder)
        if damaged:
            self.append(own.gap("damage", 0, []))

    def close(self) -> None:
        """Release the database and the lock; whoever waits for news goes without."""
        self._news.end()
        with self._lock:
            self._db.close()
            os.close(self._owner)

    def append(
        self,
        event: wire.Event,
        once: str | None = None,
        *,
        again: bool = False,
        whose: Whose = LAPTOP,
    ) -> bool:
        """Record an event, durable on return; False if ``once`` was told, unless told ``again``."""

        def work() -> bool:
            if once is not None and not self._tell(once) and not again:
                return False
            self._add(event, whose)
            return True

        return self._write(work)

    def begin(
        self, event: wire.Event, *, once: str | None, action: str, size: int, whose: Whose = LAPTOP
    ) -> bool:
        """Record that an action will be tried on ``size`` bytes; False if done and told before."""
        now = datetime.now(UTC).timestamp()

        def work() -> bool:
            if once is not None and self._was_told(once):
                return False
            body = stamped(wire.encode(event), once)
            self._db.execute("INSERT INTO attempts VALUES(?,?,?,?)", (event.id, once, now, body))
            self._db.execute("INSERT INTO acted VALUES(?,?,?)", (now, action, size))
            journal_record.begin(self._db, event, whose)
            return True

        return self._write(work)

    def complete(self, attempt_id: str, outcome: wire.OutcomePart) -> bool:
        """Turn an attempt into an event with its outcome; False if this failure was told before.

        JournalFull leaves the attempt open: nothing is lost, and it can be completed later.
        """

        def work() -> bool:
            row = self._one("SELECT body, once FROM attempts WHERE id=?", attempt_id)
            if row is None:
                raise JournalError(f"there is no open attempt {attempt_id}")
            self._db.execute("DELETE FROM attempts WHERE id=?", (attempt_id,))
            body, once = unstamped(*row), row[1]
            if once is not None and outcome.result == "failed":
                once = f"{once}/{outcome.reason}"
            if once is not None and not self._tell(once):
                journal_record.give_up(self._db, attempt_id)
                return False
            self._add(msgspec.structs.replace(wire.decode(body), outcome=outcome))
            return True

        return self._write(work, loses=0)

    def attempts(self) -> list[wire.Event]:
        """The attempts without an outcome, oldest first: what a crash cut off."""
        with self._reading():
            rows = self._db.execute("SELECT body, once FROM attempts ORDER BY begun").fetchall()
        return [wire.decode(unstamped(body, once)) for body, once in rows]

    def acted_since(self, action: str, moment: datetime) -> Acted:
        """How often ``action`` was begun since ``moment``, and over how many bytes."""
        with self._reading():
            return acted_since(self._db, action, moment)

    def known_since(self, key: str, now: datetime, forget: timedelta) -> datetime:
        """Since when ``key`` is known, now being one more time; anew if not for ``forget``."""
        since = now

        def work() -> bool:
            nonlocal since
            since = known_since(self._db, key, now, forget)
            return True

        self._write(work, loses=0)
        return since

    def pending(self, most: int = MOST_RECORDS, most_bytes: int = LARGEST_BODY // 2) -> Pending:
        """The oldest unbroken run of rows that one request may carry; empty if nothing waits."""
        with self._reading():
            rows = self._db.execute(
                "SELECT seq, body, previous, head FROM events ORDER BY seq LIMIT ?", (most,)
            ).fetchall()
        return run_of(rows, most_bytes)

    def acknowledge(self, receipt: Receipt, evidence: bytes) -> None:
        """Forget what the collector has; ``evidence`` is the receipt as it came."""

        def work() -> bool:
            journal_file.write_durably(self._folder / "receipt.json", evidence)
            journal_file.forget(self._db, datetime.now(UTC))
            row = self._one("SELECT head FROM events WHERE seq=?", receipt.last)
            if row is not None:
                self._db.execute("UPDATE tail SET seq=?, head=?", (receipt.last, row[0]))
            journal_record.receive(self._db, receipt.last, datetime.now(UTC))
            self._db.execute("DELETE FROM events WHERE seq<=?", (receipt.last,))
            (self._bytes,) = self._one("SELECT coalesce(sum(length(body)), 0) FROM events")
            return True

        self._write(work, loses=0)
        journal_file.keep_ballast(self._folder)

    def reading(self, look: Callable[[sqlite3.Connection], T]) -> T:
        with self._reading():
            return look(self._db)

    def forget_record(self, before: datetime, kept: Collection[str]) -> None:
        """Drop what stands in the record for longer, but for the events named in ``kept``."""

        def work() -> bool:
            journal_record.forget(self._db, before, kept)
            return True

        self._write(work, loses=0)

    def head_at(self, seq: int) -> str | None:
        """The chain's value after row ``seq``, or None if that row is not here."""
        with self._reading():
            row = self._one("SELECT head FROM events WHERE seq=?", seq)
        return str(row[0]) if row else None

    def end(self) -> tuple[int, str]:
        """The number of the newest row, also of one that was receipted, and the chain's value."""
        with self._reading():
            return self._last()

    def count(self) -> int:
        """How many events wait for a receipt."""
        with self._reading():
            (number,) = self._one("SELECT count(*) FROM events")
        return int(number)

    def wait_for_news(self, timeout: float) -> None:
        """Return at the next change, or after ``timeout`` seconds."""
        self._news.wait(timeout)

    def wait_for_pending(self, timeout: float) -> bool:
        """Whether an event waits for a receipt, if need be after ``timeout`` seconds."""
        return self._news.wait_for(lambda: self.count() > 0, timeout)

    def _write(self, work: Callable[[], bool], loses: int = 1) -> bool:
        """Do ``work`` as one transaction; on a full disk once more, in the room the ballast leaves.

        Raises JournalFull, and then counts ``loses`` events for the gap to tell of.
        """
        with self._lock:
            try:
                done = self._try(work)
            except JournalFull:
                try:
                    if not journal_file.give_up_ballast(self._folder):
                        raise
                    done = self._try(work)
                except JournalFull:
                    self._unwritten += loses
                    raise
        self._news.tell()
        return done

    def _try(self, work: Callable[[], bool]) -> bool:
        before = self._bytes, self._unwritten, self._end
        try:
            with journal_file.explained():
                self._db.execute("BEGIN IMMEDIATE")
                done = work()
                self._db.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            self._bytes, self._unwritten, self._end = before
            raise
        return done

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock, journal_file.explained():
            yield

    def _add(self, event: wire.Event, whose: Whose = LAPTOP) -> None:
        """Chain one event, after a word on what could not be written or no longer fits."""
        if self._unwritten:
            missed, self._unwritten = self._unwritten, 0
            self._chain(own.gap("disk-full", missed, []))
        self._chain(event, whose)
        if self._bytes > self._size_limit:
            dropped, size = make_room(self._db, self._bytes - self._size_limit * 9 // 10)
            self._bytes -= size
            self._chain(own.gap("size-limit", len(dropped), dropped))

    def _chain(self, event: wire.Event, whose: Whose = LAPTOP) -> None:
        (seq, previous), body = self._last(), wire.encode(event)
        head = wire.link(previous, seq + 1, body)
        row = (seq + 1, event.id, event.kind, body, previous, head)
        self._db.execute("INSERT INTO events VALUES(?,?,?,?,?,?)", row)
        journal_record.note(self._db, event, body, seq + 1, whose)
        self._bytes, self._end = self._bytes + len(body), (seq + 1, head)

    def _last(self) -> tuple[int, str]:
        """The chain's end; kept in memory, since looking it up costs a fifth of an append."""
        if self._end is None:
            row = self._one("SELECT seq, head FROM events ORDER BY seq DESC LIMIT 1")
            self._end = row if row is not None else self._one("SELECT seq, head FROM tail")
        return self._end

    def _was_told(self, once: str) -> bool:
        return self._one("SELECT 1 FROM told WHERE once=?", once) is not None

    def _tell(self, once: str) -> bool:
        row = (once, datetime.now(UTC).timestamp())
        told = self._db.execute("INSERT OR IGNORE INTO told VALUES(?,?)", row)
        return told.rowcount == 1

    def _one(self, query: str, *values: object) -> tuple:  # type: ignore[type-arg]
        found: tuple = self._db.execute(query, values).fetchone()  # type: ignore[type-arg]
        return found
