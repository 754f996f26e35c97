"""What the resident agent has others do: processes of its own command line, for what takes more than is loaded there.

A new credential, the inventory, the services and the devices. They are seen to every few rounds, and each round while
one is under way that somebody waits for. The resident agent imports this file: nothing heavy.
"""

from __future__ import annotations

import os

from keskidee_agent.delivery.stocktaking import BODY_FILE, Stocktaking, changed_ns
from keskidee_agent.resident.child import begin, status_of
from keskidee_agent.resident.polling import Polling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from keskidee_agent.delivery.delivery import Delivery

ROUNDS, LOOK_MS = 4, 60_000
"""They are seen to each so many rounds, and at least each minute."""
RENEWAL_EVERY_MS = 3_600_000
SERVICES_EARLY_MS = 1000
"""A round falls on its moment within some milliseconds: the one that is meant must not come too early."""


class Errands:
    """The errands of one session. `due_ms` is when to see to them next, on the clock since boot.

    `delivery` tells what the collector wishes, and sends what an inventory leaves behind.
    """

    def __init__(
        self, settings: dict[str, Any], delivery: Delivery, session: bytes, *, warn: Callable[[str], None]
    ) -> None:
        self.due_ms = 0
        self._delivery = delivery
        self._warn = warn
        self._command: list[str] = settings["command"]
        self._identity_file: str = settings["identity_file"]
        self._folder = os.path.dirname(self._identity_file)
        self._enrolled_ns = changed_ns(self._identity_file)
        self._renewing = f"--renew={session.hex()}"
        self._renewal = self._inventory = self._services = 0
        self._renewal_due_ms = self._services_due_ms = 0
        self._services_ms: int = settings["services"]["every_seconds"] * 1000
        self._polling = Polling(is_own=settings["polls"])
        every_ms = 1000 * settings["inventory_seconds"]
        self._stocktaking = Stocktaking(settings["machine_id"], every_ms=every_ms) if every_ms else None
        if every_ms:
            self._await_stock()

    def see_to(self, now_ms: int, interval_ms: int) -> bool:
        """Starts what is due and takes in what has ended. True: the identity is another one now, to be read anew."""
        self._renew_credential(now_ms)
        self._take_inventory(now_ms)
        self._poll_devices(now_ms)
        self._read_services(now_ms)
        is_awaited = self._renewal or self._inventory or self._services or self._delivery.stock is not None
        self.due_ms = now_ms + (0 if is_awaited else min(ROUNDS * interval_ms, LOOK_MS) - interval_ms // 2)
        if self._services_ms:
            self.due_ms = min(self.due_ms, self._services_due_ms)
        return not self._renewal and self._is_enrolled_anew()

    def end(self) -> None:
        """Ends what would outlive the agent."""
        self._polling.end()

    def _is_enrolled_anew(self) -> bool:
        before, self._enrolled_ns = self._enrolled_ns, changed_ns(self._identity_file)
        return self._enrolled_ns != before

    def _renew_credential(self, now_ms: int) -> None:
        """Gets a new credential where the collector wishes that, or knows this one no more; one try an hour.

        The identity that the process writes is seen as changed, and read.
        """
        if self._renewal and status_of(self._renewal) is not None:
            self._renewal = 0
        wishes = self._delivery.wishes
        if not (self._delivery.is_unknown or (wishes is not None and wishes.renew)):
            return
        if now_ms >= self._renewal_due_ms:
            self._renewal_due_ms = now_ms + RENEWAL_EVERY_MS
            self._renewal = self._begin(self._renewing)

    def _take_inventory(self, now_ms: int) -> None:
        """Starts the inventory where it is due: a process that gives way to everything else here."""
        if self._stocktaking is None:
            return
        if self._inventory and (status := status_of(self._inventory)) is not None:
            self._inventory = 0
            if status:
                self._stocktaking.failed(now_ms)
            else:
                self._await_stock()
        self._end_stock(self._stocktaking, now_ms)
        if self._delivery.wishes is not None:  # the collector has answered
            self._stocktaking.begin(now_ms)
        if self._inventory or self._delivery.stock is not None:
            return
        if self._stocktaking.is_due(now_ms, thrifty=self._delivery.is_thrifty):
            self._stocktaking.began(now_ms)
            self._inventory = self._begin("--inventory")
            if not self._inventory:
                self._stocktaking.failed(now_ms)

    def _await_stock(self) -> None:
        """An inventory that waits on disk goes out from now on."""
        if os.path.exists(os.path.join(self._folder, BODY_FILE)):
            from keskidee_agent.delivery.stock import Stock  # for as long as one waits

            self._delivery.stock = Stock(self._folder)

    def _end_stock(self, stocktaking: Stocktaking, now_ms: int) -> None:
        """What comes after an inventory that was taken or refused."""
        stock = self._delivery.stock
        if stock is None:
            return
        from keskidee_agent.delivery.stock import BASE_UNKNOWN, REFUSED, UNDER_WAY

        if stock.outcome != UNDER_WAY:
            self._delivery.stock = None
        if stock.outcome == BASE_UNKNOWN:
            stocktaking.again(now_ms)
        elif stock.outcome == REFUSED:
            self._warn(f"inventory=refused reason={stock.reason!r}")
            stocktaking.failed(now_ms)

    def _poll_devices(self, now_ms: int) -> None:
        """Sees to it that a poller runs where there are devices: a process that does not end by itself."""
        wishes = self._delivery.wishes
        if self._polling.wants(now_ms, is_asked=wishes is not None and wishes.polls):
            self._polling.began(self._begin(f"--devices={os.getpid()}"), now_ms)

    def _read_services(self, now_ms: int) -> None:
        """Starts reading the services each interval, unless the process before it is still at it."""
        if self._services and status_of(self._services) is not None:
            self._services = 0
        if self._services_ms and not self._services and now_ms >= self._services_due_ms:
            self._services_due_ms = now_ms + self._services_ms - SERVICES_EARLY_MS
            self._services = self._begin("--services")

    def _begin(self, task: str) -> int:
        """Starts a process for the task; what `child` knows it by, or 0 if it cannot."""
        try:
            return begin([*self._command, task])
        except OSError as error:  # a Python that is being replaced
            self._warn(f"task={task} begun=no reason={error.strerror!r}")
            return 0
