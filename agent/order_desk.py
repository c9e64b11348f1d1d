"""Does what an order says, and tells of it, so that the staff member hears what was ordered."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent import identity
from agent.daemon import Daemon
from agent.file_return import FileReturn
from agent.lost_keeper import LostKeeper
from agent.own_policy import AgentReport, LockOrdered, OrderFollowed, OrderKind
from agent.wire.orders import Order, OrderError
from collectors.session_state import Desk, DeskError, open_screens


@dataclass(kw_only=True)
class OrderDesk:
    """Each kind of order and who sees to it."""

    state: Path
    lost: LostKeeper
    desk: Callable[[], Desk]
    daemon: Daemon
    back: FileReturn

    def follow(self, order: Order) -> None:
        """Do it. OSError; OrderError if it cannot be done here."""
        if order.kind == "release":
            return self.back.follow(order)  # how it ended is told with it
        match order.kind:
            case "lock":
                self._lock()
            case "report":
                self._report()
            case "rotate-key":
                identity.next_key(self.state)  # it is taken into use at the next contact
            case _:
                self.lost.follow(order)
        told = OrderFollowed(
            observed_at=self.daemon.now(), subject=order.number, order=OrderKind(order.kind)
        )
        self.daemon.record(told)

    def _lock(self) -> None:
        """Whatever screen is open now; how that ended is told for each of them."""
        try:
            opened = open_screens(self.desk())
        except DeskError as error:
            raise OrderError("the sessions of this laptop cannot be seen") from error
        for one in opened:
            self.daemon.record(
                LockOrdered(
                    observed_at=self.daemon.now(),
                    subject=one.id,
                    user=one.user,
                    session=one.kind,
                    started=one.started,
                )
            )

    def _report(self) -> None:
        daemon = self.daemon
        running = list(daemon.watching.running.values())
        self.daemon.record(
            AgentReport(
                observed_at=daemon.now(),
                subject="agent",
                mode=daemon.policy.mode,
                policy_version=daemon.policy.version,
                running=sum(running),
                stopped=len(running) - sum(running),
                uncovered=len(daemon.coverage),
                waiting=daemon.journal.count(),
                unfinished=len(daemon.journal.attempts()),
                root=os.geteuid() == 0,
            )
        )
