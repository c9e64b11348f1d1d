"""Keeping in touch: every few minutes a word to the collector, and taking what it answers.

The word is due at the start and then as often as the collector asks, whether or not there are
events, so that a laptop that has fallen silent shows. What the answer brings was signed by people
and is judged by who may judge it: policies by ``agent.managed.intake``, orders by ``agent.orders``.
Letters are signed by nobody: they are kept to be shown (``agent.letter_box``), and nothing follows.
Orders are followed in a thread of their own, since a reply has to be taken at once; an order can
take as long as a screen takes to be locked.
"""

import base64
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from agent import __version__
from agent.identity import Enrolled
from agent.journal import Journal
from agent.letter_box import LetterBox
from agent.managed.intake import Intake
from agent.managed.kept import Managed
from agent.policy import Policy
from agent.wire import contact as wire
from agent.wire.contact import Contact, News
from agent.wire.signed import Signed
from collectors.base import Clock

log = logging.getLogger(__name__)

TRY_AGAIN = 60.0
"""Seconds until the next word if this one brings no answer; until then events are sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """How the agent is, in words that hold nobody's data."""

    state: str
    held: str | None


@dataclass(kw_only=True)
class InTouch:
    """``follow`` takes an order's document and gives its number, or None if it names none."""

    journal: Journal
    policy: Policy
    managed: Managed | None
    intake: Intake
    condition: Callable[[], Condition]
    follow: Callable[[Signed], str | None]
    now: Clock
    letters: LetterBox | None = None
    monotonic: Callable[[], float] = time.monotonic
    next_at: float = 0.0
    follower: threading.Thread | None = None
    done: deque[str] = field(default_factory=lambda: deque(maxlen=wire.MOST_DONE))
    said: tuple[str, ...] = ()

    def due(self) -> bool:
        """Whether it is time for a word."""
        return self.monotonic() >= self.next_at

    def seconds_left(self) -> float:
        """Until the next word."""
        return max(0.0, self.next_at - self.monotonic())

    def word(self, who: Enrolled, boot_id: str) -> Contact:
        """How this laptop is now; the next word is not due for a while, whatever becomes of it."""
        self.next_at = self.monotonic() + TRY_AGAIN
        last, head = self.journal.end()
        condition, now = self.condition(), self.now()
        self.said = tuple(self.done)
        document = self.managed.document if self.managed else None
        return Contact(
            device=who.device,
            agent_version=__version__,
            boot_id=boot_id,
            sent_at=now,
            last=last,
            head=head,
            waiting=self.journal.count(),
            policy=self.policy.version,
            signed=document is not None,
            expired=document is not None and document.expired(now),
            mode=self.policy.mode.value,
            keyring=self.intake.keyring_version(),
            held=condition.held,
            state=condition.state,
            done=list(self.said),
            **self._letters(),
        )

    def settle(self, who: Enrolled, body: bytes) -> bool:
        """Take the news; False if they are not for this laptop. Raises msgspec.MsgspecError."""
        news = msgspec.json.decode(body, type=News)
        if news.device != who.device:
            return False
        self.next_at = self.monotonic() + news.again_seconds
        left = [number for number in self.done if number not in self.said]
        self.done, self.said = deque(left, maxlen=wire.MOST_DONE), ()
        try:
            self._take(news)
        except OSError as error:
            log.error("what the collector brought could not be kept: %s", error.strerror)
        return True

    def close(self) -> None:
        """Return when no order is being followed any more."""
        if self.follower is not None:
            self.follower.join()

    def _letters(self) -> dict[str, Any]:
        """That letters are taken here, and which ones came; an older collector knows no such field
        and is told of none, since it brought none."""
        if self.letters is None:
            return {}
        heard, unplaced = self.letters.to_say()
        told = {"heard": heard or msgspec.UNSET, "unplaced": unplaced or msgspec.UNSET}
        return {"wire": wire.TAKES_LETTERS, **told}

    def _take(self, news: News) -> None:
        if news.stick_key is not None:
            self.intake.take_stick_key(base64.b64decode(news.stick_key))
        if news.keyring is not None:
            self.intake.take_keyring(news.keyring)
        if news.policy is not None:
            self.intake.take_policy(news.policy, news.device, news.group)
        if news.orders and (self.follower is None or not self.follower.is_alive()):
            self.follower = threading.Thread(
                target=self._follow, args=(news.orders,), name="orders"
            )
            self.follower.start()  # what it does not take in now is brought again
        if self.letters is not None and not isinstance(news.letters, msgspec.UnsetType):
            self.letters.take(news.letters)

    def _follow(self, orders: list[Signed]) -> None:
        for given in orders:
            number = self.follow(given)
            if number is not None:
                self.done.append(number)
        self.next_at = 0.0  # so that whoever gave them hears soon
