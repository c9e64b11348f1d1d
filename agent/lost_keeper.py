"""Keeps watch over a laptop that may be lost, and does what there is to do while it is.

What counts as lost by silence or by its clock is found as soon as the collector is heard again;
what an order declared lost only an order or the unlock code ends.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from agent.contact import Contact
from agent.lost import Cause, Lost, new_code
from agent.own_lost import LaptopFound, LaptopLost, LostScreen, SealedWiped, UnlockCodeMade
from agent.policy import LostPolicy
from agent.wire.orders import Order, OrderError
from collectors.base import Clock, Observation
from collectors.session_state import Desk, DeskError, open_screens
from enforcement.base import EnforcementError
from enforcement.vault import State, Vault, records

log = logging.getLogger(__name__)

TURN = 30.0
"""Seconds between two looks while it is lost: a screen that somebody opened is locked again."""
REST = 300.0
"""Seconds between two looks while it is not; whoever brings an order has it looked at once."""


@dataclass(kw_only=True)
class LostKeeper:
    """``seek`` makes every file be looked at again; ``can_seal`` says whether details reach anyone
    who could read an unlock code out of them."""

    policy: LostPolicy
    lost: Lost
    contact: Contact
    vault: Vault
    desk: Callable[[], Desk]
    record: Callable[[Observation], str | None]
    seek: Callable[[], None]
    can_seal: bool
    now: Clock
    turn: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, stop: threading.Event) -> None:
        """Look now and then, until told to stop."""
        while not stop.is_set():
            try:
                self.look()
            except OSError as error:
                log.error("whether this laptop is lost cannot be kept: %s", error.strerror)
            stop.wait(TURN if self.lost() else REST)

    def look(self) -> None:
        """Once. OSError."""
        with self.turn:
            self._look()

    def _look(self) -> None:
        self._code()
        if self.policy.silent_days:
            self.contact.look()
        since, cause = self.lost.since(), self._by_itself()
        if since is None and cause is not None:
            self.declare(cause)
        elif since is not None and since.cause is not Cause.ORDER and cause is None:
            self.found()
        if self.lost():
            self._lock()
        if self.lost.wipes():
            self._wipe()

    def follow(self, order: Order) -> None:
        """Do what an order says. OSError, OrderError."""
        if order.kind == "found":
            self.found()
        elif order.kind == "handed-over":
            self._handed_over(order)
        else:
            self.lost.end()  # it may have been by silence: from now on it is by order
            self.declare(Cause.ORDER)
            if order.kind == "wipe":
                self.lost.wipe()
        self.look()

    def _handed_over(self, order: Order) -> None:
        try:
            self.vault.hand_over(order.item or "")
        except (FileNotFoundError, EnforcementError) as error:
            raise OrderError("nothing is sealed here under that number") from error

    def declare(self, cause: Cause) -> None:
        """It is lost from now on. OSError."""
        if self.lost.declare(cause, self.now()):
            log.warning("this laptop counts as lost (%s)", cause)
            self.record(LaptopLost(observed_at=self.now(), subject="laptop", cause=cause))
            self.seek()

    def found(self) -> None:
        """It is lost no more. OSError."""
        if self.lost.end():
            log.warning("this laptop was found")
            self.record(LaptopFound(observed_at=self.now(), subject="laptop"))

    def unlocked(self) -> None:
        """Somebody gave the code: it is found, and silence is counted anew. OSError."""
        self.contact.forgive()
        self.found()

    def _by_itself(self) -> Cause | None:
        """Whether silence or the clock make it lost; the policy says whether they may."""
        if not self.policy.silent_days:
            return None
        if self.contact.set_back():
            return Cause.CLOCK
        silence = self.contact.silence()
        over = silence is not None and silence >= timedelta(days=self.policy.silent_days)
        return Cause.SILENCE if over else None

    def _code(self) -> None:
        """Make the unlock code, once there is an officer; they hear of it before it counts."""
        if self.can_seal and not self.lost.has_code():
            code = new_code()
            if self.record(UnlockCodeMade(observed_at=self.now(), subject="laptop", code=code)):
                self.lost.keep_code(code)

    def _wipe(self) -> None:
        """Whatever is sealed, as far as the caps let it today; what was deleted is no news."""
        for one in records(self.vault.path):
            if one.state is State.SEALED:
                self.record(
                    SealedWiped(
                        observed_at=self.now(),
                        subject=one.id,
                        size=one.size,
                        sealed_sha256=one.sealed_sha256,
                    )
                )

    def _lock(self) -> None:
        try:
            opened = open_screens(self.desk())
        except DeskError:
            return
        for one in opened:
            self.record(
                LostScreen(
                    observed_at=self.now(),
                    subject=one.id,
                    user=one.user,
                    session=one.kind,
                    started=one.started,
                )
            )
