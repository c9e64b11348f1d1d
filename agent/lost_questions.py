"""What can be asked of the agent about a lost laptop: to follow an order, and to be unlocked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.control_server import Refused
from agent.hourly import Hourly
from agent.lost_keeper import LostKeeper
from agent.orders import Orders
from agent.wire.signed import DocumentError

TRIES = 10
"""Wrong codes within an hour; a person mistypes, and nobody guesses 128 bits."""
ANYBODY = 0


@dataclass(kw_only=True)
class LostQuestions:
    """Answers both."""

    orders: Orders
    keeper: LostKeeper
    wrong: Hourly = field(default_factory=lambda: Hourly(TRIES))

    def order(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Follow a signed order, given as its text. Raises Refused."""
        try:
            order = self.orders.take(str(given.get("order", "")).encode("utf-8", "replace"))
        except DocumentError as error:
            raise Refused("order", f"the order is not followed: {error}") from error
        except OSError as error:
            raise Refused("order", f"the order is not followed: {error.strerror}") from error
        return {"followed": order.kind, "number": order.number}

    def unlock(self, given: Mapping[str, Any]) -> dict[str, bool]:
        """End the state of being lost. Raises Refused."""
        now = self.keeper.now()
        if self.wrong.is_spent(ANYBODY, now):
            raise Refused("too-many", "too many wrong codes; try again in an hour")
        if not self.keeper.lost.opens(str(given.get("code", ""))):
            self.wrong.spend(ANYBODY, now)
            raise Refused("code", "that is not this laptop's code; ask the privacy officer")
        was = self.keeper.lost()
        self.keeper.unlocked()
        return {"was_lost": was}
