"""What the people at the laptop are told of lately, each of what concerns them and the laptop."""

from collections import deque

from agent.wire.event import Event

KEPT = 50
"""Messages."""


class Heard(deque[Event]):
    """The last messages, oldest first. One thread adds, any may look."""

    def __init__(self) -> None:
        super().__init__(maxlen=KEPT)
        self._whose: dict[str, int | None] = {}

    def tell(self, event: Event, uid: int | None) -> None:
        """Add one; whom it concerns is known before it can be seen. None: the laptop."""
        there = {one.id for one in self}
        kept = {number: whose for number, whose in self._whose.items() if number in there}
        self._whose = {**kept, event.id: uid}
        self.append(event)

    def by(self, uid: int) -> list[Event]:
        """Those that concern a user or the laptop; root is a user like any other."""
        return [one for one in list(self) if self._whose.get(one.id) in (None, uid)]
